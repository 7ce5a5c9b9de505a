import { setTimeout as sleep } from 'node:timers/promises';
import { UntagResourceCommand } from '@aws-sdk/client-secrets-manager';
import { expect } from 'vitest';
import type { Outcome } from '../../../functions/contract/metrics.ts';
import { type DatabaseSecret, type LocalStack, newPassword } from '../../local-stack/deployment/index.ts';
import { labelsOf, recover, recoveryOf, run } from '../rotations/outside-judge.ts';

/** How an end comes about, and which alarms have to tell of it. */
export interface CausedEnd {
  /** @returns the ARN of the execution that ended so */
  readonly cause: () => Promise<string>;
  readonly alarms: readonly string[];
}

/** What the emulator can't do: it ends no execution because of its time. */
export const NOT_CAUSED = ['TimedOut'] as const satisfies readonly Outcome[];
export type CausedOutcome = Exclude<Outcome, (typeof NOT_CAUSED)[number]>;

/** Real executions, one for each way to end: the compiler asks for a case of each. */
export const endsOn = (stack: LocalStack): Record<CausedOutcome, CausedEnd> => {
  const rotate = (secret: DatabaseSecret) => run(stack, { secretId: secret.arn });
  const quiet = (cause: () => Promise<string>): CausedEnd => ({ cause, alarms: [] });
  return {
    Rotated: quiet(async () => (await rotate(await stack.makeSecret())).arn),
    Reverted: quiet(async () => {
      const secret = await stack.makeSecret();
      await rotate(secret);
      return (await run(stack, { secretId: secret.arn, mode: 'revert' })).arn;
    }),
    Verified: quiet(async () => {
      const secret = await stack.makeSecret();
      return (await run(stack, { secretId: secret.arn, mode: 'verify' })).arn;
    }),
    Checked: quiet(async () => {
      const secret = await stack.makeSecret();
      return (await run(stack, { secretId: secret.arn, mode: 'check' })).arn;
    }),
    Recovered: quiet(async () => {
      const secret = await stack.makeSecret();
      return (await recover(stack, { secretId: secret.arn })).arn;
    }),
    Refused: quiet(async () => (await run(stack, { secretId: 'there/is-no-such-secret' })).arn),
    RolledBack: {
      cause: async () => {
        const secret = await stack.makeSecret();
        denyPromotion(stack, secret);
        return (await rotate(secret)).arn;
      },
      alarms: ['RolledBack'],
    },
    RollbackFailed: {
      cause: async () => {
        const secret = await stack.makeSecret();
        denyPromotion(stack, secret);
        denyTakingTheLockOff(stack, secret);
        return (await rotate(secret)).arn;
      },
      alarms: ['RollbackFailed'],
    },
    RecoveryFailed: {
      cause: async () => {
        const secret = await stack.makeSecret();
        await stack.runCommand({ updateUser: secret.username, pwd: newPassword() });
        return (await recover(stack, { secretId: secret.arn })).arn;
      },
      alarms: ['RecoveryFailed'],
    },
    CutOff: {
      cause: async () => {
        const secret = await stack.makeSecret();
        const execution = await stack.executions.start({ secretId: secret.arn });
        await abortAt(stack, execution, 'updateUser', secret);
        expect(await recoveryOf(stack, execution)).toMatchObject({ status: 'SUCCEEDED' });
        return execution;
      },
      alarms: ['RecoveryStarted'],
    },
    Superseded: {
      cause: async () => {
        const secret = await stack.makeSecret();
        const recovery = recoverAt(stack, 'updateUser', secret);
        const { arn } = await rotate(secret);
        expect(await stack.recoveries.waitFor(await recovery)).toMatchObject({ status: 'SUCCEEDED' });
        return arn;
      },
      alarms: ['RecoveryStarted', 'Superseded'],
    },
    Stopped: quiet(() => stopVerify(stack)),
    NothingToRecover: quiet(async () => (await recoveryOf(stack, await stopVerify(stack))).arn),
    Retired: quiet(async () => {
      const secret = await stack.makeSecret({ tags: { ...PAIR, ...RETIRED_AT_ONCE } });
      const { output } = await rotate(secret);
      return String(output.retirement);
    }),
    RetirementSuperseded: quiet(async () => {
      const { secret, promoted } = await rotatedPair(stack);
      await rotate(secret);
      const admin = { adminSecret: stack.adminSecret.arn };
      return await stack.retirements.start({ ...retirementOf(secret, promoted), ...admin });
    }),
    RetirementFailed: {
      cause: async () => {
        const { secret, promoted } = await rotatedPair(stack);
        // Without the tag of the admin secret, by whose power alone it could be done.
        const TagKeys = ['docdb-rotation:admin-secret'];
        await stack.secretsManager.send(new UntagResourceCommand({ SecretId: secret.arn, TagKeys }));
        return await stack.retirements.start(retirementOf(secret, promoted));
      },
      alarms: ['RetirementFailed'],
    },
  };
};

const PAIR = { 'docdb-rotation:strategy': 'alternating-users' };
const RETIRED_AT_ONCE = { 'docdb-rotation:retirement-policy': 'lock', 'docdb-rotation:grace': '0' };

/** FinishSecret may not promote, so the rotation is rolled back. */
export const denyPromotion = (stack: LocalStack, { arn }: DatabaseSecret) =>
  stack.secretsManagerStandIn.faults.add({
    kind: 'error-before',
    type: 'AccessDeniedException',
    operation: 'UpdateSecretVersionStage',
    secretId: arn,
    when: ({ input }) => input.VersionStage === 'AWSCURRENT',
    times: 1,
  });

/** Nor may ReleaseLock clear up. */
const denyTakingTheLockOff = (stack: LocalStack, { arn }: DatabaseSecret) =>
  stack.secretsManagerStandIn.faults.add({
    kind: 'error-before',
    type: 'AccessDeniedException',
    operation: 'UpdateSecretVersionStage',
    secretId: arn,
    when: ({ input }) => input.VersionStage === 'AWSPENDING' && input.MoveToVersionId === undefined,
  });

/** Does something when a function has just had this command done, before it learns of that. */
const onceDone = async <T>(
  stack: LocalStack,
  command: string,
  { username }: DatabaseSecret,
  act: () => Promise<T>,
): Promise<T> => {
  const acted = Promise.withResolvers<T>();
  const stop = stack.documentDb.onCommand(async (event) => {
    const isMeant = event.command === command && (event.target ?? event.user) === username;
    if (event.when !== 'after' || !isMeant) return;
    stop();
    acted.resolve(act());
    await acted.promise;
  });
  return await acted.promise;
};

/** Aborts an execution when one of its functions has just had this command done. */
const abortAt = (
  stack: LocalStack,
  execution: string,
  command: string,
  secret: DatabaseSecret,
): Promise<void> => onceDone(stack, command, secret, () => stack.executions.abort(execution));

/** Someone starts a recovery, which takes the lock. */
const recoverAt = (stack: LocalStack, command: string, secret: DatabaseSecret): Promise<string> =>
  onceDone(stack, command, secret, async () => {
    const recovery = await stack.recoveries.start({ secretId: secret.arn });
    while (!(await stack.recoveries.states(recovery)).includes('WaitForDrain')) await sleep(50);
    return recovery;
  });

const stopVerify = async (stack: LocalStack): Promise<string> => {
  const secret = await stack.makeSecret();
  const execution = await stack.executions.start({ secretId: secret.arn, mode: 'verify' });
  await abortAt(stack, execution, 'connectionStatus', secret);
  return execution;
};

const rotatedPair = async (stack: LocalStack): Promise<{ secret: DatabaseSecret; promoted: string }> => {
  const secret = await stack.makeSecret({ tags: PAIR });
  expect(await run(stack, { secretId: secret.arn })).toMatchObject({ status: 'SUCCEEDED' });
  return { secret, promoted: (await labelsOf(stack, secret.arn)).current ?? '' };
};

const retirementOf = ({ arn, username }: DatabaseSecret, version: string) => ({
  secretId: arn,
  version,
  strategy: 'alternating-users',
  predecessor: username,
  policy: 'lock',
  graceSeconds: 0,
});
