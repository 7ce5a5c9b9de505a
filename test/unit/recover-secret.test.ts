import { describe, expect, it } from 'vitest';
import { takeLockAgain } from '../../functions/create-secret/take-lock-again.ts';
import { type RecoverSecretPorts, recoverSecret } from '../../functions/recover-secret/recover-secret.ts';
import { restoreLabels } from '../../functions/restore-labels/restore-labels.ts';
import { setSecret } from '../../functions/set-secret/set-secret.ts';
import type { RecoveryInput } from '../../functions/shared/contract.ts';
import {
  DatabaseUnavailableError,
  NoUsableCredentialsError,
  RotationInProgressError,
  RotationSupersededError,
  SecretNotRotatableError,
} from '../../functions/shared/errors.ts';
import { died } from '../helpers/crash-driver.ts';
import { READ_WRITE, ROOT } from '../helpers/in-memory-database.ts';
import { newPassword, newVersionId } from '../helpers/in-memory-secret-store.ts';
import { count, PortCalls } from '../helpers/port-calls.ts';
import { checked, created, finished, portsOf, set } from '../helpers/rotation-steps.ts';
import { RotationWorld, SECRET, secretText, type WorldOptions } from '../helpers/rotation-world.ts';

/*
 * who logs in           | recover
 * ----------------------|----------------------------------------------------------------------------
 * AWSCURRENT            | keeps it; takes a pair's half-made user out of use; takes AWSPENDING off
 * AWSPENDING only       | makes it AWSCURRENT: that ends the outage without another change of the database
 * AWSPREVIOUS only      | makes it AWSCURRENT
 * nobody                | fails, or with resetThroughAdmin sets AWSCURRENT's password
 */

const SELF: WorldOptions = { username: 'boss', roles: ROOT, previous: { username: 'boss', state: 'locked' } };
const PAIR: WorldOptions = { strategy: 'alternating-users', admin: true };
const recovery = {
  action: 'recover',
  secretId: SECRET,
  everyTicket: false,
  resetThroughAdmin: false,
  resetThroughCluster: false,
} as const;

/** As the machine does it when a person starts it: stop what holds the lock, then clear what it left. */
const recoverByHand = async (ports: RecoverSecretPorts, more: Partial<RecoveryInput> = {}) => {
  const stopped = await recoverSecret(ports, { action: 'stop', secretId: SECRET });
  const token = 'token' in stopped ? { token: stopped.token } : {};
  return await recoverSecret(ports, { ...recovery, everyTicket: true, ...token, ...more });
};

describe('RecoverSecret', () => {
  it('does nothing to a secret that is all right', async () => {
    const world = new RotationWorld(SELF);
    const calls = new PortCalls();
    expect(await recoverByHand(portsOf(world, calls))).toMatchObject({ outcome: 'nothing-to-do' });
    expect([count(calls, 'moveLabel'), count(calls, 'updateUser')]).toEqual([0, 0]);
  });

  it('leaves an AWSPENDING on AWSCURRENT: that is how Secrets Manager ends', async () => {
    const world = new RotationWorld({ pendingOnCurrent: true });
    await recoverByHand(portsOf(world));
    expect(world.store.labels(SECRET)).toEqual(world.before.labels);
  });

  it('keeps AWSCURRENT when it logs in, and takes the dangling AWSPENDING off', async () => {
    const world = new RotationWorld(SELF);
    await checked(world);
    expect(await recoverByHand(portsOf(world))).toEqual({
      outcome: 'recovered',
      kept: 'AWSCURRENT',
    });
    expect(world.restoredProblems()).toEqual([]);
  });

  it('makes AWSPENDING AWSCURRENT when only that logs in, and changes no user', async () => {
    const world = new RotationWorld(SELF);
    const { plan } = await set(world);
    const calls = new PortCalls();
    expect(await recoverByHand(portsOf(world, calls))).toMatchObject({ kept: 'AWSPENDING' });
    expect(world.store.holder(SECRET, 'AWSCURRENT')).toBe(plan.token);
    expect(world.endProblems()).toEqual([]);
    expect(count(calls, 'updateUser')).toBe(0);
  });

  it('makes AWSPREVIOUS AWSCURRENT when only that logs in', async () => {
    const world = new RotationWorld(SELF);
    world.database.addUser('boss', world.credentialOf(world.previous ?? '')?.password ?? '', ROOT);
    expect(await recoverByHand(portsOf(world))).toMatchObject({ kept: 'AWSPREVIOUS' });
    expect(world.store.holder(SECRET, 'AWSCURRENT')).toBe(world.previous);
    expect(world.endProblems()).toEqual([]);
  });

  /*
   * Found by the soak: a promotion's reply was lost, the way back put the old password back but was not allowed to move
   * labels, and a recovery by hand left AWSPENDING on the new AWSPREVIOUS. No rotation began any more.
   */
  it('leaves no lock behind where AWSPENDING rested on an AWSCURRENT that does not log in', async () => {
    const world = new RotationWorld({ ...SELF, pendingOnCurrent: true });
    world.database.addUser('boss', world.credentialOf(world.previous ?? '')?.password ?? '', ROOT);
    expect(await recoverByHand(portsOf(world))).toMatchObject({ outcome: 'recovered', kept: 'AWSPREVIOUS' });
    expect(world.store.labels(SECRET)).toEqual({
      AWSCURRENT: world.previous,
      AWSPREVIOUS: world.current,
    });
    expect(world.endProblems()).toEqual([]);
  });

  it('leaves no lock behind where the AWSPENDING of a stopped rollback rested on one that does not log in', async () => {
    const world = new RotationWorld(SELF);
    const { plan } = await finished(world, 'rollback');
    world.database.addUser('boss', world.credentialOf(world.current)?.password ?? '', ROOT);
    const { token } = plan;
    await recoverSecret(portsOf(world), { action: 'stop', secretId: SECRET, token });
    await recoverSecret(portsOf(world), { ...recovery, token });
    expect(world.store.labels(SECRET)).toEqual({ AWSCURRENT: world.current, AWSPREVIOUS: world.previous });
    expect(world.endProblems()).toEqual([]);
  });

  it('clears what another tool left: an AWSPENDING without a value', async () => {
    const world = new RotationWorld(SELF);
    world.store.addVersion(SECRET, ['AWSPENDING'], undefined);
    const calls = new PortCalls();
    expect(await recoverByHand(portsOf(world, calls))).toMatchObject({ outcome: 'recovered' });
    expect(world.store.labels(SECRET)).toEqual(world.before.labels);
    // AWSPENDING is taken off. That such a version takes another label is not documented.
    expect(count(calls, 'moveLabel')).toBe(1);
  });

  it('takes AWSPENDING off AWSPREVIOUS, where a value written by hand had left it', async () => {
    const world = new RotationWorld(SELF);
    const { secrets } = portsOf(world);
    await secrets.moveLabel(SECRET, 'AWSPENDING', { to: world.previous ?? '' });
    expect(await recoverByHand(portsOf(world))).toMatchObject({ outcome: 'recovered', kept: 'AWSCURRENT' });
    expect(world.store.labels(SECRET)).toEqual(world.before.labels);
  });

  it.each([
    ['not JSON', () => 'no JSON'],
    [
      'for another cluster',
      () => secretText({ host: 'other.example.com', username: 'boss', password: newPassword() }),
    ],
    [
      'for a user that is neither of the pair',
      () => secretText({ username: 'root', password: newPassword() }),
    ],
  ])('never promotes a pending version that is %s', async (_what, text) => {
    const world = new RotationWorld(SELF);
    world.store.addVersion(SECRET, ['AWSPENDING'], text());
    world.database.addUser('boss', newPassword(), ROOT);
    await expect(recoverByHand(portsOf(world))).rejects.toThrow(NoUsableCredentialsError);
    expect(world.store.holder(SECRET, 'AWSCURRENT')).toBe(world.current);
  });

  it('changes nothing more when it comes again', async () => {
    const world = new RotationWorld(SELF);
    await set(world);
    await recoverByHand(portsOf(world));
    const calls = new PortCalls();
    expect(await recoverByHand(portsOf(world, calls))).toMatchObject({ outcome: 'nothing-to-do' });
    expect(count(calls, 'moveLabel')).toBe(0);
  });

  it('fails with an error that can be retried while the database is down, and moves nothing', async () => {
    const world = new RotationWorld(SELF);
    await set(world);
    const labels = world.store.labels(SECRET);
    world.database.down = true;
    await expect(recoverByHand(portsOf(world))).rejects.toThrow(DatabaseUnavailableError);
    expect(world.store.labels(SECRET)).toMatchObject(labels);
  });

  it('fails for a secret that is marked for deletion', async () => {
    const world = new RotationWorld(SELF);
    world.store.markForDeletion(SECRET);
    await expect(recoverByHand(portsOf(world))).rejects.toThrow(SecretNotRotatableError);
  });
});

describe('RecoverSecret by hand, while a rotation runs', () => {
  const SINGLE: WorldOptions = { username: 'boss', roles: ROOT };
  const stop = (world: RotationWorld) => recoverSecret(portsOf(world), { action: 'stop', secretId: SECRET });

  it('stops it before its next step, and lets no other begin', async () => {
    const world = new RotationWorld(SINGLE);
    const { plan, before } = await checked(world);
    await stop(world);
    await expect(setSecret(portsOf(world), plan, before)).rejects.toThrow(RotationSupersededError);
    await expect(created(world)).rejects.toThrow(RotationInProgressError);
    expect(world.store.holder(SECRET, 'AWSPENDING')).toBe(plan.token);
  });

  it('has a change taken back that was being made', async () => {
    const world = new RotationWorld(SINGLE);
    const { plan, before } = await checked(world);
    const calls = new PortCalls({
      turn: async (method) => {
        if (method === 'updateUser' && !world.logsIn(plan.token)) await stop(world);
      },
    });
    await expect(setSecret(portsOf(world, calls), plan, before)).rejects.toThrow(RotationSupersededError);
    expect(world.logsIn(world.current)).toBe(true);
  });

  // It once left a password in the database that no label held.
  it('finds the password that was set by a step which died then', async () => {
    const world = new RotationWorld(SINGLE);
    const { plan } = await set(world);
    await stop(world);
    expect(await recoverByHand(portsOf(world))).toMatchObject({ kept: 'AWSPENDING' });
    // AWSPENDING may rest on AWSCURRENT; no label of our own is left.
    expect(world.store.labels(SECRET)).toEqual({
      AWSCURRENT: plan.token,
      AWSPENDING: plan.token,
      AWSPREVIOUS: world.current,
    });
    expect(world.endProblems()).toEqual([]);
  });

  it('leaves one alone that has begun since it looked for what to stop', async () => {
    const world = new RotationWorld(SINGLE);
    const { plan } = await checked(world);
    expect(await recoverSecret(portsOf(world), { ...recovery, everyTicket: true })).toEqual({
      outcome: 'nothing-to-do',
    });
    expect(world.store.holder(SECRET, 'AWSPENDING')).toBe(plan.token);
  });
});

describe('RecoverSecret for a rotation from which somebody took AWSPENDING', () => {
  /** A rotation is stopped once the database has its password; then another one takes the lock. */
  const robbed = async () => {
    const world = new RotationWorld({ username: 'boss', roles: ROOT });
    const { plan } = await set(world);
    const { token: other } = world.beginRotation();
    return { world, token: plan.token, other };
  };
  const stopAndRecover = async (world: RotationWorld, token: string) => {
    await recoverSecret(portsOf(world), { action: 'stop', secretId: SECRET, token });
    return await recoverSecret(portsOf(world), { ...recovery, token });
  };

  it('keeps its version on record while the other has the lock, and touches nothing', async () => {
    const { world, token, other } = await robbed();
    await expect(stopAndRecover(world, token)).rejects.toThrow(RotationInProgressError);
    expect(world.store.holder(SECRET, `docdb-rotation-stop-${token}`)).toBe(token);
    expect(world.store.holder(SECRET, 'AWSPENDING')).toBe(other);
  });

  it('ends the outage once the other has given up', async () => {
    const { world, token, other } = await robbed();
    await expect(stopAndRecover(world, token)).rejects.toThrow(RotationInProgressError);
    await portsOf(world).secrets.moveLabel(SECRET, 'AWSPENDING', { from: other });
    await recoverSecret(portsOf(world), { ...recovery, token });
    expect(world.store.holder(SECRET, 'AWSCURRENT')).toBe(token);
    expect(world.endProblems()).toEqual([]);
  });

  it('forgets it if AWSCURRENT logs in all the same', async () => {
    const world = new RotationWorld({ username: 'boss', roles: ROOT });
    const { plan } = await checked(world);
    world.beginRotation();
    await stopAndRecover(world, plan.token);
    expect(world.store.holder(SECRET, `docdb-rotation-stop-${plan.token}`)).toBeUndefined();
  });

  it('never takes a predecessor for it that is in its grace period', async () => {
    const world = new RotationWorld({
      strategy: 'alternating-users',
      admin: true,
      previous: { username: 'app_clone', state: 'logs in' },
    });
    await stopAndRecover(world, world.previous ?? '');
    expect(world.restoredProblems()).toEqual([]);
  });
});

describe('RecoverSecret when nobody logs in', () => {
  const lockedOut = async () => {
    const world = new RotationWorld({ admin: true });
    await checked(world);
    world.database.addUser('app', newPassword(), READ_WRITE);
    return world;
  };

  it('fails, and never asks the admin by itself', async () => {
    const world = await lockedOut();
    const calls = new PortCalls();
    const failure = recoverByHand(portsOf(world, calls));
    await expect(failure).rejects.toThrow(/resetThroughAdmin/);
    expect(count(calls, 'updateUser')).toBe(0);
  });

  it('sets the password of AWSCURRENT through the admin secret when it is told to', async () => {
    const world = await lockedOut();
    const result = await recoverByHand(portsOf(world), { resetThroughAdmin: true });
    expect(result).toMatchObject({ outcome: 'recovered', kept: 'AWSCURRENT', passwordReset: true });
    expect(world.restoredProblems()).toEqual([]);
    expect(world.leaks(result)).toEqual([]);
  });

  it('resets nothing as long as some version logs in, even when it is told to', async () => {
    const world = new RotationWorld({ admin: true });
    await checked(world);
    const calls = new PortCalls();
    await recoverByHand(portsOf(world, calls), { resetThroughAdmin: true });
    expect(count(calls, 'updateUser')).toBe(0);
  });
});

describe('RecoverSecret of a pair', () => {
  it('goes forward to AWSPENDING rather than back to AWSPREVIOUS when both log in', async () => {
    const world = new RotationWorld({ ...PAIR, previous: { username: 'app', state: 'locked' } });
    const { plan } = await set(world);
    world.database.addUser('app', world.credentialOf(world.previous ?? '')?.password ?? '', READ_WRITE);
    expect(await recoverByHand(portsOf(world))).toMatchObject({ kept: 'AWSPENDING' });
    expect(world.store.holder(SECRET, 'AWSCURRENT')).toBe(plan.token);
  });

  it('drops the user that the stopped rotation made', async () => {
    const world = new RotationWorld(PAIR);
    await set(world);
    expect(await recoverByHand(portsOf(world))).toMatchObject({
      kept: 'AWSCURRENT',
      otherUser: 'dropped',
    });
    expect(world.restoredProblems()).toEqual([]);
  });

  it.each(['logs in', 'locked'] as const)('takes a user that %s before out of use', async (state) => {
    const world = new RotationWorld({ ...PAIR, previous: { username: 'app_clone', state } });
    await set(world);
    expect(await recoverByHand(portsOf(world))).toMatchObject({ otherUser: 'locked' });
    expect(world.powerProblems()).toEqual([]);
    expect(world.endProblems()).toEqual([]);
  });

  it('leaves the pair alone after FinishSecret', async () => {
    const world = new RotationWorld(PAIR);
    const { plan } = await finished(world);
    expect(await recoverByHand(portsOf(world))).toMatchObject({ outcome: 'nothing-to-do' });
    expect([world.logsIn(plan.token), world.logsIn(world.current)]).toEqual([true, true]);
  });
});

describe('RecoverSecret for a rotation that was stopped on its way back, known by its token', () => {
  const stop = (world: RotationWorld, token: string) =>
    recoverSecret(portsOf(world), { action: 'stop', secretId: SECRET, token });
  const clear = (world: RotationWorld, token: string) =>
    recoverSecret(portsOf(world), { ...recovery, token });

  it('stops the lock that it had taken again, and takes it off', async () => {
    const world = new RotationWorld(PAIR);
    const { plan } = await finished(world);
    const wayBack = await takeLockAgain(portsOf(world), plan);
    await restoreLabels(portsOf(world), {
      secretId: SECRET,
      token: wayBack.token,
      plan: wayBack,
      keepLock: true,
    });
    expect(await stop(world, plan.token)).toEqual({ outcome: 'stopped', token: wayBack.token });
    await clear(world, wayBack.token);
    expect(world.endProblems()).toEqual([]);
    expect(world.store.holder(SECRET, 'AWSCURRENT')).toBe(world.current);
  });

  it('takes the lock off that it has taken after it was told to stop', async () => {
    const world = new RotationWorld(PAIR);
    const { plan } = await finished(world);
    expect(await stop(world, plan.token)).toEqual({ outcome: 'nothing-runs' });
    await takeLockAgain(portsOf(world), plan);
    expect(await clear(world, plan.token)).toMatchObject({ outcome: 'recovered', kept: 'AWSCURRENT' });
    expect(world.endProblems()).toEqual([]);
  });

  it('takes the ticket off under which it was about to take the lock', async () => {
    const world = new RotationWorld(PAIR);
    const { plan } = await finished(world);
    const calls = new PortCalls({ faults: [{ call: 4, when: 'after', error: died }] });
    await expect(takeLockAgain(portsOf(world, calls), plan)).rejects.toThrow('died');
    expect(calls.recorded.at(-1)).toBe('put');
    await stop(world, plan.token);
    await clear(world, plan.token);
    expect(world.endProblems()).toEqual([]);
  });
});

describe('RecoverSecret for one token leaves another rotation alone', () => {
  const token = newVersionId();

  /** Another rotation begins between the first look and the second. */
  const meanwhile = (begin: () => Promise<unknown>): PortCalls => {
    let looks = 0;
    return new PortCalls({
      turn: async (method) => {
        if (method !== 'describe') return;
        looks += 1;
        if (looks === 2) await begin();
      },
    });
  };

  // A recovery once took the lock from whoever had it by its second look.
  it('that begins while it looks', async () => {
    const world = new RotationWorld(SELF);
    let other: string | undefined;
    const calls = meanwhile(async () => {
      other = (await created(world)).token;
    });
    await recoverSecret(portsOf(world, calls), { ...recovery, token });
    expect(world.store.labels(SECRET)).toEqual({ ...world.before.labels, AWSPENDING: other });
  });

  // And it dropped the user that this one had just made.
  it('of a pair, that begins while it looks', async () => {
    const world = new RotationWorld(PAIR);
    let other: string | undefined;
    const calls = meanwhile(async () => {
      other = (await set(world)).plan.token;
    });
    await recoverSecret(portsOf(world, calls), { ...recovery, token });
    expect(world.logsIn(other)).toBe(true);
    expect(world.store.holder(SECRET, 'AWSPENDING')).toBe(other);
  });

  it('that has the lock: it is not told to stop', async () => {
    const world = new RotationWorld(SELF);
    const { plan, before } = await checked(world);
    const stopped = recoverSecret(portsOf(world), { action: 'stop', secretId: SECRET, token });
    expect(await stopped).toEqual({ outcome: 'nothing-runs' });
    expect(await setSecret(portsOf(world), plan, before)).toMatchObject({ outcome: 'changed' });
  });

  it('that runs, when its own has left nothing', async () => {
    const world = new RotationWorld(PAIR);
    const { plan } = await set(world);
    expect(await recoverSecret(portsOf(world), { ...recovery, token })).toMatchObject({
      outcome: 'nothing-to-do',
    });
    expect(world.store.holder(SECRET, 'AWSPENDING')).toBe(plan.token);
    expect(world.logsIn(plan.token)).toBe(true);
  });

  it('that got the lock which its own lost: only the own ticket is taken off', async () => {
    const world = new RotationWorld(PAIR);
    const { secrets } = portsOf(world);
    await secrets.put({ secretArn: SECRET, token, value: '{}', label: `docdb-rotation-${token}` });
    const { plan } = await set(world);
    await recoverSecret(portsOf(world), { ...recovery, token });
    expect(world.store.labels(SECRET)).toEqual({ AWSCURRENT: world.current, AWSPENDING: plan.token });
    expect(world.logsIn(plan.token)).toBe(true);
  });

  it('that is about to take the lock: its ticket stays', async () => {
    const world = new RotationWorld(SELF);
    const [own, other] = [newVersionId(), newVersionId()];
    const { secrets } = portsOf(world);
    for (const token of [own, other])
      await secrets.put({ secretArn: SECRET, token, value: '{}', label: `docdb-rotation-${token}` });
    await recoverSecret(portsOf(world), { ...recovery, token: own });
    expect(world.store.labels(SECRET)).toEqual({
      ...world.before.labels,
      [`docdb-rotation-${other}`]: other,
    });
  });

  it('that began when its own had been promoted', async () => {
    const world = new RotationWorld(PAIR);
    const first = await finished(world);
    const second = await created(world);
    await recoverSecret(portsOf(world), { ...recovery, token: first.plan.token });
    expect(world.store.holder(SECRET, 'AWSPENDING')).toBe(second.token);
  });
});
