/**
 * How long the SDK waits for AWS, in milliseconds. Where a VPC has no route to a service nothing answers, neither yes
 * nor no: three attempts have to be over long before Lambda ends the function, so that it can still say so.
 *
 * Without `throwOnRequestTimeout` the SDK only warns when a request takes too long, and waits on. `socketTimeout` is
 * for silence, also in the middle of an answer.
 * Source: https://github.com/smithy-lang/smithy-typescript/blob/main/packages/types/src/http/httpHandlerInitialization.ts
 */
export const REQUEST_LIMITS = {
  connectionTimeout: 3000,
  requestTimeout: 8000,
  socketTimeout: 5000,
  throwOnRequestTimeout: true,
};
