import type { Refusal } from '../iam/index.ts';
import type { Caller } from './operations/operation.ts';
import type { SecretStore } from './secret-store.ts';

/** Says why a caller may not do a thing, or nothing if it may. */
export type Authorize = (caller: Caller, action: string, resource: string) => Promise<Refusal | undefined>;

/** Every operation is an action of the same name: https://docs.aws.amazon.com/service-authorization/latest/reference/list_awssecretsmanager.html */
export const actionOf = (operation: string): string => `secretsmanager:${operation}`;

/** Operations on no secret that exists. BatchGetSecretValue asks for GetSecretValue on each beside, which is left out here. */
const WITHOUT_RESOURCE: ReadonlySet<string> = new Set([
  'BatchGetSecretValue',
  'CreateSecret',
  'GetRandomPassword',
  'ListSecrets',
]);

/** The secret's whole ARN, however the caller named it. One that does not exist is named as the caller did. */
export const resourceOf = (
  store: SecretStore,
  operation: string,
  { SecretId: secretId }: Readonly<Record<string, unknown>>,
): string => {
  if (WITHOUT_RESOURCE.has(operation) || typeof secretId !== 'string') return '*';
  return store.find(secretId)?.arn ?? secretId;
};
