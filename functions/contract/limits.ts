/** Longest user name, in characters: https://docs.aws.amazon.com/documentdb/latest/developerguide/limits.html */
export const LONGEST_USERNAME = 63;

/** "Staging labels attached across all versions of a secret": https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_limits.html */
export const MOST_LABELS = 20;

/**
 * A day less than a year, after which Step Functions ends an execution: a retirement waits, and then may be retried for a day.
 *
 * Source: https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
 */
export const LONGEST_GRACE_SECONDS = 364 * 24 * 3600;
