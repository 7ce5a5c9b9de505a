import { z } from 'zod';

const Values = z.union([z.string().transform((value) => [value]), z.array(z.string())]);

/**
 * A statement of a role's policy. What the evaluation does not know (NotAction, NotResource, a Principal) is no
 * statement for it: to ignore an element could permit what AWS denies.
 */
export const Statement = z.strictObject({
  Sid: z.string().optional(),
  Effect: z.enum(['Allow', 'Deny']),
  Action: Values,
  Resource: Values,
  Condition: z.record(z.string(), z.record(z.string(), Values)).optional(),
});
export type Statement = z.infer<typeof Statement>;

/** https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements.html */
export const PolicyDocument = z.strictObject({
  Version: z.literal('2012-10-17'),
  Id: z.string().optional(),
  Statement: z.union([Statement.transform((statement) => [statement]), z.array(Statement)]),
});
export type PolicyDocument = z.infer<typeof PolicyDocument>;
