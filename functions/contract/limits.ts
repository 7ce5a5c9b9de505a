/** Longest user name, in characters: https://docs.aws.amazon.com/documentdb/latest/developerguide/limits.html */
export const LONGEST_USERNAME = 63;

/** Seconds in a year: Step Functions ends a standard execution after that. */
export const LONGEST_GRACE_SECONDS = 365 * 24 * 3600;
