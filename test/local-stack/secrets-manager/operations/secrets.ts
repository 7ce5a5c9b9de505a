import { z } from 'zod';
import type { Secret } from '../secret.ts';
import { invalidParameter, invalidRequest, ServiceError } from '../service-error.ts';
import { attachLabel, CURRENT, versionIdsToStages } from '../version-labels.ts';
import { requestedValue, requireToken, writeVersion } from '../version-values.ts';
import { type OperationContext, operation, seconds } from './operation.ts';
import * as parameter from './parameters.ts';
import { identity, secretDetails } from './secret-details.ts';
import { assertTagCount } from './tags.ts';
import { assertMayWrite } from './values.ts';

const DAY = 24 * 60 * 60 * 1000;

const CreateSecretInput = z.object({
  Name: parameter.SecretName,
  ClientRequestToken: parameter.VersionId.optional(),
  Description: parameter.Description.optional(),
  KmsKeyId: parameter.KmsKeyId.optional(),
  SecretString: parameter.SecretString.optional(),
  SecretBinary: parameter.SecretBinary.optional(),
  Tags: parameter.Tags.optional(),
});

/** https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_CreateSecret.html */
export const createSecret = operation(CreateSecretInput, ({ store, now }, input) => {
  const value = requestedValue(input);
  const token = value ? requireToken(input.ClientRequestToken) : undefined;
  const existing = store.all().find(({ name }) => name === input.Name);
  if (existing) return createdBefore(existing, token, value, now());
  const secret: Secret = {
    arn: store.newArn(input.Name),
    name: input.Name,
    ...(input.Description ? { description: input.Description } : {}),
    ...(input.KmsKeyId === undefined ? {} : { kmsKeyId: input.KmsKeyId }),
    tags: new Map((input.Tags ?? []).map(({ Key, Value }) => [Key, Value])),
    wasTagged: input.Tags !== undefined,
    versions: new Map(),
    createdDate: now(),
    lastChangedDate: now(),
  };
  assertTagCount(secret);
  if (value && token) attachLabel(secret, writeVersion(secret, token, value, now()).version, CURRENT);
  store.add(secret);
  return { ...identity(secret), VersionId: token };
});

/** The same request again is answered again; any other finds the name taken. */
const createdBefore = (
  secret: Secret,
  token: string | undefined,
  value: ReturnType<typeof requestedValue>,
  now: Date,
): object => {
  if (secret.deletedDate) {
    throw invalidRequest(
      "You can't create this secret because a secret with this name is already scheduled for deletion.",
    );
  }
  if (token && value && secret.versions.has(token)) {
    writeVersion(secret, token, value, now);
    return { ...identity(secret), VersionId: token };
  }
  throw new ServiceError(
    'ResourceExistsException',
    `The operation failed because the secret ${secret.name} already exists.`,
  );
};

/** https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_DescribeSecret.html */
export const describeSecret = operation(parameter.BySecretId, ({ store }, { SecretId }) => {
  const secret = store.get(SecretId);
  const stages = versionIdsToStages(secret);
  return {
    ...secretDetails(secret),
    VersionIdsToStages: Object.keys(stages).length > 0 ? stages : undefined,
  };
});

const UpdateSecretInput = z.object({
  SecretId: parameter.SecretId,
  ClientRequestToken: parameter.VersionId.optional(),
  Description: parameter.Description.optional(),
  KmsKeyId: parameter.KmsKeyId.optional(),
  SecretString: parameter.SecretString.optional(),
  SecretBinary: parameter.SecretBinary.optional(),
});

/** https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_UpdateSecret.html */
export const updateSecret = operation(UpdateSecretInput, (context, input, caller) => {
  const value = requestedValue(input);
  const VersionId = value ? requireToken(input.ClientRequestToken) : undefined;
  const secret = context.store.getWritable(input.SecretId);
  if (value && VersionId) {
    assertMayWrite(context, secret, VersionId, undefined, caller);
    const { version, written } = writeVersion(secret, VersionId, value, context.now());
    if (written) attachLabel(secret, version, CURRENT);
  }
  if (input.Description !== undefined) secret.description = input.Description;
  if (input.KmsKeyId !== undefined) secret.kmsKeyId = input.KmsKeyId;
  secret.lastChangedDate = context.now();
  return { ...identity(secret), VersionId };
});

const DeleteSecretInput = z.object({
  SecretId: parameter.SecretId,
  RecoveryWindowInDays: z.int().min(7).max(30).optional(),
  ForceDeleteWithoutRecovery: z.boolean().optional(),
});

/** https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_DeleteSecret.html */
export const deleteSecret = operation(DeleteSecretInput, (context, input) => {
  if (input.ForceDeleteWithoutRecovery && input.RecoveryWindowInDays !== undefined) {
    throw invalidParameter(
      "You can't use ForceDeleteWithoutRecovery in conjunction with RecoveryWindowInDays.",
    );
  }
  return input.ForceDeleteWithoutRecovery
    ? deleteAtOnce(context, input.SecretId)
    : markForDeletion(context, input.SecretId, input.RecoveryWindowInDays ?? 30);
});

/** To force the deletion of what does not exist is no error. */
const deleteAtOnce = ({ store, now, rotations }: OperationContext, secretId: string): object => {
  const secret = store.find(secretId);
  if (!secret) return { ARN: store.newArn(secretId), Name: secretId, DeletionDate: seconds(now()) };
  rotations.cancel(secret);
  store.remove(secret);
  return { ...identity(secret), DeletionDate: seconds(now()) };
};

const markForDeletion = (
  { store, now, rotations }: OperationContext,
  secretId: string,
  days: number,
): object => {
  const secret = store.getWritable(secretId);
  secret.deletedDate = new Date(now().getTime() + days * DAY);
  rotations.cancel(secret);
  return { ...identity(secret), DeletionDate: seconds(secret.deletedDate) };
};

/** https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_RestoreSecret.html */
export const restoreSecret = operation(parameter.BySecretId, ({ store }, { SecretId }) => {
  const secret = store.get(SecretId);
  delete secret.deletedDate;
  return identity(secret);
});
