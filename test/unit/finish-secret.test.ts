import { describe, expect, it } from 'vitest';
import { createSecret } from '../../functions/create-secret/create-secret.ts';
import { finishSecret } from '../../functions/finish-secret/finish-secret.ts';
import { RotationSupersededError } from '../../functions/shared/errors.ts';
import { READ_WRITE, ROOT } from '../helpers/in-memory-database.ts';
import { count, PortCalls } from '../helpers/port-calls.ts';
import { finished, portsOf, set } from '../helpers/rotation-steps.ts';
import { RotationWorld, SECRET, secretText } from '../helpers/rotation-world.ts';

const boss = () =>
  new RotationWorld({ username: 'boss', roles: ROOT, previous: { username: 'boss', state: 'locked' } });

describe('FinishSecret', () => {
  it('makes the pending version AWSCURRENT, where AWSPENDING is no lock any more', async () => {
    const world = boss();
    const { plan } = await set(world);
    const calls = new PortCalls();
    expect(await finishSecret(portsOf(world, calls), plan)).toEqual({ outcome: 'promoted' });
    expect(world.store.labels(SECRET)).toEqual({
      AWSCURRENT: plan.token,
      AWSPENDING: plan.token,
      AWSPREVIOUS: world.current,
    });
    expect(count(calls, 'moveLabel')).toBe(1);
    expect(world.logsIn(plan.token)).toBe(true);
  });

  it('promotes AWSPREVIOUS itself in a rollback, not the copy of it, and lets AWSPENDING rest there', async () => {
    const world = boss();
    const { plan } = await finished(world, 'rollback');
    expect(world.store.labels(SECRET)).toEqual({
      AWSCURRENT: world.previous,
      AWSPENDING: world.previous,
      AWSPREVIOUS: world.current,
    });
    expect(plan.token).not.toBe(world.previous);
    expect(world.logsIn(world.previous)).toBe(true);
  });

  it('leaves AWSPENDING to Secrets Manager in a rotation that it started', async () => {
    const world = boss();
    const { token, rotationToken } = world.beginRotation();
    const input = { secretId: SECRET, token, mode: 'rotate', startedBy: 'secrets-manager' } as const;
    const plan = await createSecret(portsOf(world), input, rotationToken);
    await finishSecret(portsOf(world), plan);
    expect(world.store.labels(SECRET)).toMatchObject({ AWSCURRENT: token, AWSPENDING: token });
  });

  it('moves nothing when it comes again', async () => {
    const world = boss();
    const { plan } = await finished(world);
    const labels = world.store.labels(SECRET);
    const calls = new PortCalls();
    expect(await finishSecret(portsOf(world, calls), plan)).toEqual({ outcome: 'already-promoted' });
    expect(count(calls, 'moveLabel')).toBe(0);
    expect(world.store.labels(SECRET)).toEqual(labels);
  });

  it('gives a rollback’s lock back when it died after AWSCURRENT had moved', async () => {
    const world = boss();
    const { plan } = await set(world, 'rollback');
    world.store.move(SECRET, 'AWSCURRENT', { from: world.current, to: plan.target });
    expect(await finishSecret(portsOf(world), plan)).toEqual({ outcome: 'already-promoted' });
    expect(world.store.holder(SECRET, 'AWSPENDING')).toBe(world.previous);
  });

  it('takes a compare-and-set that seems lost for its own when AWSCURRENT is on its version', async () => {
    const world = boss();
    const { plan } = await set(world);
    const { secrets } = portsOf(world);
    const twice = {
      ...secrets,
      moveLabel: async (...move: Parameters<typeof secrets.moveLabel>) => {
        const moved = await secrets.moveLabel(...move);
        return move[1] === 'AWSCURRENT' ? false : moved;
      },
    };
    expect(await finishSecret({ secrets: twice }, plan)).toEqual({ outcome: 'already-promoted' });
  });

  it('fails when the lock is lost, and moves nothing', async () => {
    const world = boss();
    const { plan } = await set(world);
    world.store.move(SECRET, 'AWSPENDING', { from: plan.token });
    const calls = new PortCalls();
    await expect(finishSecret(portsOf(world, calls), plan)).rejects.toThrow(RotationSupersededError);
    expect(count(calls, 'moveLabel')).toBe(0);
    expect(world.store.holder(SECRET, 'AWSCURRENT')).toBe(world.current);
  });

  it('fails when somebody put a new value into the secret meanwhile, and leaves it AWSCURRENT', async () => {
    const world = boss();
    const { plan } = await set(world);
    const byHand = world.store.addVersion(
      SECRET,
      ['AWSCURRENT'],
      secretText({ username: 'boss', password: plan.token }),
    );
    await expect(finishSecret(portsOf(world), plan)).rejects.toThrow(RotationSupersededError);
    expect(world.store.holder(SECRET, 'AWSCURRENT')).toBe(byHand);
  });

  it('does not ask the database', async () => {
    const world = new RotationWorld({ admin: true, roles: READ_WRITE });
    const { plan } = await set(world);
    const calls = new PortCalls();
    await finishSecret(portsOf(world, calls), plan);
    expect(count(calls, 'login')).toBe(0);
  });
});
