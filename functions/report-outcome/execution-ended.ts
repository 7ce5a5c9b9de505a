import * as z from 'zod';

/**
 * The event of an execution that has ended, as far as it is used here. It may come without its input and output: if
 * they are long (`inputDetails.included`), and AWS says nowhere that it has them where a key of the customer's
 * encrypts them.
 *
 * Source: https://docs.aws.amazon.com/step-functions/latest/dg/eventbridge-integration.html
 */
export const ExecutionEnded = z.object({
  detail: z.object({
    executionArn: z.string().min(1),
    stateMachineArn: z.string().min(1),
    status: z.enum(['SUCCEEDED', 'FAILED', 'ABORTED', 'TIMED_OUT']),
    input: z.string().nullish(),
    output: z.string().nullish(),
    error: z.string().nullish(),
  }),
});
export type ExecutionEnded = z.infer<typeof ExecutionEnded>['detail'];
