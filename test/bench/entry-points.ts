/** Who starts a rotation: an operator or a pipeline, or the schedule in Secrets Manager. */
export const WAYS = ['on demand', 'by Secrets Manager'] as const;

export type Way = (typeof WAYS)[number];
