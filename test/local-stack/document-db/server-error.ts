import type { Document } from 'bson';

/** An error as a server answers it. */
export interface ServerError {
  /** DocumentDB leaves it out of some, and says a number in the text. */
  readonly code?: number;
  /** MongoDB has one for each code; DocumentDB does not. */
  readonly codeName?: string;
  readonly errmsg: string;
  readonly errorLabels?: readonly string[];
}

/** The document that carries an error to the driver. */
export const errorDocument = ({ errorLabels, ...error }: ServerError): Document => ({
  ok: 0,
  ...error,
  ...(errorLabels ? { errorLabels: [...errorLabels] } : {}),
});

/** https://docs.aws.amazon.com/documentdb/latest/developerguide/role_based_access_control.html */
export const AUTHORIZATION_FAILURE: ServerError = { code: 13, errmsg: 'Authorization failure' };

/** Before 5.0.1 there is SCRAM-SHA-1 alone: https://github.com/Automattic/mongoose/issues/15018 */
export const UNSUPPORTED_MECHANISM: ServerError = { errmsg: 'Unsupported mechanism [ -301 ]' };

/** https://github.com/aws-samples/amazon-documentdb-samples/pull/4 */
export const NO_RETRYABLE_WRITES: ServerError = {
  code: 301,
  errmsg: 'Retryable writes are not supported',
};

/** A write came to an instance that is not the primary, or is not any more. */
export const NOT_WRITABLE_PRIMARY: ServerError = {
  code: 10107,
  codeName: 'NotWritablePrimary',
  errmsg: 'not primary',
};
