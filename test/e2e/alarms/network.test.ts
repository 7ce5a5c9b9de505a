import { randomBytes } from 'node:crypto';
import {
  CreateSecretCommand,
  RotateSecretCommand,
  SecretsManagerClient,
  UpdateSecretVersionStageCommand,
} from '@aws-sdk/client-secrets-manager';
import { describe, test, vi } from 'vitest';
import { clientConfig } from '../../local-stack/deployment/client-config.ts';
import { startSecretsManager } from '../../local-stack/secrets-manager/index.ts';
import { type BlackHole, openBlackHole, openHalfAnswer, openSilence } from './black-hole.ts';
import { invokeBundle } from './invoke-bundle.ts';

/**
 * Where a VPC has no way to a service, each function says so in words before Lambda ends it. All at once: each of
 * these usually waits.
 */
vi.setConfig({ maxConcurrency: 20 });

const REGION = 'eu-central-1';
const ACCOUNT = '111122223333';
const SECRET = `arn:aws:secretsmanager:${REGION}:${ACCOUNT}:secret:app-AbCdEf`;
const MACHINE = `arn:aws:states:${REGION}:${ACCOUNT}:stateMachine:rotation`;
const EXECUTION = `arn:aws:states:${REGION}:${ACCOUNT}:execution:rotation:one`;

const urlOf = ({ host, port }: BlackHole): string => `http://${host}:${port}`;

/** What the first thing is that people are told to do, and that a deployment does. */
const VERIFY = { execution: EXECUTION, check: 'current', secretId: SECRET };

const FIRST_CALLS: readonly (readonly [step: string, event: object])[] = [
  ['test-secret', VERIFY],
  ['create-secret', { execution: EXECUTION, secretId: SECRET, mode: 'rotate' }],
  ['recover-secret', { action: 'take-lock', execution: EXECUTION, secretId: SECRET }],
  ['check-credentials', { secrets: Array(50).fill(SECRET) }],
  ['check-credentials', { locksOf: Array(50).fill(SECRET) }],
];

describe.concurrent('without a way to Secrets Manager', () => {
  const cases = [
    ...FIRST_CALLS.flatMap(([step, event]) => [
      [step, 'gets no answer to a packet', event, openBlackHole] as const,
      [step, 'gets no answer to a request', event, openSilence] as const,
    ]),
    ['test-secret', 'gets half an answer', VERIFY, openHalfAnswer] as const,
  ];
  test.for(cases)('%s says so when it %s', async ([step, _how, event, open], { expect }) => {
    await using hole = await open();
    const { error } = await invokeBundle(step, event, {
      AWS_ENDPOINT_URL_SECRETS_MANAGER: urlOf(hole),
      STATE_MACHINE_NAME: 'rotation',
      STATE_MACHINE_ARNS: MACHINE,
    });
    expect(error).toMatchObject({
      name: 'SecretsManagerUnavailableError',
      message: expect.stringMatching(/: TimeoutError; is there a route to Secrets Manager from this VPC\?$/),
    });
  });
});

describe.concurrent('without a way to the database', () => {
  test.for([
    ['test-secret', 'gets no answer to a packet', openBlackHole],
    ['test-secret', 'gets no answer to a request', openSilence],
    ['recover-secret', 'gets no answer to a packet', openBlackHole],
    ['recover-secret', 'gets no answer to a request', openSilence],
  ] as const)('%s says so when it %s', async ([step, _how, open], { expect }) => {
    await using hole = await open();
    await using secrets = await withSecret(hole);
    const { arn: secretId, lockVersion } = secrets;
    const recover = { action: 'reconcile', execution: EXECUTION, secretId, lockVersion, suspects: [] };
    const event = step === 'test-secret' ? { ...VERIFY, secretId } : recover;
    const { error } = await invokeBundle(step, event, { AWS_ENDPOINT_URL_SECRETS_MANAGER: secrets.url });
    expect(error).toMatchObject({
      name: 'DatabaseUnavailableError',
      message: expect.stringMatching(
        /is it up, is that its port, and may this function's security group reach it\?$/,
      ),
    });
  });
});

test.concurrent('without a way to Step Functions the trigger says so', async ({ expect }) => {
  await using hole = await openBlackHole();
  const outcome = Promise.withResolvers<unknown>();
  await using secrets = await withSecret(hole, async (event) => {
    const { error } = await invokeBundle('rotation-trigger', event, {
      AWS_ENDPOINT_URL_SECRETS_MANAGER: secrets.url,
      AWS_ENDPOINT_URL_SFN: urlOf(hole),
      STATE_MACHINE_ARN: MACHINE,
    });
    outcome.resolve(error);
    return { functionError: 'Unhandled', payload: JSON.stringify(error) };
  });
  await secrets.rotate();
  expect(await outcome.promise).toMatchObject({
    name: 'StepFunctionsUnavailableError',
    message: expect.stringMatching(/is there a route to Step Functions from this VPC\?$/),
  });
});

test.concurrent.for([
  ['EventBridge', 'AWS_ENDPOINT_URL_EVENTBRIDGE', '{}'],
  // An event that lacks the input has Step Functions asked first.
  ['Step Functions', 'AWS_ENDPOINT_URL_SFN', undefined],
] as const)(
  'without a way to %s the end of an execution is an error in time',
  async ([_service, endpoint, input], { expect }) => {
    await using hole = await openSilence();
    const detail = {
      executionArn: EXECUTION,
      stateMachineArn: MACHINE,
      status: 'FAILED',
      error: 'RolledBack',
      input,
    };
    const { error } = await invokeBundle(
      'report-outcome',
      { detail },
      {
        [endpoint]: urlOf(hole),
        RECOVERY_STATE_MACHINE_ARN: MACHINE.replace('rotation', 'recovery'),
        RETIREMENT_STATE_MACHINE_ARN: MACHINE.replace('rotation', 'retirement'),
        RUNBOOK_URL: 'RUNBOOK.md',
        OPERATORS_TOPIC_ARN: 'arn:aws:sns:eu-central-1:111122223333:operators',
      },
    );
    expect(error?.name).toBe('TimeoutError');
  },
);

/** A Secrets Manager that works, with a secret that is locked, and whose database is at that address. */
const withSecret = async (
  database: BlackHole,
  rotate: (event: unknown) => Promise<{ functionError?: string; payload: string }> = async () => ({
    payload: '',
  }),
) => {
  const standIn = await startSecretsManager({
    region: REGION,
    accountId: ACCOUNT,
    invokeRotationFunction: (_arn, event) => rotate(event),
  });
  const client = new SecretsManagerClient(clientConfig(standIn.url, REGION));
  const value = {
    engine: 'mongo',
    username: 'app',
    password: randomBytes(18).toString('base64url'),
    host: database.host,
    port: database.port,
  };
  const { ARN: arn = '', VersionId: lockVersion = '' } = await client.send(
    new CreateSecretCommand({ Name: 'app', SecretString: JSON.stringify(value) }),
  );
  await client.send(
    new UpdateSecretVersionStageCommand({
      SecretId: arn,
      VersionStage: 'docdb-rotation-owner',
      MoveToVersionId: lockVersion,
    }),
  );
  return {
    arn,
    lockVersion,
    url: standIn.url,
    rotate: () =>
      client.send(
        new RotateSecretCommand({
          SecretId: arn,
          RotationLambdaARN: `arn:aws:lambda:${REGION}:${ACCOUNT}:function:trigger`,
          RotationRules: { AutomaticallyAfterDays: 30 },
        }),
      ),
    [Symbol.asyncDispose]: async () => {
      client.destroy();
      await standIn.stop();
    },
  };
};
