/** Who starts a rotation: a person or a pipeline, or the schedule in Secrets Manager. */
export const WAYS = ['on demand', 'by Secrets Manager'] as const;

export type Way = (typeof WAYS)[number];
