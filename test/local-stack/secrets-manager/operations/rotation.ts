import { z } from 'zod';
import { assertRules, type RotationRules } from '../rotation-schedule.ts';
import { noFunction } from '../rotation-service.ts';
import type { RotationConfiguration, Secret } from '../secret.ts';
import { invalidParameter } from '../service-error.ts';
import { requireToken } from '../version-values.ts';
import { operation } from './operation.ts';
import * as parameter from './parameters.ts';
import { identity } from './secret-details.ts';

const RotateSecretInput = z.object({
  SecretId: parameter.SecretId,
  ClientRequestToken: parameter.VersionId.optional(),
  RotationLambdaARN: z.string().max(2048).optional(),
  RotationRules: z
    .object({
      AutomaticallyAfterDays: z.int().min(1).max(1000).optional(),
      Duration: z.string().optional(),
      ScheduleExpression: z.string().min(1).max(256).optional(),
    })
    .optional(),
  RotateImmediately: z.boolean().default(true),
});

/** https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_RotateSecret.html */
export const rotateSecret = operation(RotateSecretInput, ({ store, rotations, now }, input) => {
  // The other operations call it an invalid request.
  const token = requireToken(input.ClientRequestToken, invalidParameter);
  const secret = store.getWritable(input.SecretId);
  if (input.RotationRules) assertRules(input.RotationRules);
  const before = secret.rotation;
  secret.rotation = configuration(secret, input.RotationLambdaARN, input.RotationRules, now());
  try {
    rotations.start(secret, token, input.RotateImmediately ? 'rotate' : 'test');
  } catch (error) {
    // A refused request changes nothing.
    if (before) secret.rotation = before;
    else delete secret.rotation;
    throw error;
  }
  return { ...identity(secret), VersionId: token };
});

const configuration = (
  { rotation }: Secret,
  newArn: string | undefined,
  newRules: RotationRules | undefined,
  now: Date,
): RotationConfiguration => {
  const lambdaArn = newArn ?? rotation?.lambdaArn;
  const rules = newRules ?? rotation?.rules;
  if (!lambdaArn) throw noFunction();
  return {
    ...rotation,
    enabled: true,
    lambdaArn,
    ...(rules ? { rules } : {}),
    countedFrom: newRules || !rotation ? now : rotation.countedFrom,
  };
};

/** https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_CancelRotateSecret.html */
export const cancelRotateSecret = operation(parameter.BySecretId, ({ store, rotations }, { SecretId }) => {
  const secret = store.getWritable(SecretId);
  if (secret.rotation) secret.rotation.enabled = false;
  const pending = rotations.cancel(secret);
  return { ...identity(secret), VersionId: pending };
});
