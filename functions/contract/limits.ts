/** Longest user name, in characters: https://docs.aws.amazon.com/documentdb/latest/developerguide/limits.html */
export const LONGEST_USERNAME = 63;

/**
 * A day less than a year, after which Step Functions ends an execution: a retirement waits, and then may be retried for a day.
 *
 * Source: https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
 */
export const LONGEST_GRACE_SECONDS = 364 * 24 * 3600;
