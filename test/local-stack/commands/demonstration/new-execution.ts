import { setTimeout as sleep } from 'node:timers/promises';
import type { Executions } from '../../deployment/index.ts';

const POLL_MS = 100;
const LONGEST_MS = 30_000;

/** Waits for an execution that someone else starts, and that was not there before. */
export const newExecution = async (executions: Executions, known: readonly string[]): Promise<string> => {
  const deadline = Date.now() + LONGEST_MS;
  while (Date.now() < deadline) {
    const fresh = (await executions.list()).find((arn) => !known.includes(arn));
    if (fresh) return fresh;
    await sleep(POLL_MS);
  }
  throw new Error(`no execution was started in ${LONGEST_MS / 1000} s`);
};
