import { RotationInProgressError, RotationSupersededError } from '../../functions/contract/errors.ts';
import type { Before, Plan } from '../../functions/contract/steps.ts';
import { createSecret } from '../../functions/create-secret/create-secret.ts';
import { finishSecret } from '../../functions/finish-secret/finish-secret.ts';
import { endExecution } from '../../functions/release-lock/release-lock.ts';
import { restoreCredential } from '../../functions/restore-credential/restore-credential.ts';
import { restoreLabels } from '../../functions/restore-labels/restore-labels.ts';
import { setSecret } from '../../functions/set-secret/set-secret.ts';
import { checkBefore } from '../../functions/test-secret/check-before.ts';
import { newVersionId } from './in-memory-secret-store.ts';
import type { PortCalls } from './port-calls.ts';
import { executionArn } from './rotation-machine.ts';
import { portsOf } from './rotation-steps.ts';
import { type RotationWorld, SECRET } from './rotation-world.ts';

/** Which check of a rotation fails; every other step does what it can. */
export type FailingCheck = 'TestSecret' | 'CheckAfter' | undefined;

class CheckFailedError extends Error {}

/**
 * A rotation on demand and its compensation, as the state machine goes, but without its interpreter: a thousand in a
 * second. What the machine adds (retries, choices, recoveries) is left to the crash matrices.
 */
export const rotateStepByStep = async (
  world: RotationWorld,
  calls: PortCalls,
  failing: FailingCheck,
): Promise<'rotated' | 'refused' | 'rolled back' | 'superseded'> => {
  const ports = () => portsOf(world, calls);
  const execution = executionArn(newVersionId());
  let plan: Plan | null = null;
  let before: Before | null = null;
  let promoted = false;
  try {
    plan = await createSecret(ports(), { execution, secretId: SECRET, mode: 'rotate' });
    before = await checkBefore(ports(), plan);
    await setSecret(ports(), plan, before);
    if (failing === 'TestSecret') throw new CheckFailedError();
    promoted = true;
    await finishSecret(ports(), plan, before);
    if (failing === 'CheckAfter') throw new CheckFailedError();
    await endExecution(ports(), { execution, secretId: SECRET, plan, before, ended: 'promoted' });
    return 'rotated';
  } catch (error) {
    if (error instanceof RotationInProgressError) return 'refused';
    if (error instanceof RotationSupersededError) return 'superseded';
    if (!(error instanceof CheckFailedError) || plan === null || before === null) throw error;
    await compensate(world, calls, { execution, plan, before, promoted });
    return 'rolled back';
  }
};

interface Failed {
  readonly execution: string;
  readonly plan: Plan;
  readonly before: Before;
  readonly promoted: boolean;
}

const compensate = async (
  world: RotationWorld,
  calls: PortCalls,
  { execution, plan, before, promoted }: Failed,
): Promise<void> => {
  const ports = () => portsOf(world, calls);
  const labels = { execution, plan, promoted };
  if (promoted && world.isPair) await restoreLabels(ports(), { ...labels, promotionOnly: true });
  await restoreCredential(ports(), plan, before);
  await restoreLabels(ports(), { ...labels, promotionOnly: false });
  await endExecution(ports(), { execution, secretId: SECRET, plan, before, ended: 'restored' });
};
