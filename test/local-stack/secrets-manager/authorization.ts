import { z } from 'zod';
import type { ContextKeys, Refusal } from '../iam/index.ts';
import type { Caller } from './operations/operation.ts';
import type { SecretStore } from './secret-store.ts';

/** Says why a caller may not do a thing, or nothing if it may. */
export type Authorize = (
  caller: Caller,
  action: string,
  resource: string,
  keys: ContextKeys,
) => Promise<Refusal | undefined>;

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

/**
 * The condition keys of a request that policies may limit: of those that AWS knows, the names of its tags.
 * Source: https://docs.aws.amazon.com/service-authorization/latest/reference/list_awssecretsmanager.html
 */
export const contextKeysOf = (operation: string, input: Readonly<Record<string, unknown>>): ContextKeys => {
  const tagKeys = TAG_KEYS[operation]?.safeParse(input);
  return tagKeys?.success ? { 'aws:TagKeys': tagKeys.data } : {};
};

/** What can't be read has no keys; the operation refuses it. */
const TAGS = z
  .object({ Tags: z.array(z.object({ Key: z.string() })) })
  .transform(({ Tags }) => Tags.map(({ Key }) => Key));

const TAG_KEYS: Readonly<Record<string, z.ZodType<string[]>>> = {
  CreateSecret: TAGS,
  TagResource: TAGS,
  UntagResource: z.object({ TagKeys: z.array(z.string()) }).transform(({ TagKeys }) => TagKeys),
};
