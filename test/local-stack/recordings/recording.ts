import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

/** One rule that a recording of AWS shows. */
const Recording = z.strictObject({
  id: z.string(),
  service: z.enum(['secrets-manager', 'step-functions', 'document-db']),
  rule: z.string(),
  source: z.string(),
  /** Recorded on AWS, quoted by someone who saw it, or documented. */
  weight: z.enum(['recorded', 'quoted', 'documented']),
  recorded: z.string().optional(),
  /** What AWS answered, as far as anything here reads it; the replay comes to the same. */
  answer: z.json().optional(),
  /** Why the stand-in is otherwise in the rest. */
  differs: z.string().optional(),
  /** The test that holds the product to it, where there is no replay. */
  heldBy: z.string().optional(),
});
export type Recording = z.infer<typeof Recording>;

/** Asks a stand-in for what AWS was asked. */
export type Replay = () => Promise<unknown>;

export const RECORDINGS: readonly Recording[] = z
  .object({ rules: z.array(Recording) })
  .parse(JSON.parse(readFileSync(join(import.meta.dirname, 'recordings.json'), 'utf8'))).rules;

/** The name by which a call of an SDK is refused. */
export const refusal = async (call: Promise<unknown>): Promise<string> => {
  try {
    await call;
    return 'not refused';
  } catch (error) {
    return error instanceof Error ? error.name : 'no error';
  }
};
