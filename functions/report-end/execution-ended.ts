import { z } from 'zod';

/** What an execution was started with, or what it ended with: nothing if it was too long for an event. */
const document = z
  .string()
  .nullish()
  .transform((text) => parseObject(text));

/**
 * The event of an execution that has ended, as far as it is used here.
 *
 * Source: https://docs.aws.amazon.com/step-functions/latest/dg/eventbridge-integration.html
 */
export const ExecutionEnded = z.object({
  detail: z.object({
    executionArn: z.string().min(1),
    stateMachineArn: z.string().min(1),
    status: z.enum(['SUCCEEDED', 'FAILED', 'ABORTED', 'TIMED_OUT']),
    input: document,
    output: document,
    error: z.string().nullish(),
  }),
});
export type ExecutionEnded = z.infer<typeof ExecutionEnded>['detail'];

/** @returns an object without keys for everything that is none: somebody may have started an execution with a number */
export const parseObject = (text: unknown): Record<string, unknown> => {
  if (typeof text !== 'string') return {};
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {};
  } catch {
    return {};
  }
};
