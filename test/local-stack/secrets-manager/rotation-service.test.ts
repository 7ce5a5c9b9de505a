import { randomUUID } from 'node:crypto';
import {
  CancelRotateSecretCommand,
  DescribeSecretCommand,
  GetSecretValueCommand,
  ListSecretVersionIdsCommand,
  PutSecretValueCommand,
  RotateSecretCommand,
  UpdateSecretVersionStageCommand,
} from '@aws-sdk/client-secrets-manager';
import { afterEach, describe, expect, test, vi } from 'vitest';
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

  test('is asynchronous: the request is answered before the function is called', async () => {
    await start();
    const secret = await stack.createSecret();
    const called = Promise.withResolvers<void>();
    const letGo = Promise.withResolvers<void>();
    stack.onRotation(async () => {
      called.resolve();
      await letGo.promise;
      return FAILED;
    });

    const answer = await rotate(secret.arn);
    await called.promise;

    expect(await stack.labelsOf(secret.arn)).toEqual({
      [secret.versionId]: ['AWSCURRENT'],
      [answer.VersionId ?? '']: ['AWSPENDING'],
    });
    expect(stack.standIn.rotations.latest(secret.arn)?.status).toBe('running');
    letGo.resolve();
  });

  // https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_DescribeSecret.html, VersionIdsToStages
  test('begins with a pending version that has no value', async () => {
    await start();
    const secret = await stack.createSecret();
    let refusal: unknown;
    stack.onRotation(async ({ SecretId, ClientRequestToken }) => {
      refusal = await stack.client
        .send(
          new GetSecretValueCommand({ SecretId, VersionId: ClientRequestToken, VersionStage: 'AWSPENDING' }),
        )
        .catch((error: unknown) => error);
      return FAILED;
    });

    await rotate(secret.arn);
    await ended(secret.arn);

    expect(refusal).toMatchObject({ name: 'ResourceNotFoundException' });
  });

  // https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_PutSecretValue.html, RotationToken
  test.each([
    ['refuses a writer without the RotationToken', {}, undefined, 'AccessDeniedException'],
    ['refuses a writer with a wrong RotationToken', {}, randomUUID(), 'AccessDeniedException'],
    ['lets the function write under its own role', { isRotationFunction: () => true }, undefined, undefined],
  ])('%s', async (_name, options, RotationToken, expected) => {
    await start(options);
    const secret = await stack.createSecret();
    let outcome: unknown;
    stack.onRotation(async ({ SecretId, ClientRequestToken }) => {
      const input = { SecretId, ClientRequestToken, SecretString: newValue(), VersionStages: ['AWSPENDING'] };
      outcome = await stack.client
        .send(new PutSecretValueCommand({ ...input, ...(RotationToken ? { RotationToken } : {}) }))
        .then(
          () => undefined,
          (error: Error) => error.name,
        );
      return FAILED;
    });

    await rotate(secret.arn);
    await ended(secret.arn);

    expect(outcome).toBe(expected);
  });

  test('that fails stops at the step, and leaves AWSPENDING where it is', async () => {
    await start();
    const secret = await stack.createSecret();
    stack.onRotation(async (event) => (event.Step === 'setSecret' ? FAILED : rotateWell(event)));

    const { VersionId = '' } = await rotate(secret.arn);
    const rotation = await ended(secret.arn);

    expect(rotation).toMatchObject({
      status: 'failed',
      steps: ['createSecret', 'setSecret'],
      failures: [{ step: 'setSecret', type: 'BrokenError', message: 'no' }],
    });
    expect(await stack.labelsOf(secret.arn)).toEqual({
      [secret.versionId]: ['AWSCURRENT'],
      [VersionId]: ['AWSPENDING'],
    });
  });

  test('fails if finishSecret returns without moving AWSCURRENT', async () => {
    await start();
    const secret = await stack.createSecret();
    await rotate(secret.arn);
    expect(await ended(secret.arn)).toMatchObject({ status: 'failed', failures: [{ step: 'finishSecret' }] });
  });

  test('fails if the function cannot be invoked', async () => {
    await start();
    const secret = await stack.createSecret();
    stack.onRotation(() => Promise.reject(new Error('no such function')));
    await rotate(secret.arn);
    expect(await ended(secret.arn)).toMatchObject({ status: 'failed', failures: [{ type: 'InvokeFailed' }] });
  });

  test('may leave AWSPENDING on the version that became current, since AWS documents that end too', async () => {
    await start({ pendingAfterSuccess: 'keep' });
    const secret = await stack.createSecret();
    stack.onRotation(rotateWell);
    const { VersionId = '' } = await rotate(secret.arn);
    await ended(secret.arn);
    expect((await stack.labelsOf(secret.arn))[VersionId]).toEqual(['AWSCURRENT', 'AWSPENDING']);
    // That end does not block the next rotation.
    await rotate(secret.arn);
    expect(await ended(secret.arn)).toMatchObject({ status: 'succeeded' });
  });

  test('may take AWSPENDING off some time later, and never that of the next rotation', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      await start({ pendingAfterSuccess: { removedAfterMs: 3000 } });
      const secret = await stack.createSecret();
      stack.onRotation(rotateWell);
      const { VersionId: first = '' } = await rotate(secret.arn);
      await ended(secret.arn);
      expect((await stack.labelsOf(secret.arn))[first]).toEqual(['AWSCURRENT', 'AWSPENDING']);
      vi.advanceTimersByTime(2000);
      const { VersionId: second = '' } = await rotate(secret.arn);
      await ended(secret.arn);
      vi.advanceTimersByTime(2000);
      expect((await stack.labelsOf(secret.arn))[second]).toEqual(['AWSCURRENT', 'AWSPENDING']);
      vi.advanceTimersByTime(1000);
      expect((await stack.labelsOf(secret.arn))[second]).toEqual(['AWSCURRENT']);
    } finally {
      vi.useRealTimers();
    }
  });
});

// https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_DescribeSecret.html, NextRotationDate:
// "If rotation fails, Secrets Manager retries the entire rotation process multiple times."
describe('a retry of a failed rotation', () => {
  test('begins again at createSecret with the same token, if tokens are reused', async () => {
    await start({ retryFailedRotation: { times: 1, reuseToken: true } });
    const secret = await stack.createSecret();
    const tokens: string[] = [];
    let failures = 1;
    stack.onRotation(async (event) => {
      tokens.push(event.ClientRequestToken);
      if (event.Step === 'createSecret' && tokens.length > 1) return OK;
      return event.Step === 'setSecret' && failures-- > 0 ? FAILED : rotateWell(event);
    });

    await rotate(secret.arn);

    expect(await ended(secret.arn)).toMatchObject({ status: 'succeeded', attempts: 2 });
    expect(stack.standIn.rotations.latest(secret.arn)?.steps.slice(0, 4)).toEqual([
      'createSecret',
      'setSecret',
      'createSecret',
      'setSecret',
    ]);
    expect(new Set(tokens).size).toBe(1);
  });

  test('makes a new pending version, if tokens are not reused', async () => {
    await start({ retryFailedRotation: { times: 1, reuseToken: false } });
    const secret = await stack.createSecret();
    let failures = 1;
    stack.onRotation(async (event) =>
      event.Step === 'setSecret' && failures-- > 0 ? FAILED : rotateWell(event),
    );

    const { VersionId } = await rotate(secret.arn);
    const rotation = await ended(secret.arn);

    expect(rotation.status).toBe('succeeded');
    expect(rotation.versionId).not.toBe(VersionId);
  });

  test('puts AWSPENDING back on its version if the failed attempt has taken it off', async () => {
    await start({ retryFailedRotation: { times: 1, reuseToken: true } });
    const secret = await stack.createSecret();
    const pending: (string | undefined)[] = [];
    stack.onRotation(async ({ SecretId, ClientRequestToken }) => {
      const labels = await stack.labelsOf(SecretId);
      pending.push(labels[ClientRequestToken]?.join());
      await stack.client.send(
        new UpdateSecretVersionStageCommand({
          SecretId,
          VersionStage: 'AWSPENDING',
          RemoveFromVersionId: ClientRequestToken,
        }),
      );
      return FAILED;
    });
    await rotate(secret.arn);
    await ended(secret.arn);
    expect(pending).toEqual(['AWSPENDING', 'AWSPENDING']);
  });

  test('does not come if another version has taken AWSPENDING', async () => {
    await start({ retryFailedRotation: { times: 5, reuseToken: true } });
    const secret = await stack.createSecret();
    stack.onRotation(async ({ SecretId }) => {
      await stack.putVersion(SecretId, ['AWSPENDING']);
      return FAILED;
    });
    await rotate(secret.arn);
    expect(await ended(secret.arn)).toMatchObject({ status: 'failed', attempts: 1 });
  });
});

// https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_RotateSecret.html
describe('RotateSecret', () => {
  test('fails while AWSPENDING is on a version that is not AWSCURRENT', async () => {
    await start();
    const secret = await stack.createSecret();
    await stack.putVersion(secret.arn, ['AWSPENDING']);
    const before = await stack.labelsOf(secret.arn);

    await expect(rotate(secret.arn)).rejects.toMatchObject({ name: 'InvalidRequestException' });

    expect(await stack.labelsOf(secret.arn)).toEqual(before);
    const described = await stack.client.send(new DescribeSecretCommand({ SecretId: secret.arn }));
    expect(described.RotationEnabled).toBeUndefined();
    expect(stack.standIn.rotations.all).toEqual([]);
  });

  test('fails for a secret that has no rotation function yet, and gets none', async () => {
    await start();
    const secret = await stack.createSecret();
    await expect(stack.client.send(new RotateSecretCommand({ SecretId: secret.arn }))).rejects.toMatchObject({
      name: 'InvalidRequestException',
    });
  });

  test('answers the same request again while its rotation runs, and starts no second one', async () => {
    await start();
    const secret = await stack.createSecret();
    const ClientRequestToken = randomUUID();
    const letGo = Promise.withResolvers<void>();
    stack.onRotation(async (event) => {
      await letGo.promise;
      return rotateWell(event);
    });
    await rotate(secret.arn, { ClientRequestToken });
    await expect(rotate(secret.arn, { ClientRequestToken })).resolves.toMatchObject({
      VersionId: ClientRequestToken,
    });
    letGo.resolve();
    await ended(secret.arn);
    expect(stack.standIn.rotations.all).toHaveLength(1);
  });

  test('without RotateImmediately tests a copy of the current value, and removes it', async () => {
    await start();
    const secret = await stack.createSecret();
    const seen: { step: string; isCopy: boolean }[] = [];
    stack.onRotation(async ({ Step, SecretId }) => {
      const value = await stack.readValue(SecretId, 'AWSPENDING');
      seen.push({ step: Step, isCopy: value === secret.value });
      return OK;
    });

    await rotate(secret.arn, { RotateImmediately: false });
    const rotation = await ended(secret.arn);

    expect(seen).toEqual([{ step: 'testSecret', isCopy: true }]);
    expect(rotation).toMatchObject({ status: 'succeeded', mode: 'test' });
    const { Versions } = await stack.client.send(
      new ListSecretVersionIdsCommand({ SecretId: secret.arn, IncludeDeprecated: true }),
    );
    expect(Versions?.map(({ VersionId }) => VersionId)).toEqual([secret.versionId]);
    const described = await stack.client.send(new DescribeSecretCommand({ SecretId: secret.arn }));
    expect(described).toMatchObject({ RotationEnabled: true, RotationLambdaARN: FUNCTION_ARN });
    expect(described.LastRotatedDate).toBeUndefined();
  });

  test('without RotateImmediately removes the copy after a failed test too', async () => {
    await start();
    const secret = await stack.createSecret();
    stack.onRotation(async () => FAILED);
    await rotate(secret.arn, { RotateImmediately: false });
    expect(await ended(secret.arn)).toMatchObject({ status: 'failed' });
    expect(await stack.labelsOf(secret.arn)).toEqual({ [secret.versionId]: ['AWSCURRENT'] });
  });
});

// https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_CancelRotateSecret.html
describe('CancelRotateSecret', () => {
  test('turns rotation off, calls no further step and leaves the labels as they are', async () => {
    await start();
    const secret = await stack.createSecret();
    stack.onRotation(async (event) => {
      if (event.Step === 'setSecret')
        await stack.client.send(new CancelRotateSecretCommand({ SecretId: secret.arn }));
      return rotateWell(event);
    });

    const { VersionId = '' } = await rotate(secret.arn);

    expect(await ended(secret.arn)).toMatchObject({
      status: 'cancelled',
      steps: ['createSecret', 'setSecret'],
    });
    expect((await stack.labelsOf(secret.arn))[VersionId]).toEqual(['AWSPENDING']);
    const described = await stack.client.send(new DescribeSecretCommand({ SecretId: secret.arn }));
    expect(described).toMatchObject({ RotationEnabled: false, RotationLambdaARN: FUNCTION_ARN });
  });
});

// https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_RotationRulesType.html
describe('the schedule', () => {
  const NOON = new Date('2030-01-01T12:00:00Z');
  let now: Date;
  const scheduled = async (ScheduleExpression: string) => {
    now = NOON;
    await start({ now: () => now });
    const secret = await stack.createSecret();
    stack.onRotation(rotateWell);
    await rotate(secret.arn, { RotationRules: { ScheduleExpression } });
    await ended(secret.arn);
    return secret;
  };

  test('opens its window at midnight of the day for a rate in days, and closes it with the day', async () => {
    const secret = await scheduled('rate(10 days)');
    const described = await stack.client.send(new DescribeSecretCommand({ SecretId: secret.arn }));
    expect(described.LastRotatedDate).toEqual(NOON);
    expect(described.NextRotationDate).toEqual(new Date('2030-01-11T23:59:59Z'));

    now = new Date('2030-01-10T23:59:59Z');
    expect(stack.standIn.tick()).toEqual([]);
    now = new Date('2030-01-11T00:00:00Z');
    const [rotation] = stack.standIn.tick();
    expect(await rotation?.ended).toMatchObject({ status: 'succeeded', secretArn: secret.arn });
    expect(stack.standIn.tick()).toEqual([]);
  });

  test('counts a manual write of the value as a rotation', async () => {
    const secret = await scheduled('rate(4 hours)');
    now = new Date('2030-01-01T15:00:00Z');
    await stack.putVersion(secret.arn);
    now = new Date('2030-01-01T16:30:00Z');
    expect(stack.standIn.tick()).toEqual([]);
    now = new Date('2030-01-01T19:00:00Z');
    expect(stack.standIn.tick()).toHaveLength(1);
    await stack.standIn.rotations.settled();
  });

  test('starts nothing after CancelRotateSecret', async () => {
    const secret = await scheduled('rate(4 hours)');
    await stack.client.send(new CancelRotateSecretCommand({ SecretId: secret.arn }));
    now = new Date('2031-01-01T00:00:00Z');
    expect(stack.standIn.tick()).toEqual([]);
  });

  test.each([
    [{ ScheduleExpression: 'rate(3 hours)' }],
    [{ ScheduleExpression: 'rate(1 day)', AutomaticallyAfterDays: 1 }],
    [{ AutomaticallyAfterDays: 1001 }],
    [{ ScheduleExpression: 'rate(1 day)', Duration: '25h' }],
    [{ ScheduleExpression: 'now and then' }],
  ])('fails to accept %j', async (RotationRules) => {
    await start();
    const secret = await stack.createSecret();
    await expect(rotate(secret.arn, { RotationRules })).rejects.toMatchObject({
      name: 'InvalidParameterException',
    });
  });
});
