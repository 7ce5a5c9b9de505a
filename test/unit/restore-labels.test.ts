import { describe, expect, it } from 'vitest';
import { takeLockAgain } from '../../functions/create-secret/take-lock-again.ts';
import { restoreLabels } from '../../functions/restore-labels/restore-labels.ts';
import type { Plan } from '../../functions/shared/contract.ts';
import type { SecretStore } from '../../functions/shared/ports.ts';
import { ROOT } from '../helpers/in-memory-database.ts';
import { newVersionId } from '../helpers/in-memory-secret-store.ts';
import { count, PortCalls } from '../helpers/port-calls.ts';
import { checked, created, finished, portsOf } from '../helpers/rotation-steps.ts';
import { RotationWorld, SECRET } from '../helpers/rotation-world.ts';

/*
 * the rotation got to | its version has                  | RestoreLabels
 * --------------------|----------------------------------|--------------------------------------------------
 * nowhere             | no label                         | moves nothing
 * CreateSecret        | AWSPENDING                       | takes it off, or puts it back on AWSCURRENT
 * TakeLockAgain       | AWSCURRENT; its lock AWSPENDING  | gives both back, and AWSPREVIOUS to who had it before
 * and was superseded  | AWSCURRENT, others’ AWSPENDING   | moves nothing
 */

const rotated = () =>
  new RotationWorld({ username: 'boss', roles: ROOT, previous: { username: 'boss', state: 'locked' } });
/** A rotation that was promoted, and has taken the lock again. */
const onWayBack = async (world: RotationWorld, mode: 'rotate' | 'rollback' = 'rotate'): Promise<Plan> =>
  await takeLockAgain(portsOf(world), (await finished(world, mode)).plan);
const input = (token: string) => ({ secretId: SECRET, token, keepLock: false });

describe('RestoreLabels', () => {
  it('moves nothing when the rotation has left no label', async () => {
    const world = rotated();
    const calls = new PortCalls();
    expect(await restoreLabels(portsOf(world, calls), input(newVersionId()))).toEqual({
      outcome: 'untouched',
    });
    expect(count(calls, 'moveLabel')).toBe(0);
  });

  it('takes AWSPENDING off when CreateSecret could not tell its plan', async () => {
    const world = rotated();
    const { token } = await created(world);
    await restoreLabels(portsOf(world), input(token));
    expect(world.store.labels(SECRET)).toEqual(world.before.labels);
  });

  it('takes the ticket off when CreateSecret died before it had the lock', async () => {
    const world = rotated();
    const token = newVersionId();
    await portsOf(world).secrets.put({
      secretArn: SECRET,
      token,
      value: '{}',
      label: `docdb-rotation-${token}`,
    });
    await restoreLabels(portsOf(world), input(token));
    expect(world.store.labels(SECRET)).toEqual(world.before.labels);
  });

  it('leaves the AWSPENDING of another rotation alone', async () => {
    const world = rotated();
    await created(world);
    const labels = world.store.labels(SECRET);
    await restoreLabels(portsOf(world), input(newVersionId()));
    expect(world.store.labels(SECRET)).toEqual(labels);
  });

  it('puts AWSPENDING back on AWSCURRENT, where Secrets Manager had left it', async () => {
    const world = new RotationWorld({ pendingOnCurrent: true });
    const plan = await created(world);
    await restoreLabels(portsOf(world), { ...input(plan.token), plan });
    expect(world.store.labels(SECRET)).toEqual(world.before.labels);
  });

  // A stopped rotation that had slept through a recovery once left it there: on what was AWSCURRENT no more.
  it('leaves AWSPENDING off if a recovery has moved AWSCURRENT meanwhile', async () => {
    const world = new RotationWorld({ pendingOnCurrent: true });
    const plan = await created(world);
    await portsOf(world).secrets.moveLabel(SECRET, 'AWSCURRENT', { from: world.current, to: plan.token });
    const { labelsBefore } = plan;
    await restoreLabels(portsOf(world), {
      ...input(plan.token),
      plan: { ...plan, target: labelsBefore.current },
    });
    expect(world.store.holder(SECRET, 'AWSPENDING')).toBeUndefined();
  });

  it.each(['rotate', 'rollback'] as const)(
    'gives AWSCURRENT and AWSPREVIOUS back after a %s was promoted',
    async (mode) => {
      const world = rotated();
      const plan = await onWayBack(world, mode);
      expect(await restoreLabels(portsOf(world), { ...input(plan.token), plan })).toEqual({
        outcome: 'restored',
      });
      expect(world.store.labels(SECRET)).toEqual(world.before.labels);
    },
  );

  it('leaves no AWSPREVIOUS where there was none before', async () => {
    const world = new RotationWorld({ username: 'boss', roles: ROOT });
    const plan = await onWayBack(world);
    await restoreLabels(portsOf(world), { ...input(plan.token), plan });
    expect(world.store.labels(SECRET)).toEqual({ AWSCURRENT: world.current });
  });

  it('moves nothing when it comes again', async () => {
    const world = rotated();
    const plan = await onWayBack(world);
    await restoreLabels(portsOf(world), { ...input(plan.token), plan });
    const calls = new PortCalls();
    expect(await restoreLabels(portsOf(world, calls), { ...input(plan.token), plan })).toEqual({
      outcome: 'untouched',
    });
    expect(count(calls, 'moveLabel')).toBe(0);
  });

  it('keeps the lock while a pair’s user is still to be put back', async () => {
    const world = new RotationWorld({ strategy: 'admin-clone', username: 'boss', roles: ROOT });
    const plan = await onWayBack(world);
    await restoreLabels(portsOf(world), { ...input(plan.token), plan, keepLock: true });
    expect(world.store.labels(SECRET)).toEqual({ AWSCURRENT: world.current, AWSPENDING: plan.token });
  });

  /*
   * Found by the matrix: the lock was taken again by a move that compared nothing. Its request was held, sent again,
   * and carried out when the way back had ended: AWSPENDING dangled.
   */
  it.each(['rotate', 'rollback'] as const)(
    'does nothing, when the way back of a %s has ended, by a request that comes late',
    async (mode) => {
      const world = new RotationWorld({
        strategy: 'admin-clone',
        username: 'boss',
        roles: ROOT,
        previous: { username: 'boss_clone', state: 'logs in' },
      });
      const { plan: promoted } = await finished(world, mode);
      const late: Parameters<SecretStore['moveLabel']>[] = [];
      const { secrets } = portsOf(world);
      const moveLabel: SecretStore['moveLabel'] = async (...move) => {
        late.push(move);
        return await secrets.moveLabel(...move);
      };
      const watched = { secrets: { ...secrets, moveLabel } };
      const plan = await takeLockAgain(watched, promoted);
      await restoreLabels(watched, { ...input(plan.token), plan, keepLock: true });
      await restoreLabels(portsOf(world), { ...input(plan.token), plan });
      for (const move of late) await secrets.moveLabel(...move);
      expect(late.length).toBeGreaterThan(0);
      expect(world.store.labels(SECRET)).toEqual(world.before.labels);
    },
  );

  it('moves nothing when another rotation already builds on what this one promoted', async () => {
    const world = rotated();
    const { plan } = await finished(world);
    const other = await created(world);
    const labels = world.store.labels(SECRET);
    const result = await restoreLabels(portsOf(world), { ...input(plan.token), plan });
    expect(result).toEqual({ outcome: 'superseded' });
    expect(world.store.labels(SECRET)).toEqual(labels);
    expect(world.store.holder(SECRET, 'AWSPENDING')).toBe(other.token);
  });

  it('leaves another rollback of the same AWSPREVIOUS alone', async () => {
    const world = rotated();
    const { plan } = await checked(world, 'rollback');
    world.store.move(SECRET, 'AWSPENDING', { from: plan.token });
    const other = await created(world, 'rollback');
    await restoreLabels(portsOf(world), { ...input(plan.token), plan });
    expect(world.store.holder(SECRET, 'AWSPENDING')).toBe(other.token);
  });
});
