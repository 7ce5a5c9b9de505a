import { randomUUID } from 'node:crypto';
import {
  CancelRotateSecretCommand,
  DescribeSecretCommand,
  GetSecretValueCommand,
  PutSecretValueCommand,
  RotateSecretCommand,
  UpdateSecretVersionStageCommand,
} from '@aws-sdk/client-secrets-manager';
import { afterEach, describe, expect, test } from 'vitest';
import type { RotationEvent, SecretsManagerOptions } from './index.ts';
import { FUNCTION_ARN, newValue, OK, startTestStandIn, type TestStandIn } from './test-stand-in.ts';

let stack: TestStandIn;
const start = async (options: Partial<SecretsManagerOptions> = {}) => {
  stack = await startTestStandIn(options);
};
afterEach(() => stack.stop());

const FAILED = {
  functionError: 'Unhandled',
  payload: JSON.stringify({ errorType: 'BrokenError', errorMessage: 'no' }),
};

/** A rotation function that does only what Secrets Manager is concerned with. */
const rotateWell = async ({ Step, SecretId, ClientRequestToken, RotationToken }: RotationEvent) => {
  if (Step === 'createSecret') {
    await stack.client.send(
      new PutSecretValueCommand({
        SecretId,
        ClientRequestToken,
        RotationToken,
        SecretString: newValue(),
        VersionStages: ['AWSPENDING'],
      }),
    );
  }
  if (Step === 'finishSecret') {
    const { VersionId } = await stack.client.send(new GetSecretValueCommand({ SecretId }));
    await stack.client.send(
      new UpdateSecretVersionStageCommand({
        SecretId,
        VersionStage: 'AWSCURRENT',
        MoveToVersionId: ClientRequestToken,
        RemoveFromVersionId: VersionId,
      }),
    );
  }
  return OK;
};

const rotate = (SecretId: string, input: Partial<RotateSecretCommand['input']> = {}) =>
  stack.client.send(new RotateSecretCommand({ SecretId, RotationLambdaARN: FUNCTION_ARN, ...input }));

const ended = async (secretId: string) => {
  const rotation = stack.standIn.rotations.latest(secretId);
  if (!rotation) throw new Error('no rotation has begun');
  return rotation.ended;
};

// https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotate-secrets_lambda-functions.html
describe('a rotation', () => {
  test('calls the function for the four steps in order, with the ARN and the same tokens', async () => {
    await start();
    const secret = await stack.createSecret();
    const events: RotationEvent[] = [];
    stack.onRotation(async (event) => {
      events.push(event);
      return rotateWell(event);
    });

    const { VersionId } = await rotate(secret.name);
    const rotation = await ended(secret.arn);

    expect(rotation).toMatchObject({ status: 'succeeded', attempts: 1, failures: [], versionId: VersionId });
    expect(events.map(({ Step }) => Step)).toEqual([
      'createSecret',
      'setSecret',
      'testSecret',
      'finishSecret',
    ]);
    expect(new Set(events.map(({ SecretId }) => SecretId))).toEqual(new Set([secret.arn]));
    expect(new Set(events.map(({ ClientRequestToken }) => ClientRequestToken))).toEqual(new Set([VersionId]));
    expect(new Set(events.map(({ RotationToken }) => RotationToken)).size).toBe(1);
    const { VersionIdsToStages } = await stack.client.send(
      new DescribeSecretCommand({ SecretId: secret.arn }),
    );
    expect(VersionIdsToStages).toEqual({
      [secret.versionId]: ['AWSPREVIOUS'],
      [VersionId ?? '']: ['AWSCURRENT'],
    });
  });
});
void CancelRotateSecretCommand;
void randomUUID;
void FAILED;
