import { randomBytes, randomUUID } from 'node:crypto';
import {
  CreateSecretCommand,
  DescribeSecretCommand,
  GetSecretValueCommand,
  PutSecretValueCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { type RotationEvent, type SecretsManagerOptions, startSecretsManager } from './index.ts';

export const REGION = 'eu-central-1';
export const ACCOUNT_ID = '000000000000';
export const FUNCTION_ARN = `arn:aws:lambda:${REGION}:${ACCOUNT_ID}:function:rotate`;

/** A value as random as a password, made anew: no test knows one beforehand. */
export const newValue = (): string => randomBytes(12).toString('base64url');

type RotationFunction = (event: RotationEvent) => Promise<{ functionError?: string; payload: string }>;

/** What a rotation function returns when all went well. */
export const OK = { payload: 'null' };

/** A stand-in, a client that never retries, and a secret with a value: what most tests begin with. */
export const startTestStandIn = async (options: Partial<SecretsManagerOptions> = {}) => {
  let rotationFunction: RotationFunction = async () => OK;
  const standIn = await startSecretsManager({
    region: REGION,
    accountId: ACCOUNT_ID,
    invokeRotationFunction: (_arn, event) => rotationFunction(event),
    ...options,
  });
  const client = new SecretsManagerClient({
    endpoint: standIn.url,
    region: REGION,
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    maxAttempts: 1,
  });

  const createSecret = async (name = `test/${randomUUID()}`, value = newValue()) => {
    const { ARN = '', VersionId = '' } = await client.send(
      new CreateSecretCommand({ Name: name, SecretString: value }),
    );
    return { arn: ARN, name, value, versionId: VersionId };
  };

  /** Puts a version under labels; without labels it becomes the current one. */
  const putVersion = async (
    SecretId: string,
    VersionStages?: string[],
    ClientRequestToken: string = randomUUID(),
  ) => {
    const SecretString = newValue();
    await client.send(
      new PutSecretValueCommand({
        SecretId,
        SecretString,
        ClientRequestToken,
        ...(VersionStages ? { VersionStages } : {}),
      }),
    );
    return { versionId: ClientRequestToken, value: SecretString };
  };

  /** The labels of each version, sorted, as DescribeSecret tells them. */
  const labelsOf = async (SecretId: string): Promise<Record<string, string[]>> => {
    const { VersionIdsToStages = {} } = await client.send(new DescribeSecretCommand({ SecretId }));
    return Object.fromEntries(
      Object.entries(VersionIdsToStages).map(([id, labels]) => [id, labels.toSorted()]),
    );
  };

  const readValue = async (SecretId: string, VersionStage?: string) => {
    const { SecretString } = await client.send(
      new GetSecretValueCommand({ SecretId, ...(VersionStage ? { VersionStage } : {}) }),
    );
    return SecretString;
  };

  return {
    standIn,
    client,
    createSecret,
    putVersion,
    labelsOf,
    readValue,
    onRotation: (rotate: RotationFunction) => {
      rotationFunction = rotate;
    },
    stop: async () => {
      client.destroy();
      await standIn.stop();
    },
  };
};

export type TestStandIn = Awaited<ReturnType<typeof startTestStandIn>>;
