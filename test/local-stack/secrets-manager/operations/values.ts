import { z } from 'zod';
import type { Secret, SecretVersion } from '../secret.ts';
import { invalidParameter, invalidRequest, notFound, ServiceError } from '../service-error.ts';
import { assertRoomFor, CURRENT, holderOf, labelWritten } from '../version-labels.ts';
import { requestedValue, requireToken, valueFields, writeVersion } from '../version-values.ts';
import { type Caller, type OperationContext, operation, seconds, startOfDay } from './operation.ts';
import * as parameter from './parameters.ts';
import { identity } from './secret-details.ts';

const GetSecretValueInput = z.object({
  SecretId: parameter.SecretId,
  VersionId: parameter.VersionId.optional(),
  VersionStage: parameter.StagingLabel.optional(),
});

/** https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_GetSecretValue.html */
export const getSecretValue = operation(GetSecretValueInput, (context, input) => {
  const secret = context.store.getActive(input.SecretId);
  return readValue(context, secret, findVersion(secret, input.VersionId, input.VersionStage));
});

/** A version's value, as GetSecretValue and BatchGetSecretValue answer it. */
export const readValue = ({ now }: OperationContext, secret: Secret, version: SecretVersion): object => {
  const today = startOfDay(now());
  secret.lastAccessedDate = today;
  version.lastAccessedDate = today;
  return {
    ...identity(secret),
    VersionId: version.id,
    ...valueFields(version.value),
    VersionStages: [...version.labels],
    CreatedDate: seconds(version.createdDate),
  };
};

/** The version that a request names, which must have a value. If it names an id and a label, both must fit. */
export const findVersion = (secret: Secret, versionId?: string, stage?: string): SecretVersion => {
  const label = stage ?? CURRENT;
  const version = versionId ? secret.versions.get(versionId) : holderOf(secret, label);
  if (!version) throw noValue(versionId, label);
  if (versionId && stage && !version.labels.has(stage)) {
    throw invalidRequest('You provided a VersionStage that is not associated to the provided VersionId.');
  }
  if (!version.value) throw noValue(versionId, label);
  return version;
};

const noValue = (versionId: string | undefined, label: string) =>
  notFound(
    `Secrets Manager can't find the specified secret value for ${versionId ? `VersionId: ${versionId}` : `staging label: ${label}`}`,
  );

const PutSecretValueInput = z.object({
  SecretId: parameter.SecretId,
  ClientRequestToken: parameter.VersionId.optional(),
  SecretString: parameter.SecretString.optional(),
  SecretBinary: parameter.SecretBinary.optional(),
  VersionStages: parameter.StagingLabels.optional(),
  RotationToken: z.string().min(36).max(256).optional(),
});

/** https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_PutSecretValue.html */
export const putSecretValue = operation(PutSecretValueInput, (context, input, caller) => {
  // Asked for before the secret is looked up: test_no_client_request_token of the recordings.
  const token = requireToken(input.ClientRequestToken);
  const secret = context.store.getWritable(input.SecretId);
  const value = requestedValue(input);
  if (!value) throw invalidParameter('You must provide either SecretString or SecretBinary.');
  const stages = input.VersionStages ?? [CURRENT];
  assertMayWrite(context, secret, token, input.RotationToken, caller);
  // The first version of a secret is its current one, whatever labels were asked for.
  const isFirst = secret.versions.size === 0 || (secret.versions.size === 1 && secret.versions.has(token));
  const labels = isFirst ? [...stages, CURRENT] : stages;
  if (!secret.versions.get(token)?.value) assertRoomFor(secret, labels);
  const { version, written } = writeVersion(secret, token, value, context.now());
  if (written) labelWritten(secret, version, labels, context.labels());
  return { ...identity(secret), VersionId: version.id, VersionStages: [...version.labels] };
});

/**
 * The version that RotateSecret made is written by the rotation function only: the one with its
 * RotationToken, or the one that runs under the function's own role.
 *
 * https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_PutSecretValue.html, RotationToken
 */
export const assertMayWrite = (
  { isRotationFunction }: OperationContext,
  secret: Secret,
  token: string,
  rotationToken: string | undefined,
  caller: Caller,
): void => {
  const expected = secret.versions.get(token)?.rotationToken;
  if (!expected || rotationToken === expected) return;
  if (rotationToken === undefined && isRotationFunction(caller, secret)) return;
  throw new ServiceError(
    'AccessDeniedException',
    `Version ${token} is in rotation: only the rotation function may write it, with the RotationToken of its event.`,
  );
};
