import { RotateSecretCommand } from '@aws-sdk/client-secrets-manager';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import {
  expectNoPasswordAnywhere,
  expectSettled,
  labelsOf,
  logsInEverywhere,
  recoveriesOf,
  run,
} from '../e2e/rotations/outside-judge.ts';
import type { DatabaseSecret, LocalStack } from '../local-stack/deployment/index.ts';
import { useStack } from '../local-stack/deployment/use-stack.ts';
import type { Behaviour, Rotation } from '../local-stack/secrets-manager/index.ts';

/**
 * What AWS does not document, both ways. How often a failed rotation is retried, and with which token; whether
 * AWSPENDING stays on the version that became AWSCURRENT; whether the function's role alone, without the
 * RotationToken, may write a version in rotation. See README.md.
 */
const POSSIBILITIES: readonly [string, Behaviour][] = [
  [
    'retries keep the token, AWSPENDING is taken off, only the RotationToken permits',
    {
      retryFailedRotation: { times: 2, reuseToken: true },
      pendingAfterSuccess: 'remove',
      isRotationFunction: () => false,
    },
  ],
  [
    'retries keep the token, AWSPENDING stays, any role of this account may write',
    {
      retryFailedRotation: { times: 2, reuseToken: true },
      pendingAfterSuccess: 'keep',
      isRotationFunction: () => true,
    },
  ],
  [
    'retries take a new token, AWSPENDING is taken off seconds later, only the RotationToken permits',
    {
      retryFailedRotation: { times: 2, reuseToken: false },
      pendingAfterSuccess: { removedAfterMs: 1500 },
      isRotationFunction: () => false,
    },
  ],
];

let stack: LocalStack;
useStack({ propagationTimeoutSeconds: 6, drainSeconds: 1, waitScale: 0 }, (started) => {
  stack = started;
});
afterEach(() => {
  stack.documentDb.faults.clear();
  stack.secretsManagerStandIn.faults.removeAll();
});

describe.each(POSSIBILITIES)('if %s', (_what, behaviour) => {
  beforeAll(() => {
    stack.secretsManagerStandIn.behaviour = behaviour;
  });

  const secretOf = (strategy: string): Promise<DatabaseSecret> =>
    stack.makeSecret({ tags: { 'docdb-rotation:strategy': strategy } });

  const rotate = async ({ arn }: DatabaseSecret, RotateImmediately = true): Promise<Rotation> => {
    await stack.secretsManager.send(
      new RotateSecretCommand({
        SecretId: arn,
        RotationLambdaARN: stack.triggerFunctionArn,
        RotateImmediately,
        RotationRules: { AutomaticallyAfterDays: 30 },
      }),
    );
    const rotation = await stack.secretsManagerStandIn.rotations.latest(arn)?.ended;
    if (rotation === undefined) throw new Error('no rotation was begun');
    return rotation;
  };

  /** AWSCURRENT may not leave the version that has it now; compensation may move it back there. */
  const denyPromotion = async ({ arn }: DatabaseSecret, times: number) => {
    const { current } = await labelsOf(stack, arn);
    return stack.secretsManagerStandIn.faults.add({
      kind: 'error-before',
      type: 'AccessDeniedException',
      operation: 'UpdateSecretVersionStage',
      secretId: arn,
      when: ({ input }) => input.VersionStage === 'AWSCURRENT' && input.RemoveFromVersionId === current,
      times,
    });
  };

  const strategies = ['single-user', 'alternating-users'];

  test.each(strategies)(
    '%s: two rotations, one on demand and a third follow each other',
    async (strategy) => {
      const secret = await secretOf(strategy);
      for (const _round of [1, 2]) {
        expect(await rotate(secret)).toMatchObject({ status: 'succeeded', attempts: 1 });
        await expectSettled(stack, secret.arn);
      }
      expect(await run(stack, { secretId: secret.arn })).toMatchObject({ status: 'SUCCEEDED' });
      await expectSettled(stack, secret.arn);
      expect(await rotate(secret)).toMatchObject({ status: 'succeeded', attempts: 1 });
      await expectSettled(stack, secret.arn);
    },
  );

  test.each(strategies)(
    '%s: a rotation that was rolled back succeeds when it is retried',
    async (strategy) => {
      const secret = await secretOf(strategy);
      const denied = await denyPromotion(secret, 1);
      const rotation = await rotate(secret);
      expect(denied.hits).toBe(1);
      expect(rotation, JSON.stringify(rotation.failures)).toMatchObject({ status: 'succeeded', attempts: 2 });
      expect(await labelsOf(stack, secret.arn)).toMatchObject({ current: rotation.versionId });
      await expectSettled(stack, secret.arn);
    },
  );

  test.each(strategies)('%s: one that fails each time leaves all as it was', async (strategy) => {
    const secret = await secretOf(strategy);
    expect(await rotate(secret)).toMatchObject({ status: 'succeeded' });
    const before = await labelsOf(stack, secret.arn);
    const credential = await stack.credentialOf(secret.arn);
    await denyPromotion(secret, 3);

    expect(await rotate(secret)).toMatchObject({ status: 'failed', attempts: 3 });

    expect(await labelsOf(stack, secret.arn)).toEqual(before);
    expect(await logsInEverywhere(stack, credential)).toBe(true);
    await expectSettled(stack, secret.arn);
    // And the next one is not in its way.
    expect(await rotate(secret)).toMatchObject({ status: 'succeeded' });
    await expectSettled(stack, secret.arn);
  });

  test('one whose version could not be written is retried', async () => {
    const secret = await secretOf('single-user');
    const denied = stack.secretsManagerStandIn.faults.add({
      kind: 'error-before',
      type: 'AccessDeniedException',
      operation: 'PutSecretValue',
      secretId: secret.arn,
      times: 1,
    });
    expect(await rotate(secret)).toMatchObject({ status: 'succeeded', attempts: 2 });
    expect(denied.hits).toBe(1);
    await expectSettled(stack, secret.arn);
  });

  test('one whose execution someone aborts is retried beside the recovery', async () => {
    const secret = await secretOf('single-user');
    const aborted: string[] = [];
    const stop = stack.documentDb.onCommand(async (event) => {
      if (event.when !== 'after' || event.outcome !== 'ok') return;
      if (event.command !== 'updateUser' || event.target !== secret.username) return;
      stop();
      for (const execution of await running(secret)) {
        await stack.executions.abort(execution);
        aborted.push(execution);
      }
      // The function ends by it: the recovery waits for nothing here.
      return { kind: 'cut-after' };
    });
    const rotation = await rotate(secret);
    expect(['succeeded', 'failed']).toContain(rotation.status);
    // The recovery may still be at work, or not even have begun.
    expect(aborted).toHaveLength(1);
    await expect.poll(() => recoveriesOf(stack, aborted[0] ?? ''), { timeout: 30_000 }).toHaveLength(1);
    await expect
      .poll(async () => (await labelsOf(stack, secret.arn)).pending, { timeout: 30_000 })
      .toBeUndefined();
    await expect.poll(() => running(secret), { timeout: 30_000 }).toEqual([]);
    await expectSettled(stack, secret.arn);
  });

  /** The rotations and recoveries of a secret that have not ended. The event of a recovery has the rotation's input. */
  const running = async ({ arn }: DatabaseSecret): Promise<string[]> => {
    const found: string[] = [];
    for (const execution of [...(await stack.executions.list()), ...(await stack.recoveries.list())]) {
      const { status, input = '' } = await stack.executions.describe(execution);
      if (status === 'RUNNING' && input.includes(arn)) found.push(execution);
    }
    return found;
  };

  test('a lone test that fails is retried, and changes nothing', async () => {
    const secret = await secretOf('single-user');
    expect(await rotate(secret, false)).toMatchObject({ status: 'succeeded', steps: ['testSecret'] });
    const before = await labelsOf(stack, secret.arn);
    await stack.runCommand({ updateUser: secret.username, pwd: `${secret.password}x` });

    expect(await rotate(secret, false)).toMatchObject({ status: 'failed', attempts: 3 });

    expect(await labelsOf(stack, secret.arn)).toEqual(before);
    await stack.runCommand({ updateUser: secret.username, pwd: secret.password });
    await expectSettled(stack, secret.arn);
  });
});

test('no password is in any history, log, output or cause of all this', async () => {
  await expectNoPasswordAnywhere(stack);
});
