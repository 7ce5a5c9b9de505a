import { describe, expect, it } from 'vitest';
import { takeLockAgain } from '../../functions/create-secret/take-lock-again.ts';
import { restoreCredential } from '../../functions/restore-credential/restore-credential.ts';
import { restoreLabels } from '../../functions/restore-labels/restore-labels.ts';
import { RotationInProgressError, RotationSupersededError } from '../../functions/shared/errors.ts';
import type { SecretStore } from '../../functions/shared/ports.ts';
import { count, PortCalls } from '../helpers/port-calls.ts';
import { scenario } from '../helpers/rotation-scenarios.ts';
import { checked, created, finished, portsOf } from '../helpers/rotation-steps.ts';
import { SECRET } from '../helpers/rotation-world.ts';

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
      const outcome = await secrets.put(version);
      await created(world);
      return outcome;
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
    const wayBack = await takeLockAgain(portsOf(world), plan);
    const labels = { secretId: SECRET, token: wayBack.token, plan: wayBack };
    const steps = [
      () => restoreLabels(portsOf(world), { ...labels, keepLock: true }),
      () => restoreCredential(portsOf(world), wayBack, before),
      () => restoreLabels(portsOf(world), { ...labels, keepLock: false }),
    ];
    for (const step of steps) {
      await expect(created(world)).rejects.toThrow(RotationInProgressError);
      await step();
    }
    await created(world);
  });
});
