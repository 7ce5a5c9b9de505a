import { expect } from 'vitest';
import type { Outcome } from '../../functions/report-end/outcome.ts';
import { newExecution } from '../commands/demonstration/new-execution.ts';
import { labelsOf, recover, recoveryOf, run } from '../integration/outside.ts';
import { type DatabaseSecret, type LocalStack, newPassword } from '../stack/local-stack/index.ts';

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
    RolledBackToPrevious: quiet(async () => {
      const secret = await stack.makeSecret();
      await rotate(secret);
      return (await run(stack, { secretId: secret.arn, mode: 'rollback' })).arn;
    }),
    Verified: quiet(async () => {
      const secret = await stack.makeSecret();
      return (await run(stack, { secretId: secret.arn, mode: 'verify' })).arn;
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
        denyTakingPendingOff(stack, secret);
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
    Superseded: { cause: () => superseded(stack), alarms: ['RecoveryStarted', 'Superseded'] },
    Stopped: quiet(() => stopVerify(stack)),
    NothingToRecover: quiet(async () => {
      const known = await stack.recoveries.list();
      await stopVerify(stack);
      return await newExecution(stack.recoveries, known);
    }),
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
        // Without the admin secret, by whose power alone it could be done.
        return await stack.retirements.start(retirementOf(secret, promoted));
      },
      alarms: ['RetirementFailed'],
    },
  };
};

const PAIR = { 'docdb-rotation:strategy': 'alternating-users' };
const RETIRED_AT_ONCE = { 'docdb-rotation:predecessor': 'lock', 'docdb-rotation:grace': '0' };

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
const denyTakingPendingOff = (stack: LocalStack, { arn }: DatabaseSecret) =>
  stack.secretsManagerStandIn.faults.add({
    kind: 'error-before',
    type: 'AccessDeniedException',
    operation: 'UpdateSecretVersionStage',
    secretId: arn,
    when: ({ input }) => input.VersionStage === 'AWSPENDING' && input.MoveToVersionId === undefined,
  });

/** A person starts a recovery beside a rotation, while the new password is tested. */
const superseded = async (stack: LocalStack): Promise<string> => {
  const { arn: secretId, username } = await stack.makeSecret();
  let isChanged = false;
  const stop = stack.documentDb.onCommand(async ({ when, command, target, user }) => {
    if (when === 'after' && command === 'updateUser' && target === username) isChanged = true;
    if (!isChanged || when !== 'before' || command !== 'connectionStatus' || user !== username) return;
    stop();
    expect(await recover(stack, { secretId })).toMatchObject({ status: 'SUCCEEDED' });
  });
  const { arn } = await run(stack, { secretId });
  expect(await recoveryOf(stack, arn)).toMatchObject({ output: { outcome: 'nothing-to-do' } });
  return arn;
};

/** Someone stops the recovery of a secret, and the rule starts another one. */
export const stopRecovery = async (stack: LocalStack): Promise<string> => {
  const secret = await stack.makeSecret();
  const recovery = await stack.recoveries.start({ secretId: secret.arn });
  await abortAt(stack, recovery, 'connectionStatus', secret);
  expect(await recoveryOf(stack, recovery)).toMatchObject({ status: 'SUCCEEDED' });
  return recovery;
};

/** Someone stops the retirement of a user, while it is locked. */
export const stopRetirement = async (stack: LocalStack): Promise<string> => {
  const { secret, promoted } = await rotatedPair(stack);
  const retirement = await stack.retirements.start({
    ...retirementOf(secret, promoted),
    adminSecret: stack.adminSecret.arn,
  });
  await abortAt(stack, retirement, 'updateUser', secret);
  expect(await recoveryOf(stack, retirement)).toMatchObject({ status: 'SUCCEEDED' });
  return retirement;
};

/** Aborts an execution when one of its functions has just had this command done. */
const abortAt = async (
  stack: LocalStack,
  execution: string,
  command: string,
  { username }: DatabaseSecret,
): Promise<void> => {
  const aborted = Promise.withResolvers<void>();
  const stop = stack.documentDb.onCommand(async (event) => {
    const isMeant = event.command === command && (event.target ?? event.user) === username;
    if (event.when !== 'after' || !isMeant) return;
    stop();
    aborted.resolve(stack.executions.abort(execution));
  });
  await aborted.promise;
};

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
