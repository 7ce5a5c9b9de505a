import { randomUUID } from 'node:crypto';
import {
  DescribeSecretCommand,
  GetSecretValueCommand,
  PutSecretValueCommand,
  RotateSecretCommand,
  UpdateSecretVersionStageCommand,
} from '@aws-sdk/client-secrets-manager';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type LocalStack, startLocalStack } from '../../local-stack/deployment/index.ts';
import {
  expectNoPasswordAnywhere,
  expectSettled,
  labelsOf,
  logsInEverywhere,
  OWNER,
  recover,
  run,
} from './outside-judge.ts';

/** The functions, the state machine and the trigger as they are deployed, on a cluster of three instances. */
let stack: LocalStack;
beforeAll(async () => {
  stack = await startLocalStack({
    instances: 3,
    propagationTimeoutSeconds: 30,
    drainSeconds: 1,
    rotationBehaviour: { retryFailedRotation: { times: 1, reuseToken: true } },
  });
});
afterAll(async () => {
  await stack?.stop();
});

const rotateSecret = async (secretId: string, rotateImmediately = true) => {
  await stack.secretsManager.send(
    new RotateSecretCommand({
      SecretId: secretId,
      RotationLambdaARN: stack.triggerFunctionArn,
      RotationRules: { AutomaticallyAfterDays: 30 },
      RotateImmediately: rotateImmediately,
    }),
  );
  return await stack.secretsManagerStandIn.rotations.latest(secretId)?.ended;
};

describe('a rotation by Secrets Manager', () => {
  test('ends with the new password logging in everywhere and the old one refused', async () => {
    const secret = await stack.makeSecret();
    const before = await labelsOf(stack, secret.arn);

    const rotation = await rotateSecret(secret.arn);

    expect(rotation).toMatchObject({ status: 'succeeded' });
    await expectSettled(stack, secret.arn);
    const after = await labelsOf(stack, secret.arn);
    expect(after.current).not.toBe(before.current);
    expect(after.previous).toBe(before.current);
    expect(await logsInEverywhere(stack, secret)).toBe(false);
  });

  test('with RotateImmediately=false tests and changes nothing', async () => {
    const secret = await stack.makeSecret();
    const before = await labelsOf(stack, secret.arn);

    const rotation = await rotateSecret(secret.arn, false);

    expect(rotation).toMatchObject({ status: 'succeeded' });
    expect(await labelsOf(stack, secret.arn)).toEqual(before);
    expect(await logsInEverywhere(stack, secret)).toBe(true);
    const [newest = ''] = await stack.executions.list();
    expect(await stack.executions.states(newest)).toContain('Checked');
  });
});

describe('a rotation on demand', () => {
  test('rotates a user through the admin secret, and keeps the keys that it does not know', async () => {
    const secret = await stack.makeSecret({ value: { team: 'orders', nested: { kept: true } } });

    const execution = await run(stack, { secretId: secret.name });

    expect(execution).toMatchObject({ status: 'SUCCEEDED', output: { outcome: 'rotated', instances: 3 } });
    expect(execution.states).toEqual([
      'Begin',
      'CheckInput',
      'CreateSecret',
      'CheckBefore',
      'SetSecret',
      'TestSecret',
      'FinishSecret',
      'CheckAfter',
      'ReleaseLock',
      'ChooseEnd',
      'Rotated',
    ]);
    await expectSettled(stack, secret.arn);
    const { SecretString } = await stack.secretsManager.send(
      new GetSecretValueCommand({ SecretId: secret.arn }),
    );
    expect(JSON.parse(SecretString ?? '')).toMatchObject({ team: 'orders', nested: { kept: true } });
  });

  test('lets an admin change its own password', async () => {
    const execution = await run(stack, { secretId: stack.adminSecret.arn });

    expect(execution).toMatchObject({ status: 'SUCCEEDED', output: { strategy: 'single-user' } });
    await expectSettled(stack, stack.adminSecret.arn);
    expect(await logsInEverywhere(stack, stack.adminSecret)).toBe(false);
  });

  test('of which two start at once rotates once, and the other is refused', async () => {
    const secret = await stack.makeSecret();
    // Who comes second reads for 8 seconds whether the lock is an old answer: the first must still have it then.
    await stack.documentDb.setPropagationDelay(2, 12_000);
    try {
      const both = await Promise.all([
        run(stack, { secretId: secret.arn }),
        run(stack, { secretId: secret.arn }),
      ]);

      expect(both.map(({ status }) => status).sort()).toEqual(['FAILED', 'SUCCEEDED']);
      const loser = both.find(({ status }) => status === 'FAILED');
      expect(loser).toMatchObject({ error: 'RotationInProgressError' });
      expect(loser?.states.slice(-3)).toEqual(['CreateSecret', 'ChooseCompensation', 'Refused']);
      await expectSettled(stack, secret.arn);
    } finally {
      await stack.documentDb.setPropagationDelay(2, 0);
    }
  });

  test('of which one starts right after the end of another is not refused', async () => {
    const secret = await stack.makeSecret();
    const first = await stack.executions.start({ secretId: secret.arn });
    await expect.poll(() => stack.executions.states(first), { timeout: 20_000 }).toContain('SetSecret');

    const second = await run(stack, { secretId: secret.arn });

    expect(await stack.executions.waitFor(first)).toMatchObject({ status: 'SUCCEEDED' });
    expect(second, second.cause).toMatchObject({ status: 'SUCCEEDED', output: { outcome: 'rotated' } });
    await expectSettled(stack, secret.arn);
  });

  test('promotes only when the last of three instances accepts', async () => {
    const secret = await stack.makeSecret();
    await stack.documentDb.setPropagationDelay(2, 5000);
    try {
      const execution = await run(stack, { secretId: secret.arn });

      expect(execution).toMatchObject({ status: 'SUCCEEDED' });
      expect(execution.states.filter((state) => state === 'WaitForPropagation').length).toBeGreaterThan(0);
      await expectSettled(stack, secret.arn);
    } finally {
      await stack.documentDb.setPropagationDelay(2, 0);
    }
  });
});

describe('the other modes and the recovery', () => {
  test('verify proves the login and changes nothing', async () => {
    const secret = await stack.makeSecret();
    const before = await labelsOf(stack, secret.arn);

    const execution = await run(stack, { secretId: secret.arn, mode: 'verify' });

    expect(execution).toMatchObject({ status: 'SUCCEEDED', output: { outcome: 'verified', instances: 3 } });
    expect(await labelsOf(stack, secret.arn)).toEqual(before);
  });

  test('fails to verify a credential that does not log in, and says where', async () => {
    const secret = await stack.makeSecret({ createUser: false });

    const execution = await run(stack, { secretId: secret.arn, mode: 'verify' });

    expect(execution).toMatchObject({ status: 'FAILED', error: 'CredentialNotPropagatedError' });
    expect(execution.cause).toContain(`"${secret.username}" is refused`);
  });

  test('revert puts AWSPREVIOUS back, in the database and in the secret', async () => {
    const secret = await stack.makeSecret();
    await run(stack, { secretId: secret.arn });
    const before = await labelsOf(stack, secret.arn);

    const execution = await run(stack, { secretId: secret.arn, mode: 'revert' });

    expect(execution).toMatchObject({ status: 'SUCCEEDED', output: { outcome: 'reverted' } });
    expect(await labelsOf(stack, secret.arn)).toMatchObject({
      current: before.previous,
      previous: before.current,
    });
    expect(await logsInEverywhere(stack, secret)).toBe(true);
    await expectSettled(stack, secret.arn);
  });

  test('fails to roll back a secret that has no AWSPREVIOUS', async () => {
    const secret = await stack.makeSecret();

    const execution = await run(stack, { secretId: secret.arn, mode: 'revert' });

    expect(execution).toMatchObject({ status: 'FAILED', error: 'NothingToRevertError' });
    await expectSettled(stack, secret.arn);
  });

  test('a recovery clears the AWSPENDING that another tool left', async () => {
    const secret = await stack.makeSecret();
    const before = await labelsOf(stack, secret.arn);
    await stack.secretsManager.send(
      new PutSecretValueCommand({
        SecretId: secret.arn,
        SecretString: JSON.stringify({
          engine: 'mongo',
          host: stack.documentDb.host,
          port: stack.documentDb.port,
          username: secret.username,
          password: randomUUID(),
        }),
        VersionStages: ['AWSPENDING'],
      }),
    );

    const execution = await recover(stack, { secretId: secret.arn });

    expect(execution).toMatchObject({ status: 'SUCCEEDED', output: { outcome: 'recovered' } });
    expect(await labelsOf(stack, secret.arn)).toEqual(before);
    await expectSettled(stack, secret.arn);
  });

  // Found by the soak: AWSPENDING stayed on the version that was AWSCURRENT, and no rotation began any more.
  test('a recovery leaves no lock where AWSPENDING was parked on an AWSCURRENT that does not log in', async () => {
    const secret = await stack.makeSecret();
    const before = await labelsOf(stack, secret.arn);
    expect(await run(stack, { secretId: secret.arn })).toMatchObject({ status: 'SUCCEEDED' });
    const rotated = await labelsOf(stack, secret.arn);
    await stack.documentDb.admin.putUser(secret.username, secret.password, ['readWrite']);

    const execution = await recover(stack, { secretId: secret.arn });

    expect(execution).toMatchObject({ status: 'SUCCEEDED', output: { outcome: 'recovered' } });
    expect(await labelsOf(stack, secret.arn)).toMatchObject({
      current: before.current,
      previous: rotated.current,
      pending: undefined,
    });
    await expectSettled(stack, secret.arn);
  });

  test('a recovery sets a lost password through the admin secret only when told to', async () => {
    const secret = await stack.makeSecret();
    await stack.documentDb.admin.putUser(secret.username, randomUUID(), ['readWrite']);

    const refused = await recover(stack, { secretId: secret.arn });
    expect(refused).toMatchObject({ status: 'FAILED', error: 'RecoveryFailed' });
    expect(refused.cause).toContain('resetThroughAdmin');
    expect(await logsInEverywhere(stack, secret)).toBe(false);
    expect(await labelsOf(stack, secret.arn)).toMatchObject({ others: [OWNER] });
    // Nor is it enough that someone says so who may start executions: the deployment has to name the user.
    const unnamed = await recover(stack, { secretId: secret.arn, resetThroughAdmin: true });
    expect(unnamed).toMatchObject({ status: 'FAILED', error: 'RecoveryFailed' });
    expect(unnamed.cause).toContain('ResetNotAllowedError');
    expect(await logsInEverywhere(stack, secret)).toBe(false);

    await stack.allowResetThroughAdmin(secret);
    const reset = await recover(stack, { secretId: secret.arn, resetThroughAdmin: true });
    expect(reset).toMatchObject({ status: 'SUCCEEDED', output: { recovery: { passwordReset: true } } });
    await expectSettled(stack, secret.arn);
  });
});

describe('the trigger', () => {
  const call = (secretId: string, token: string, Step: string) =>
    stack.invokeTrigger({
      Step,
      SecretId: secretId,
      ClientRequestToken: token,
      RotationToken: randomUUID(),
    });
  const STEPS = ['createSecret', 'setSecret', 'testSecret', 'finishSecret'];

  test('changes nothing when any step is called again, during and after the rotation', async () => {
    const secret = await stack.makeSecret();
    const rotation = rotateSecret(secret.arn);
    const [execution = ''] = await expect
      .poll(() => executionsOf(secret.arn), { timeout: 20_000 })
      .not.toHaveLength(0)
      .then(() => executionsOf(secret.arn));
    const token = stack.secretsManagerStandIn.rotations.latest(secret.arn)?.versionId ?? '';

    const during = await Promise.all(STEPS.map((step) => call(secret.arn, token, step)));
    expect(await rotation).toMatchObject({ status: 'succeeded' });
    const labels = await labelsOf(stack, secret.arn);
    const after = await Promise.all(STEPS.map((step) => call(secret.arn, token, step)));

    for (const answer of [...during, ...after]) expect(answer).not.toHaveProperty('functionError');
    expect(await executionsOf(secret.arn)).toEqual([execution]);
    expect(labels.current).toBe(token);
    expect(await labelsOf(stack, secret.arn)).toEqual(labels);
    await expectSettled(stack, secret.arn);
  });

  test('starts the next attempt when Secrets Manager retries a failed rotation, with the same version', async () => {
    const secret = await stack.makeSecret();
    const fault = stack.documentDb.faults.add({
      kind: 'refuse',
      code: 2,
      command: 'updateUser',
      target: secret.username,
    });

    const rotation = await rotateSecret(secret.arn);

    expect(fault.hits).toBe(1);
    expect(rotation).toMatchObject({
      status: 'succeeded',
      attempts: 2,
      failures: [{ step: 'setSecret', type: 'RotationFailedError' }],
    });
    expect(rotation?.failures[0]?.message).toMatch(/RolledBack.*ChangeRefusedError.*executions\/details/s);
    expect(await executionsOf(secret.arn)).toHaveLength(2);
    expect((await labelsOf(stack, secret.arn)).current).toBe(rotation?.versionId);
    await expectSettled(stack, secret.arn);
  });

  test.each([
    [
      'an unknown step',
      (arn: string) => ({ Step: 'deleteSecret', SecretId: arn, ClientRequestToken: randomUUID() }),
      'InvalidInputError',
    ],
    [
      'a token that the secret does not know',
      (arn: string) => ({ Step: 'createSecret', SecretId: arn, ClientRequestToken: randomUUID() }),
      'UnknownTokenError',
    ],
  ])('fails on %s and changes nothing', async (_what, event, error) => {
    const secret = await stack.makeSecret();
    const before = await labelsOf(stack, secret.arn);

    const answer = await stack.invokeTrigger(event(secret.arn));

    expect(answer.payload).toContain(error);
    expect(await labelsOf(stack, secret.arn)).toEqual(before);
    expect(await logsInEverywhere(stack, secret)).toBe(true);
  });
});

test('AWSPENDING that is parked on AWSCURRENT, as Secrets Manager leaves it, does not lock', async () => {
  const secret = await stack.makeSecret();
  const { VersionIdsToStages = {} } = await stack.secretsManager.send(
    new DescribeSecretCommand({ SecretId: secret.arn }),
  );
  const [current] = Object.keys(VersionIdsToStages);
  await stack.secretsManager.send(
    new UpdateSecretVersionStageCommand({
      SecretId: secret.arn,
      VersionStage: 'AWSPENDING',
      MoveToVersionId: current,
    }),
  );

  expect(await run(stack, { secretId: secret.arn })).toMatchObject({ status: 'SUCCEEDED' });
  await expectSettled(stack, secret.arn);
});

test('no password is in any history, log, output or cause of all this', async () => {
  await expectNoPasswordAnywhere(stack);
});

/** The trigger's executions for a secret: their names begin with its name. */
const executionsOf = async (arn: string): Promise<string[]> => {
  const name = (arn.split(':').at(-1) ?? '').replace(/[^A-Za-z0-9_-]+/g, '-');
  return (await stack.executions.list()).filter((execution) => execution.includes(name));
};
