import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type DatabaseSecret, type LocalStack, startLocalStack } from '../../local-stack/deployment/index.ts';
import type { SeenRequest } from '../../local-stack/secrets-manager/index.ts';
import {
  ended,
  expectNoPasswordAnywhere,
  expectSettled,
  type Labels,
  labelsOf,
  logsInEverywhere,
  OWNER,
  recover,
  recoveryOf,
  run,
} from './outside-judge.ts';

/** What fails, wherever: AWSCURRENT logs in at the end, and nothing is left dangling. */
let stack: LocalStack;
beforeAll(async () => {
  stack = await startLocalStack({ instances: 2, propagationTimeoutSeconds: 6, drainSeconds: 1 });
});
afterEach(() => {
  stack.documentDb.faults.clear();
  stack.secretsManagerStandIn.faults.removeAll();
});
afterAll(async () => {
  await stack?.stop();
});

/** A secret that has an AWSPREVIOUS, so that a rollback has three labels to put back. */
const secretWithHistory = async (): Promise<{ secret: DatabaseSecret; before: Labels }> => {
  const secret = await stack.makeSecret();
  expect(await run(stack, { secretId: secret.arn })).toMatchObject({ status: 'SUCCEEDED' });
  return { secret, before: await labelsOf(stack, secret.arn) };
};

/** Does something once, when FinishSecret has moved AWSCURRENT of this secret. */
const oncePromoted = (secretArn: string, act: () => void): void => {
  const stop = stack.secretsManagerStandIn.onRequest(({ moment, operation, input, secretId }) => {
    const promoted = operation === 'UpdateSecretVersionStage' && input.VersionStage === 'AWSCURRENT';
    if (moment !== 'after' || !promoted || secretId !== secretArn) return;
    stop();
    act();
  });
};

const expectRolledBack = async (secretArn: string, before: Labels, cause: RegExp): Promise<void> => {
  const execution = await run(stack, { secretId: secretArn });
  expect(execution).toMatchObject({ status: 'FAILED', error: 'RolledBack' });
  expect(execution.cause).toMatch(cause);
  expect(await labelsOf(stack, secretArn)).toEqual(before);
  await expectSettled(stack, secretArn);
};

describe('a rotation goes on', () => {
  test('when SetSecret loses its connection before the password is changed', async () => {
    const { secret } = await secretWithHistory();
    const fault = stack.documentDb.faults.add({
      kind: 'cut-before',
      command: 'updateUser',
      target: secret.username,
    });

    expect(await run(stack, { secretId: secret.arn })).toMatchObject({ status: 'SUCCEEDED' });

    expect(fault.hits).toBe(1);
    await expectSettled(stack, secret.arn);
  });

  test('when SetSecret loses its connection after the password was changed', async () => {
    const { secret } = await secretWithHistory();
    const fault = stack.documentDb.faults.add({
      kind: 'cut-after',
      command: 'updateUser',
      target: secret.username,
    });

    expect(await run(stack, { secretId: secret.arn })).toMatchObject({ status: 'SUCCEEDED' });

    expect(fault.hits).toBe(1);
    await expectSettled(stack, secret.arn);
  });

  test('when the cluster fails over before SetSecret writes', async () => {
    const { secret } = await secretWithHistory();
    const fault = stack.documentDb.faults.add({
      kind: 'fail-over',
      command: 'updateUser',
      target: secret.username,
    });

    expect(await run(stack, { secretId: secret.arn })).toMatchObject({ status: 'SUCCEEDED' });

    expect(fault.hits).toBe(1);
    await expectSettled(stack, secret.arn);
  });

  test.each([
    { answer: 'a write conflict', action: { kind: 'refuse', code: 112, codeName: 'WriteConflict' } },
    { answer: 'that no majority confirms it', action: { kind: 'write-concern-error', code: 64 } },
  ] as const)('when the answer to the change of the password is $answer', async ({ action }) => {
    const { secret } = await secretWithHistory();
    const fault = stack.documentDb.faults.add({
      ...action,
      command: 'updateUser',
      target: secret.username,
    });

    expect(await run(stack, { secretId: secret.arn })).toMatchObject({ status: 'SUCCEEDED' });

    expect(fault.hits).toBe(1);
    await expectSettled(stack, secret.arn);
  });

  test.each(['PutSecretValue', 'UpdateSecretVersionStage'])(
    'when the reply to %s is lost',
    async (operation) => {
      const { secret } = await secretWithHistory();
      const fault = stack.secretsManagerStandIn.faults.add({
        kind: 'reply-lost',
        operation,
        secretId: secret.arn,
        times: 1,
      });

      expect(await run(stack, { secretId: secret.arn })).toMatchObject({ status: 'SUCCEEDED' });

      expect(fault.hits).toBe(1);
      await expectSettled(stack, secret.arn);
    },
  );

  test('when every reply to the promotion is lost that the SDK waits for', async () => {
    const { secret } = await secretWithHistory();
    const fault = stack.secretsManagerStandIn.faults.add({
      kind: 'reply-lost',
      operation: 'UpdateSecretVersionStage',
      secretId: secret.arn,
      when: ({ input }) => input.VersionStage === 'AWSCURRENT',
      times: 3,
    });

    expect(await run(stack, { secretId: secret.arn })).toMatchObject({ status: 'SUCCEEDED' });

    expect(fault.hits).toBe(3);
    await expectSettled(stack, secret.arn);
  });

  test('when Secrets Manager throttles', async () => {
    const { secret } = await secretWithHistory();
    stack.secretsManagerStandIn.faults.add({
      kind: 'error-before',
      type: 'ThrottlingException',
      operation: 'DescribeSecret',
      secretId: secret.arn,
      times: 5,
    });

    expect(await run(stack, { secretId: secret.arn })).toMatchObject({ status: 'SUCCEEDED' });
    await expectSettled(stack, secret.arn);
  });
});

describe('a rotation is compensated, with the three labels where they were', () => {
  test('when TestSecret never passes', async () => {
    const { secret, before } = await secretWithHistory();
    await stack.documentDb.setPropagationDelay(1, Number.POSITIVE_INFINITY);
    try {
      await expectRolledBack(secret.arn, before, /TestSecret failed with CredentialNotPropagatedError/);
    } finally {
      await stack.documentDb.setPropagationDelay(1, 0);
    }
  });

  test('when the database refuses the password', async () => {
    const { secret, before } = await secretWithHistory();
    stack.documentDb.faults.add({
      kind: 'refuse',
      code: 2,
      codeName: 'BadValue',
      command: 'updateUser',
      target: secret.username,
    });

    await expectRolledBack(secret.arn, before, /SetSecret failed with ChangeRefusedError.*BadValue/);
  });

  test('when FinishSecret may not move AWSCURRENT', async () => {
    const { secret, before } = await secretWithHistory();
    stack.secretsManagerStandIn.faults.add({
      kind: 'error-before',
      type: 'AccessDeniedException',
      operation: 'UpdateSecretVersionStage',
      secretId: secret.arn,
      when: ({ input }) => input.VersionStage === 'AWSCURRENT',
      times: 1,
    });

    await expectRolledBack(secret.arn, before, /FinishSecret failed with SecretsManagerRefusedError/);
  });

  test('when CheckAfter fails after the promotion: AWSPREVIOUS is put back', async () => {
    const { secret, before } = await secretWithHistory();
    oncePromoted(secret.arn, () => {
      stack.documentDb.faults.add({
        kind: 'refuse',
        code: 2,
        command: 'connectionStatus',
        user: secret.username,
      });
    });

    await expectRolledBack(secret.arn, before, /CheckAfter failed with ChangeRefusedError/);
  });
});

test('an execution that is aborted right after the database changed is recovered by the rule', async () => {
  const { secret } = await secretWithHistory();
  const execution = await stack.executions.start({ secretId: secret.arn });
  const changed = Promise.withResolvers<void>();
  const stop = stack.documentDb.onCommand(async ({ when, command, target }) => {
    if (when !== 'after' || command !== 'updateUser' || target !== secret.username) return;
    stop();
    await stack.executions.abort(execution);
    changed.resolve();
    // The function ends by it: the recovery waits for a second here, and it might take longer.
    return { kind: 'cut-after' };
  });
  await changed.promise;
  expect((await stack.executions.waitFor(execution)).status).toBe('ABORTED');

  expect(await recoveryOf(stack, execution)).toMatchObject({
    status: 'SUCCEEDED',
    output: { outcome: 'recovered' },
  });
  await expectSettled(stack, secret.arn);
});

test('a recovery whose event lacks the input, as under a key of the user’s, asks what was stopped', async () => {
  const { secret } = await secretWithHistory();
  const verified = await run(stack, { secretId: secret.arn, mode: 'verify' });
  const failed = await run(stack, { secretId: 'there/is-no-such-secret' });
  const rotated = await run(stack, { secretId: secret.arn });

  const recoverFrom = (executionArn: string, status: string) => recover(stack, { executionArn, status });
  expect(await recoverFrom(rotated.arn, 'TIMED_OUT')).toMatchObject({
    status: 'SUCCEEDED',
    output: { outcome: 'nothing-to-do', secret: secret.arn },
  });
  for (const recovery of [
    await recoverFrom(verified.arn, 'ABORTED'),
    // Its error is one of its own, which only Step Functions tells.
    await recoverFrom(failed.arn, 'FAILED'),
  ]) {
    expect(recovery, recovery.cause).toMatchObject({ status: 'SUCCEEDED' });
    expect(recovery.states.at(-1)).toBe('NothingToRecover');
  }
  await expectSettled(stack, secret.arn);
});

test('the lock and AWSPENDING of a running rotation survive the recovery of another execution', async () => {
  const { secret } = await secretWithHistory();
  const gate = Promise.withResolvers<void>();
  const arrived = Promise.withResolvers<void>();
  // The driver gives up after ten seconds, and is tried again.
  const stop = stack.documentDb.onCommand(async ({ when, command, target }) => {
    if (when !== 'before' || command !== 'updateUser' || target !== secret.username) return;
    arrived.resolve();
    await gate.promise;
  });
  const running = await stack.executions.start({ secretId: secret.arn });
  await arrived.promise;
  const labels = await labelsOf(stack, secret.arn);
  expect(labels).toMatchObject({ pending: expect.any(String), others: [OWNER] });
  const executionArn = await stack.executions.start({ secretId: secret.arn });

  const [late, other] = await Promise.all([
    ended(stack.executions, executionArn),
    recover(stack, {
      executionArn,
      status: 'ABORTED',
      input: JSON.stringify({ secretId: secret.arn }),
    }),
  ]);

  expect(late).toMatchObject({ status: 'FAILED', error: 'RotationInProgressError' });
  expect(other).toMatchObject({ status: 'SUCCEEDED' });
  expect(other.states.at(-1)).toBe('NothingToRecover');
  expect(await labelsOf(stack, secret.arn)).toEqual(labels);
  stop();
  gate.resolve();
  expect(await ended(stack.executions, running)).toMatchObject({ status: 'SUCCEEDED' });
  await expectSettled(stack, secret.arn);
});

test.each([
  {
    what: 'may not put AWSCURRENT back',
    when: ({ input }: SeenRequest, before: Labels) =>
      input.VersionStage === 'AWSCURRENT' && input.MoveToVersionId === before.current,
    state: 'RestoreLabels',
  },
  {
    what: 'may not take AWSPENDING off',
    when: ({ input }: SeenRequest, before: Labels) =>
      input.VersionStage === 'AWSPENDING' && input.MoveToVersionId === before.current,
    state: 'ReleaseLock',
  },
])('a compensation that $what ends in RollbackFailed, and keeps the lock', async ({ what, when, state }) => {
  const { secret, before } = await secretWithHistory();
  const refusal = { kind: 'refuse', code: 2, user: secret.username } as const;
  if (what.includes('AWSCURRENT')) {
    oncePromoted(secret.arn, () => stack.documentDb.faults.add({ ...refusal, command: 'connectionStatus' }));
  } else {
    stack.documentDb.faults.add({ kind: 'refuse', code: 2, command: 'updateUser', target: secret.username });
  }
  const denied = stack.secretsManagerStandIn.faults.add({
    kind: 'error-before',
    type: 'AccessDeniedException',
    operation: 'UpdateSecretVersionStage',
    secretId: secret.arn,
    when: (request) => when(request, before),
  });

  const failed = await run(stack, { secretId: secret.arn });
  expect(failed).toMatchObject({ status: 'FAILED', error: 'RollbackFailed' });
  expect(failed.states).toContain('NotifyOperators');
  expect(failed.cause).toContain(`${state} failed with SecretsManagerRefusedError`);
  expect(await labelsOf(stack, secret.arn)).toMatchObject({ others: [OWNER] });

  denied.remove();
  // Nothing else acts until a recovery has succeeded.
  expect(await run(stack, { secretId: secret.arn })).toMatchObject({ error: 'RotationInProgressError' });
  expect(await recover(stack, { secretId: secret.arn })).toMatchObject({ status: 'SUCCEEDED' });
  await expectSettled(stack, secret.arn);
  expect(await logsInEverywhere(stack, await stack.credentialOf(secret.arn))).toBe(true);
});

test('a secret that no function may touch is refused, and no operator is told', async () => {
  const { secret, before } = await secretWithHistory();
  const denied = stack.secretsManagerStandIn.faults.add({
    kind: 'error-before',
    type: 'AccessDeniedException',
    operation: 'DescribeSecret',
    secretId: secret.arn,
  });

  const execution = await run(stack, { secretId: secret.arn });
  denied.remove();

  expect(execution).toMatchObject({ status: 'FAILED', error: 'SecretNotRotatableError' });
  expect(execution.states).not.toContain('NotifyOperators');
  expect(await labelsOf(stack, secret.arn)).toEqual(before);
});

test('no password is in any history, log, output or cause of all this', async () => {
  await expectNoPasswordAnywhere(stack);
});
