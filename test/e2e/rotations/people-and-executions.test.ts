import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  GetSecretValueCommand,
  PutSecretValueCommand,
  RotateSecretCommand,
  UpdateSecretVersionStageCommand,
} from '@aws-sdk/client-secrets-manager';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type DatabaseSecret, type LocalStack, startLocalStack } from '../../local-stack/deployment/index.ts';
import type { Rotation } from '../../local-stack/secrets-manager/index.ts';
import { labelsOf as allLabelsOf } from '../../support/deployed-world.ts';
import { changedUser, type Held, holdInWindow } from './holds.ts';
import {
  ended,
  expectNoPasswordAnywhere,
  expectSettled,
  labelsOf,
  logsInEverywhere,
  OWNER,
  recoveryOf,
  run,
} from './outside-judge.ts';

/**
 * People, executions and Secrets Manager meet, on what is deployed. Each of these once broke a promise;
 * ../unit/interleavings.test.ts goes through the moments, in virtual time.
 */

/** Longer than an execution needs to see that its lock is gone: eight seconds of reading, in which the answer may be old. */
const DRAIN_SECONDS = 15;

const behaviour = (pendingOfLastCurrent: 'keep' | 'remove') => ({
  retryFailedRotation: { times: 1, reuseToken: true },
  pendingOfLastCurrent,
});

const startStack = (drainSeconds: number) =>
  startLocalStack({ propagationTimeoutSeconds: 90, drainSeconds, rotationBehaviour: behaviour('keep') });

/** The version that has a label, AWSPENDING beside AWSCURRENT included. */
const holderOf = async (stack: LocalStack, secretId: string, label: string): Promise<string | undefined> =>
  (await allLabelsOf(stack, secretId))[label];

const secretValue = async (stack: LocalStack, SecretId: string): Promise<Record<string, unknown>> => {
  const { SecretString = '' } = await stack.secretsManager.send(new GetSecretValueCommand({ SecretId }));
  return JSON.parse(SecretString);
};

const pair = (stack: LocalStack, strategy: string, tags: Record<string, string> = {}) =>
  stack.makeSecret({
    ...(strategy === 'admin-clone' ? { roles: [{ role: 'root', db: 'admin' }], masterarn: false } : {}),
    tags: { 'docdb-rotation:strategy': strategy, 'docdb-rotation:retirement-policy': 'keep', ...tags },
  });

const rotated = async (stack: LocalStack, secretId: string) => {
  const execution = await run(stack, { secretId });
  expect(execution, execution.cause).toMatchObject({ status: 'SUCCEEDED', output: { outcome: 'rotated' } });
  await expectSettled(stack, secretId);
  return execution;
};

describe.concurrent('people and executions meet', () => {
  let stack: LocalStack;
  beforeAll(async () => {
    stack = await startStack(DRAIN_SECONDS);
  });
  afterAll(async () => {
    await stack?.stop();
  });

  const rotateByService = async ({ arn }: DatabaseSecret): Promise<Rotation> => {
    await stack.secretsManager.send(
      new RotateSecretCommand({
        SecretId: arn,
        RotationLambdaARN: stack.triggerFunctionArn,
        RotateImmediately: true,
        RotationRules: { AutomaticallyAfterDays: 30 },
      }),
    );
    const rotation = stack.secretsManagerStandIn.rotations.latest(arn);
    if (rotation === undefined) throw new Error('no rotation was begun');
    return rotation;
  };

  /** The executions that Secrets Manager's rotation of a secret has started, the newest first: their names have its name. */
  const startedFor = async ({ name }: DatabaseSecret): Promise<string[]> =>
    (await stack.executions.list()).filter((arn) => arn.includes(name.replace('/', '-')));

  const soleExecution = async (secret: DatabaseSecret): Promise<string> => {
    await expect.poll(() => startedFor(secret), { timeout: 30_000 }).toHaveLength(1);
    return (await startedFor(secret))[0] ?? '';
  };

  const inWindow = (user: string): Held => holdInWindow(stack, user);

  /** The first login of a rotation is CheckBefore's. The driver gives up after ten seconds, and is tried again. */
  const holdBeforeCheckBefore = (user: string): Held => {
    const { promise: arrived, resolve } = Promise.withResolvers<void>();
    const gate = Promise.withResolvers<void>();
    const stop = stack.documentDb.onCommand(async (event) => {
      if (event.when !== 'before' || event.command !== 'saslStart' || event.user !== user) return;
      resolve();
      await gate.promise;
    });
    const release = () => {
      stop();
      gate.resolve();
    };
    return { arrived, release };
  };

  const takeOff = async (secretId: string, label: string): Promise<void> => {
    const holder = await holderOf(stack, secretId, label);
    expect(holder, label).toBeDefined();
    await stack.secretsManager.send(
      new UpdateSecretVersionStageCommand({
        SecretId: secretId,
        VersionStage: label,
        RemoveFromVersionId: holder,
      }),
    );
  };

  /** All that was asked for that changes a secret. */
  const changesOf = ({ arn, name }: DatabaseSecret) =>
    stack.secretsManagerStandIn.requests.filter(
      ({ operation, secretId = '' }) =>
        [arn, name].includes(secretId) && /^(Put|Update|Tag|Untag)/.test(operation),
    );

  /** Where AWSCURRENT was moved to. */
  const promotionsOf = (secret: DatabaseSecret): unknown[] =>
    changesOf(secret)
      .filter(({ input }) => input.VersionStage === 'AWSCURRENT')
      .map(({ input }) => input.MoveToVersionId);

  test("Secrets Manager's execution is aborted after SetSecret: its retry waits for the recovery, and demotes nothing", async () => {
    const secret = await stack.makeSecret();
    const aborted = Promise.withResolvers<string>();
    const stop = stack.documentDb.onCommand(async (event) => {
      if (!changedUser(event, secret.username)) return;
      stop();
      const [execution = ''] = await startedFor(secret);
      await stack.executions.abort(execution);
      aborted.resolve(execution);
      // The function ends by it, as it would by the drain.
      return { kind: 'cut-after' };
    });

    const rotation = await (await rotateByService(secret)).ended;

    expect(rotation, JSON.stringify(rotation.failures)).toMatchObject({ status: 'succeeded', attempts: 2 });
    const recovery = await recoveryOf(stack, await aborted.promise);
    expect(recovery, recovery.cause).toMatchObject({ status: 'SUCCEEDED' });
    expect(recovery.states.at(-1)).toBe('Recovered');
    // The recovery promoted the version; no one took AWSCURRENT from it.
    expect(promotionsOf(secret)).toEqual([rotation.versionId]);
    const [second = '', first] = await startedFor(secret);
    expect(first).toBe(await aborted.promise);
    const { input = '{}', startDate } = await stack.executions.describe(second);
    expect(JSON.parse(input)).toMatchObject({ mode: 'verify', token: rotation.versionId });
    const { stopDate } = await stack.recoveries.describe(recovery.arn);
    expect(startDate?.getTime()).toBeGreaterThanOrEqual(stopDate?.getTime() ?? Number.POSITIVE_INFINITY);
    expect(await labelsOf(stack, secret.arn)).toMatchObject({ current: rotation.versionId });
    await expectSettled(stack, secret.arn);
  });

  test.each([
    ['before CheckBefore', holdBeforeCheckBefore],
    ['in the outage window', inWindow],
  ])('a copy of the input of a running execution, token included, is refused: %s', async (_when, hold) => {
    const secret = await stack.makeSecret();
    const held = hold(secret.username);
    const rotation = await rotateByService(secret);
    await held.arrived;
    const original = await soleExecution(secret);
    const labels = await labelsOf(stack, secret.arn);
    const changes = changesOf(secret).length;
    const userCommands: string[] = [];
    const stopCounting = stack.documentDb.onCommand(({ when, command, target }) => {
      if (when === 'before' && target === secret.username) userCommands.push(command);
    });

    const { input = '{}' } = await stack.executions.describe(original);
    const copy = await run(stack, JSON.parse(input));

    stopCounting();
    expect(JSON.parse(input)).toMatchObject({ token: rotation.versionId });
    expect(copy).toMatchObject({ status: 'FAILED', error: 'UnknownTokenError' });
    expect(copy.states.at(-1)).toBe('Refused');
    expect(copy.cause).toContain('Nothing was changed');
    expect((await stack.executions.describe(original)).status, 'the original is held').toBe('RUNNING');
    expect(await labelsOf(stack, secret.arn)).toEqual(labels);
    expect(changesOf(secret)).toHaveLength(changes);
    expect(userCommands.filter((command) => command !== 'usersInfo')).toEqual([]);
    held.release();
    const end = await ended(stack.executions, original);
    expect(end, end.cause).toMatchObject({ status: 'SUCCEEDED', output: { outcome: 'rotated' } });
    expect(await rotation.ended).toMatchObject({ status: 'succeeded', attempts: 1 });
    expect(promotionsOf(secret)).toEqual([rotation.versionId]);
    await expectSettled(stack, secret.arn);
  });

  test.each(['alternating-users', 'admin-clone'])(
    'a copy of the input of a running execution, token included, is refused: %s, of which no one rotated yet',
    async (strategy) => {
      const secret = await pair(stack, strategy);
      const held = inWindow(`${secret.username}_clone`);
      const rotation = await rotateByService(secret);
      await held.arrived;
      const original = await soleExecution(secret);
      const labels = await labelsOf(stack, secret.arn);

      const { input = '{}' } = await stack.executions.describe(original);
      const copy = await run(stack, JSON.parse(input));

      expect(copy).toMatchObject({ status: 'FAILED', error: 'UnknownTokenError' });
      expect(copy.states.at(-1)).toBe('Refused');
      expect((await stack.executions.describe(original)).status, 'the original is held').toBe('RUNNING');
      expect(await labelsOf(stack, secret.arn)).toEqual(labels);
      held.release();
      const end = await ended(stack.executions, original);
      expect(end, end.cause).toMatchObject({ status: 'SUCCEEDED', output: { outcome: 'rotated' } });
      expect(await rotation.ended).toMatchObject({ status: 'succeeded', attempts: 1 });
      await expectSettled(stack, secret.arn);
      expect(await stack.credentialOf(secret.arn)).toMatchObject({ username: `${secret.username}_clone` });
      await rotated(stack, secret.arn);
    },
  );

  test.each([
    ['alternating-users', 0],
    ['admin-clone', 200],
  ])(
    '%s, of which no one rotated yet: the second of two executions, %s ms later, is refused',
    async (strategy, ms) => {
      const secret = await pair(stack, strategy);
      const held = inWindow(`${secret.username}_clone`);
      const started = await Promise.all(
        [0, ms].map(async (wait) => {
          await sleep(wait);
          return await stack.executions.start({ secretId: secret.arn });
        }),
      );
      const ends = started.map((arn) => ended(stack.executions, arn));

      const refused = await Promise.race(ends);

      expect(refused).toMatchObject({ status: 'FAILED', error: 'RotationInProgressError' });
      expect(refused.states.at(-1)).toBe('Refused');
      await held.arrived;
      held.release();
      const winner = (await Promise.all(ends)).find(({ arn }) => arn !== refused.arn);
      expect(winner, winner?.cause).toMatchObject({ status: 'SUCCEEDED', output: { outcome: 'rotated' } });
      await expectSettled(stack, secret.arn);
      expect(await stack.credentialOf(secret.arn)).toMatchObject({ username: `${secret.username}_clone` });
      await rotated(stack, secret.arn);
      expect(await stack.credentialOf(secret.arn)).toMatchObject({ username: secret.username });
    },
  );

  test.each(['before the rotation sees that its lock is gone', 'after the rotation left all to it'])(
    'a recovery by hand beside a live rotation is stopped in its wait, %s: others follow by the rule',
    async (when) => {
      const secret = await stack.makeSecret();
      const held = inWindow(secret.username);
      const rotation = await stack.executions.start({ secretId: secret.arn });
      await held.arrived;
      const byHand = await stack.recoveries.start({ secretId: secret.arn });
      await expect.poll(() => stack.recoveries.states(byHand), { timeout: 30_000 }).toContain('WaitForDrain');
      held.release();
      if (when.startsWith('after')) await ended(stack.executions, rotation);
      await stack.recoveries.abort(byHand);
      // No one does anything from here on.
      expect((await stack.recoveries.states(byHand)).at(-1)).toBe('WaitForDrain');

      const end = await ended(stack.executions, rotation);

      expect(end).toMatchObject({ status: 'FAILED', error: 'RotationSupersededError' });
      expect(end.states.at(-1)).toBe('Superseded');
      expect(await logsInEverywhere(stack, secret), 'the rotation left an outage').toBe(false);
      const recovery = await recoveryOf(stack, byHand);
      expect(recovery, recovery.cause).toMatchObject({ status: 'SUCCEEDED' });
      expect(recovery.states.at(-1)).toBe('Recovered');
      expect(await recoveryOf(stack, rotation)).toMatchObject({ status: 'SUCCEEDED' });
      await expectSettled(stack, secret.arn);
      await rotated(stack, secret.arn);
    },
  );

  test('a retirement that meets the lock of another rotation waits for its end, and retires', async () => {
    const secret = await pair(stack, 'alternating-users', {
      'docdb-rotation:retirement-policy': 'lock',
      'docdb-rotation:grace': '600',
    });
    const { output } = await rotated(stack, secret.arn);
    const { input = '{}' } = await stack.retirements.describe(String(output.retirement));
    const { current } = await labelsOf(stack, secret.arn);
    const held = inWindow(secret.username);
    const other = await stack.executions.start({ secretId: secret.arn });
    await held.arrived;

    // The same without the grace.
    const retirement = await stack.retirements.start({ ...JSON.parse(input), graceSeconds: 0 });
    await expect
      .poll(async () => JSON.stringify(await stack.retirements.history(retirement)), { timeout: 40_000 })
      .toContain('RotationInProgressError');
    expect((await stack.retirements.describe(retirement)).status).toBe('RUNNING');
    stack.secretsManagerStandIn.faults.add({
      kind: 'error-before',
      type: 'AccessDeniedException',
      operation: 'UpdateSecretVersionStage',
      secretId: secret.arn,
      when: ({ input }) => input.VersionStage === 'AWSCURRENT',
      times: 1,
    });
    held.release();

    expect(await ended(stack.executions, other)).toMatchObject({ status: 'FAILED', error: 'RolledBack' });
    expect(await ended(stack.retirements, retirement)).toMatchObject({
      status: 'SUCCEEDED',
      output: { outcome: 'locked', user: secret.username },
    });
    expect(await logsInEverywhere(stack, secret)).toBe(false);
    expect(await labelsOf(stack, secret.arn)).toMatchObject({ current });
    await expectSettled(stack, secret.arn);
  });

  test('AWSPENDING is taken off by hand in the outage window: the rotation ends well', async () => {
    const secret = await stack.makeSecret();
    const held = inWindow(secret.username);
    const rotation = await stack.executions.start({ secretId: secret.arn });
    await held.arrived;
    await takeOff(secret.arn, 'AWSPENDING');
    held.release();

    const end = await ended(stack.executions, rotation);

    expect(end, end.cause).toMatchObject({ status: 'SUCCEEDED', output: { outcome: 'rotated' } });
    await expectSettled(stack, secret.arn);
    expect(await logsInEverywhere(stack, secret)).toBe(false);
    await rotated(stack, secret.arn);
  });

  test('the owner label is taken off by hand in the outage window: a recovery follows by itself', async () => {
    const secret = await stack.makeSecret();
    const held = inWindow(secret.username);
    const rotation = await stack.executions.start({ secretId: secret.arn });
    await held.arrived;
    await takeOff(secret.arn, OWNER);
    held.release();

    const end = await ended(stack.executions, rotation);

    expect(end).toMatchObject({ status: 'FAILED', error: 'RotationSupersededError' });
    expect(end.states.at(-1)).toBe('Superseded');
    const recovery = await recoveryOf(stack, rotation);
    expect(recovery, recovery.cause).toMatchObject({ status: 'SUCCEEDED' });
    expect(recovery.states.at(-1)).toBe('Recovered');
    await expectSettled(stack, secret.arn);
    await rotated(stack, secret.arn);
  });
});

describe('where AWS documents nothing', () => {
  let stack: LocalStack;
  beforeAll(async () => {
    stack = await startStack(1);
  });
  afterAll(async () => {
    await stack?.stop();
  });

  describe.each(['keep', 'remove'] as const)(
    'where PutSecretValue would %s a parked AWSPENDING',
    (pendingOfLastCurrent) => {
      beforeAll(() => {
        stack.secretsManagerStandIn.behaviour = behaviour(pendingOfLastCurrent);
      });

      test('a value that is written by hand after a rotation is in no one’s way, and kept', async () => {
        const secret = await stack.makeSecret();
        await rotated(stack, secret.arn);
        expect(await holderOf(stack, secret.arn, 'AWSPENDING')).toBe(
          await holderOf(stack, secret.arn, 'AWSCURRENT'),
        );
        const edited = randomUUID();

        await stack.secretsManager.send(
          new PutSecretValueCommand({
            SecretId: secret.arn,
            SecretString: JSON.stringify({ ...(await secretValue(stack, secret.arn)), edited }),
          }),
        );

        expect(await holderOf(stack, secret.arn, 'AWSPENDING')).toBe(
          pendingOfLastCurrent === 'keep' ? await holderOf(stack, secret.arn, 'AWSPREVIOUS') : undefined,
        );
        const before = await stack.credentialOf(secret.arn);
        await rotated(stack, secret.arn);
        expect(await secretValue(stack, secret.arn)).toMatchObject({ edited });
        expect(await logsInEverywhere(stack, before)).toBe(false);
      });

      test('rotations of every strategy succeed though reads may be two seconds old', async () => {
        const secrets = await Promise.all([
          stack.makeSecret(),
          pair(stack, 'alternating-users'),
          pair(stack, 'admin-clone'),
        ]);
        stack.secretsManagerStandIn.staleReads = { monotonic: false, milliseconds: 2000 };
        try {
          const ends = await Promise.all(secrets.map(({ arn }) => run(stack, { secretId: arn })));
          for (const end of ends)
            expect(end, end.cause).toMatchObject({ status: 'SUCCEEDED', output: { outcome: 'rotated' } });
        } finally {
          stack.secretsManagerStandIn.staleReads = undefined;
        }
        for (const { arn } of secrets) await expectSettled(stack, arn);
      });
    },
  );

  test('no password is in any history, log, output or cause of all this', async () => {
    await expectNoPasswordAnywhere(stack);
  });
});
