import { z } from 'zod';
import { ServiceError } from '../service-error.ts';
import { operation } from './operation.ts';
import * as parameter from './parameters.ts';
import { identity } from './secret-details.ts';

const PutResourcePolicyInput = z.object({
  SecretId: parameter.SecretId,
  ResourcePolicy: z.string().min(1).max(20_480),
});

/** Policies are stored, not enforced. */
export const putResourcePolicy = operation(PutResourcePolicyInput, ({ store }, input) => {
  const secret = store.getWritable(input.SecretId);
  assertJson(input.ResourcePolicy);
  secret.resourcePolicy = input.ResourcePolicy;
  return identity(secret);
});

export const getResourcePolicy = operation(parameter.BySecretId, ({ store }, { SecretId }) => {
  const secret = store.getActive(SecretId);
  return { ...identity(secret), ResourcePolicy: secret.resourcePolicy };
});

export const deleteResourcePolicy = operation(parameter.BySecretId, ({ store }, { SecretId }) => {
  const secret = store.getWritable(SecretId);
  delete secret.resourcePolicy;
  return identity(secret);
});

const assertJson = (policy: string): void => {
  try {
    JSON.parse(policy);
  } catch {
    throw new ServiceError('MalformedPolicyDocumentException', 'This resource policy contains invalid Json.');
  }
};
