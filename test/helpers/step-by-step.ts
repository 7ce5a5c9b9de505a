import { createSecret } from '../../functions/create-secret/create-secret.ts';
import { takeLockAgain } from '../../functions/create-secret/take-lock-again.ts';
import { finishSecret } from '../../functions/finish-secret/finish-secret.ts';
import { restoreCredential } from '../../functions/restore-credential/restore-credential.ts';
import { restoreLabels } from '../../functions/restore-labels/restore-labels.ts';
import { setSecret } from '../../functions/set-secret/set-secret.ts';
import type { Before, Plan } from '../../functions/shared/contract.ts';
import { RotationInProgressError, RotationSupersededError } from '../../functions/shared/errors.ts';
import { checkBefore } from '../../functions/test-secret/check-before.ts';
import { newVersionId } from './in-memory-secret-store.ts';
import type { PortCalls } from './port-calls.ts';
import { portsOf } from './rotation-steps.ts';
import { type RotationWorld, SECRET } from './rotation-world.ts';

/** Which check of a rotation fails; every other step does what it can. */
export type FailingCheck = 'TestSecret' | 'CheckAfter' | undefined;

class CheckFailedError extends Error {}

/**
 * A rotation on demand and its way back, as the state machine goes, but without its interpreter: a thousand in a
 * second. What the machine adds (retries, choices, recoveries) is left to the crash matrices.
 */
export const rotateStepByStep = async (
  world: RotationWorld,
  calls: PortCalls,
  failing: FailingCheck,
): Promise<'rotated' | 'refused' | 'rolled back' | 'superseded'> => {
  const ports = () => portsOf(world, calls);
  const token = newVersionId();
  let plan: Plan | undefined;
  let before: Before | undefined;
  let promoting = false;
  try {
    plan = await createSecret(ports(), { secretId: SECRET, token, mode: 'rotate', startedBy: 'on-demand' });
    before = await checkBefore(ports(), plan);
    await setSecret(ports(), plan, before);
    if (failing === 'TestSecret') throw new CheckFailedError();
    promoting = true;
    await finishSecret(ports(), plan);
    if (failing === 'CheckAfter') throw new CheckFailedError();
    return 'rotated';
  } catch (error) {
    if (error instanceof RotationInProgressError) return 'refused';
    if (!(error instanceof CheckFailedError || error instanceof RotationSupersededError)) throw error;
    if (plan === undefined || before === undefined) {
      await restoreLabels(ports(), { secretId: SECRET, token, ...(plan && { plan }), keepLock: false });
      return 'refused';
    }
    return await goBack(world, calls, { plan, before, promoting });
  }
};

const goBack = async (
  world: RotationWorld,
  calls: PortCalls,
  { plan, before, promoting }: { plan: Plan; before: Before; promoting: boolean },
): Promise<'rolled back' | 'superseded'> => {
  const ports = () => portsOf(world, calls);
  const wayBack = promoting ? await lockAgain(world, calls, plan) : plan;
  if (wayBack === undefined) return 'superseded';
  const labels = { secretId: SECRET, token: wayBack.token, plan: wayBack };
  if (promoting && world.isPair) await restoreLabels(ports(), { ...labels, keepLock: true });
  const { outcome } = await restoreCredential(ports(), wayBack, before);
  if (outcome === 'superseded') return 'superseded';
  await restoreLabels(ports(), { ...labels, keepLock: false });
  return 'rolled back';
};

const lockAgain = async (world: RotationWorld, calls: PortCalls, plan: Plan): Promise<Plan | undefined> => {
  try {
    return await takeLockAgain(portsOf(world, calls), plan);
  } catch (error) {
    if (error instanceof RotationSupersededError) return undefined;
    throw error;
  }
};
