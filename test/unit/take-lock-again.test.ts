import { describe, expect, it } from 'vitest';
import { createSecret } from '../../functions/create-secret/create-secret.ts';
import { takeLockAgain } from '../../functions/create-secret/take-lock-again.ts';
import { finishSecret } from '../../functions/finish-secret/finish-secret.ts';
import { restoreCredential } from '../../functions/restore-credential/restore-credential.ts';
import { restoreLabels } from '../../functions/restore-labels/restore-labels.ts';
import { setSecret } from '../../functions/set-secret/set-secret.ts';
import type { Before, Plan } from '../../functions/shared/contract.ts';
import {
  RotationError,
  RotationInProgressError,
  RotationSupersededError,
} from '../../functions/shared/errors.ts';
import type { SecretStore } from '../../functions/shared/ports.ts';
import { checkBefore } from '../../functions/test-secret/check-before.ts';
import { newVersionId } from '../helpers/in-memory-secret-store.ts';
import { count, PortCalls } from '../helpers/port-calls.ts';
import { Preemption } from '../helpers/preemption.ts';
import { SCENARIOS, scenario } from '../helpers/rotation-scenarios.ts';
import { checked, created, finished, portsOf } from '../helpers/rotation-steps.ts';
import { type RotationWorld, SECRET } from '../helpers/rotation-world.ts';

const PAIR = 'admin-clone, the other admin was kept';
const MODES = ['rotate', 'rollback'] as const;

describe('TakeLockAgain', () => {
  it.each(MODES)('after a %s takes AWSPENDING to another version than the promoted one', async (mode) => {
    const world = scenario(PAIR);
    const { plan } = await finished(world, mode);
    const wayBack = await takeLockAgain(portsOf(world), plan);
    expect(wayBack.token).not.toBe(plan.target);
    expect(world.store.labels(SECRET)).toEqual({
      AWSCURRENT: plan.target,
      AWSPENDING: wayBack.token,
      AWSPREVIOUS: world.current,
    });
    expect(world.credentialOf(wayBack.token)).toEqual(world.credentialOf(plan.target));
  });

  it('changes nothing if nothing was promoted: the lock is still there', async () => {
    const world = scenario(PAIR);
    const { plan } = await checked(world);
    const calls = new PortCalls();
    expect(await takeLockAgain(portsOf(world, calls), plan)).toEqual(plan);
    expect(count(calls, 'moveLabel') + count(calls, 'put')).toBe(0);
  });

  it.each(MODES)('after a %s has the same lock when it comes again', async (mode) => {
    const world = scenario(PAIR);
    const { plan } = await finished(world, mode);
    const wayBack = await takeLockAgain(portsOf(world), plan);
    const calls = new PortCalls();
    expect(await takeLockAgain(portsOf(world, calls), plan)).toEqual(wayBack);
    expect(count(calls, 'moveLabel') + count(calls, 'put')).toBe(0);
  });

  it('leaves the secret to another rotation that builds on the promoted version', async () => {
    const world = scenario(PAIR);
    const { plan } = await finished(world);
    await created(world);
    const labels = world.store.labels(SECRET);
    await expect(takeLockAgain(portsOf(world), plan)).rejects.toThrow(RotationSupersededError);
    expect(world.store.labels(SECRET)).toEqual(labels);
  });

  it('leaves the secret to another rotation that takes the lock at the same moment', async () => {
    const world = scenario(PAIR);
    const { plan } = await finished(world);
    const { secrets } = portsOf(world);
    const put: SecretStore['put'] = async (version) => {
      await secrets.put(version);
      await created(world);
    };
    await expect(takeLockAgain({ secrets: { ...secrets, put } }, plan)).rejects.toThrow(
      RotationSupersededError,
    );
    expect(Object.keys(world.store.labels(SECRET)).sort()).toEqual([
      'AWSCURRENT',
      'AWSPENDING',
      'AWSPREVIOUS',
    ]);
  });

  it('lets no other rotation begin until all is put back', async () => {
    const world = scenario(PAIR);
    const { plan, before } = await finished(world);
    const steps = stepsBack(world, new PortCalls(), plan, before);
    for await (const _ of steps) {
      await expect(created(world)).rejects.toThrow(RotationInProgressError);
    }
    await created(world);
  });

  /*
   * Found by a property: AWSPENDING rested on the promoted version, and stayed there as the lock of the way back. A
   * rotation that had looked before got the lock after AWSCURRENT had left, and changed the password of the user that
   * AWSCURRENT was for again.
   */
  it.each(Object.keys(SCENARIOS))(
    'keeps the promises whenever another rotation begins meanwhile: %s',
    { timeout: 120_000 },
    async (name) => {
      const found: string[] = [];
      for (let first = 0; first <= CALLS_BACK; first += 1)
        for (let other = 1; other <= CALLS_TO_LOCK; other += 1)
          for (let then = 1; then <= CALLS_BACK - first; then += 1) {
            const problems = await problemsOf(name, { first, other, then });
            found.push(...problems.map((problem) => `${first}, ${other}, ${then}: ${problem}`));
          }
      expect(found).toEqual([]);
    },
  );
});

/** More than a way back has calls, and more than a rotation needs until it has the lock. */
const CALLS_BACK = 24;
const CALLS_TO_LOCK = 9;

/** What the state machine does after CheckAfter has failed; yields while the way back is under way. */
async function* stepsBack(
  world: RotationWorld,
  calls: PortCalls,
  plan: Plan,
  before: Before,
): AsyncGenerator<void> {
  const wayBack = await takeLockAgain(portsOf(world, calls), plan);
  yield;
  const labels = { secretId: SECRET, token: wayBack.token, plan: wayBack };
  if (world.isPair) await restoreLabels(portsOf(world, calls), { ...labels, keepLock: true });
  yield;
  const { outcome } = await restoreCredential(portsOf(world, calls), wayBack, before);
  yield;
  if (outcome !== 'superseded') await restoreLabels(portsOf(world, calls), { ...labels, keepLock: false });
}

/** A rotation from its first call to its promotion. */
const rotateOn = async (world: RotationWorld, calls: PortCalls): Promise<void> => {
  const token = newVersionId();
  const plan = await createSecret(portsOf(world, calls), {
    secretId: SECRET,
    token,
    mode: 'rotate',
    startedBy: 'on-demand',
  });
  const before = await checkBefore(portsOf(world, calls), plan);
  await setSecret(portsOf(world, calls), plan, before);
  await finishSecret(portsOf(world, calls), plan);
};

/** `first` calls of the way back, `other` calls of the other rotation, `then` of the way back; and each to its end. */
const problemsOf = async (
  name: string,
  { first, other, then }: { first: number; other: number; then: number },
): Promise<string[]> => {
  const world = scenario(name);
  const { plan, before } = await finished(world);
  const preemption = new Preemption([
    { actor: 'back', calls: first },
    { actor: 'other', calls: other },
    { actor: 'back', calls: then },
    { actor: 'other', calls: 400 },
  ]);
  const problems = new Set<string>();
  const act = async (actor: string, run: (calls: PortCalls) => Promise<void>): Promise<void> => {
    const calls = new PortCalls({
      turn: () => preemption.turn(actor),
      watch: () => {
        for (const problem of world.momentProblems()) problems.add(problem);
      },
    });
    await run(calls).catch((error: unknown) => {
      const told = error instanceof RotationInProgressError || error instanceof RotationSupersededError;
      if (!told) problems.add(error instanceof RotationError ? error.message : String(error));
    });
    preemption.end(actor);
  };
  await Promise.all([
    act('back', async (calls) => {
      for await (const _ of stepsBack(world, calls, plan, before));
    }),
    act('other', async (calls) => await rotateOn(world, calls)),
  ]);
  return [...problems, ...world.endProblems()];
};
