/**
 * Names of errors that say nothing about the request itself.
 * Source: https://docs.aws.amazon.com/secretsmanager/latest/apireference/CommonErrors.html and
 * https://docs.aws.amazon.com/documentdb/latest/developerguide/CommonErrors.html
 */
const TRANSIENT = new Set([
  'InternalError',
  'InternalFailure',
  'InternalServiceError',
  'InternalServiceErrorException',
  'RequestLimitExceeded',
  'RequestTimeout',
  'RequestTimeoutException',
  'ServiceUnavailable',
  'Throttling',
  'ThrottlingException',
  'TooManyRequestsException',
]);

/** What the failure of a call of AWS tells: its name, and never the SDK's message, which may quote the request. */
export interface AwsFailure {
  readonly name: string;
  /** `unanswered`: the service said nothing at all, as where a VPC has no route to it. */
  readonly kind: 'refused' | 'transient' | 'unanswered';
}

/** The SDK's errors that come from a service say whose fault it was; all others are from on the way there. */
export const awsFailure = (error: unknown): AwsFailure => {
  const name = error instanceof Error ? error.name : 'an unknown error';
  if (!(error instanceof Error) || !('$fault' in error)) return { name, kind: 'unanswered' };
  return { name, kind: error.$fault === 'client' && !TRANSIENT.has(name) ? 'refused' : 'transient' };
};
