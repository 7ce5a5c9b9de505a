import type { Document } from 'bson';

/** An error as a server answers it. */
export interface ServerError {
  readonly code: number;
  readonly codeName: string;
  readonly errmsg: string;
  readonly errorLabels?: readonly string[];
}

/** The document that carries an error to the driver. */
export const errorDocument = ({ errorLabels, ...error }: ServerError): Document => ({
  ok: 0,
  ...error,
  ...(errorLabels ? { errorLabels: [...errorLabels] } : {}),
});

/** A write came to an instance that is not the primary, or is not any more. */
export const NOT_WRITABLE_PRIMARY: ServerError = {
  code: 10107,
  codeName: 'NotWritablePrimary',
  errmsg: 'not primary',
};
