import { z } from 'zod';

const Common = { id: z.string(), group: z.string(), question: z.string(), seconds: z.number() };

/** One question, and what came of it. */
const Answer = z.discriminatedUnion('outcome', [
  z.strictObject({
    ...Common,
    outcome: z.literal('answered'),
    seen: z.string().min(1),
    facts: z.record(z.string(), z.unknown()),
  }),
  z.strictObject({ ...Common, outcome: z.literal('not asked here'), why: z.string().min(1) }),
  z.strictObject({ ...Common, outcome: z.literal('failed'), error: z.string() }),
]);

export type Answer = z.infer<typeof Answer>;

/** The file that is sent. Who changes its shape raises its number. */
export const AnswersFile = z.strictObject({
  shape: z.literal(1),
  project: z.string(),
  /** Answers of the local stack say nothing about AWS. */
  place: z.enum(['aws', 'local']),
  region: z.string(),
  engine: z.strictObject({ asked: z.string(), told: z.string().nullable() }),
  started: z.iso.datetime(),
  ended: z.iso.datetime(),
  minutes: z.number(),
  /** By the list prices of plan.ts, for this many minutes. */
  estimatedUsd: z.number(),
  /** Whether every question was come to. */
  complete: z.boolean(),
  stoppedBy: z.string().nullable(),
  takenDown: z
    .strictObject({
      seconds: z.number(),
      slowest: z.array(z.strictObject({ type: z.string(), seconds: z.number() })),
      left: z.array(z.string()),
    })
    .nullable(),
  answers: z.array(Answer),
});

export type AnswersFile = z.infer<typeof AnswersFile>;
