import { describe, expect, it } from 'vitest';
import { recoverSecret } from '../../functions/recover-secret/recover-secret.ts';
import { setSecret } from '../../functions/set-secret/set-secret.ts';
import {
  DatabaseUnavailableError,
  NoUsableCredentialsError,
  SecretNotRotatableError,
} from '../../functions/shared/errors.ts';
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
const anything = { secretId: SECRET, resetThroughAdmin: false };

describe('RecoverSecret', () => {
  it('does nothing to a secret that is all right', async () => {
    const world = new RotationWorld(SELF);
    const calls = new PortCalls();
    expect(await recoverSecret(portsOf(world, calls), anything)).toMatchObject({ outcome: 'nothing-to-do' });
    expect([count(calls, 'moveLabel'), count(calls, 'updateUser')]).toEqual([0, 0]);
  });

  it('leaves an AWSPENDING on AWSCURRENT: that is how Secrets Manager ends', async () => {
    const world = new RotationWorld({ pendingOnCurrent: true });
    await recoverSecret(portsOf(world), anything);
    expect(world.store.labels(SECRET)).toEqual(world.before.labels);
  });

  it('keeps AWSCURRENT when it logs in, and takes the dangling AWSPENDING off', async () => {
    const world = new RotationWorld(SELF);
    await checked(world);
    expect(await recoverSecret(portsOf(world), anything)).toEqual({
      outcome: 'recovered',
      kept: 'AWSCURRENT',
    });
    expect(world.restoredProblems()).toEqual([]);
  });

  it('makes AWSPENDING AWSCURRENT when only that logs in, and changes no user', async () => {
    const world = new RotationWorld(SELF);
    const { plan } = await set(world);
    const calls = new PortCalls();
    expect(await recoverSecret(portsOf(world, calls), anything)).toMatchObject({ kept: 'AWSPENDING' });
    expect(world.store.holder(SECRET, 'AWSCURRENT')).toBe(plan.token);
    expect(world.endProblems()).toEqual([]);
    expect(count(calls, 'updateUser')).toBe(0);
  });

  it('makes AWSPREVIOUS AWSCURRENT when only that logs in', async () => {
    const world = new RotationWorld(SELF);
    world.database.addUser('boss', world.credentialOf(world.previous ?? '')?.password ?? '', ROOT);
    expect(await recoverSecret(portsOf(world), anything)).toMatchObject({ kept: 'AWSPREVIOUS' });
    expect(world.store.holder(SECRET, 'AWSCURRENT')).toBe(world.previous);
    expect(world.endProblems()).toEqual([]);
  });

  it('clears what another tool left: an AWSPENDING without a value', async () => {
    const world = new RotationWorld(SELF);
    world.store.addVersion(SECRET, ['AWSPENDING'], undefined);
    expect(await recoverSecret(portsOf(world), anything)).toMatchObject({ outcome: 'recovered' });
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
    await expect(recoverSecret(portsOf(world), anything)).rejects.toThrow(NoUsableCredentialsError);
    expect(world.store.holder(SECRET, 'AWSCURRENT')).toBe(world.current);
  });

  it('changes nothing more when it comes again', async () => {
    const world = new RotationWorld(SELF);
    await set(world);
    await recoverSecret(portsOf(world), anything);
    const calls = new PortCalls();
    expect(await recoverSecret(portsOf(world, calls), anything)).toMatchObject({ outcome: 'nothing-to-do' });
    expect(count(calls, 'moveLabel')).toBe(0);
  });

  it('fails with an error that can be retried while the database is down, and moves nothing', async () => {
    const world = new RotationWorld(SELF);
    await set(world);
    const labels = world.store.labels(SECRET);
    world.database.down = true;
    await expect(recoverSecret(portsOf(world), anything)).rejects.toThrow(DatabaseUnavailableError);
    expect(world.store.labels(SECRET)).toEqual(labels);
  });

  it('fails for a secret that is marked for deletion', async () => {
    const world = new RotationWorld(SELF);
    world.store.markForDeletion(SECRET);
    await expect(recoverSecret(portsOf(world), anything)).rejects.toThrow(SecretNotRotatableError);
  });
});

describe('RecoverSecret by hand, while a rotation runs', () => {
  // It once left a password in the database that no label held.
  it('finds the password that SetSecret set after it had looked', async () => {
    const world = new RotationWorld({ username: 'boss', roles: ROOT });
    const { plan, before } = await checked(world);
    const calls = new PortCalls({
      turn: async (method) => {
        // Between the look and the taking off of AWSPENDING.
        if (method === 'moveLabel' && !world.logsIn(plan.token))
          await setSecret(portsOf(world), plan, before);
      },
    });
    await recoverSecret(portsOf(world, calls), anything);
    expect(world.endProblems()).toEqual([]);
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
    const failure = recoverSecret(portsOf(world, calls), anything);
    await expect(failure).rejects.toThrow(/resetThroughAdmin/);
    expect(count(calls, 'updateUser')).toBe(0);
  });

  it('sets the password of AWSCURRENT through the admin secret when it is told to', async () => {
    const world = await lockedOut();
    const result = await recoverSecret(portsOf(world), { ...anything, resetThroughAdmin: true });
    expect(result).toMatchObject({ outcome: 'recovered', kept: 'AWSCURRENT', passwordReset: true });
    expect(world.restoredProblems()).toEqual([]);
    expect(world.leaks(result)).toEqual([]);
  });

  it('resets nothing as long as some version logs in, even when it is told to', async () => {
    const world = new RotationWorld({ admin: true });
    await checked(world);
    const calls = new PortCalls();
    await recoverSecret(portsOf(world, calls), { ...anything, resetThroughAdmin: true });
    expect(count(calls, 'updateUser')).toBe(0);
  });
});

describe('RecoverSecret of a pair', () => {
  it('goes forward to AWSPENDING rather than back to AWSPREVIOUS when both log in', async () => {
    const world = new RotationWorld({ ...PAIR, previous: { username: 'app', state: 'locked' } });
    const { plan } = await set(world);
    world.database.addUser('app', world.credentialOf(world.previous ?? '')?.password ?? '', READ_WRITE);
    expect(await recoverSecret(portsOf(world), anything)).toMatchObject({ kept: 'AWSPENDING' });
    expect(world.store.holder(SECRET, 'AWSCURRENT')).toBe(plan.token);
  });

  it('drops the user that the stopped rotation made', async () => {
    const world = new RotationWorld(PAIR);
    await set(world);
    expect(await recoverSecret(portsOf(world), anything)).toMatchObject({
      kept: 'AWSCURRENT',
      otherUser: 'dropped',
    });
    expect(world.restoredProblems()).toEqual([]);
  });

  it.each(['logs in', 'locked'] as const)('takes a user that %s before out of use', async (state) => {
    const world = new RotationWorld({ ...PAIR, previous: { username: 'app_clone', state } });
    await set(world);
    expect(await recoverSecret(portsOf(world), anything)).toMatchObject({ otherUser: 'locked' });
    expect(world.powerProblems()).toEqual([]);
    expect(world.endProblems()).toEqual([]);
  });

  it('leaves the pair alone after FinishSecret', async () => {
    const world = new RotationWorld(PAIR);
    const { plan } = await finished(world);
    expect(await recoverSecret(portsOf(world), anything)).toMatchObject({ outcome: 'nothing-to-do' });
    expect([world.logsIn(plan.token), world.logsIn(world.current)]).toEqual([true, true]);
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

  // bugs.md 18: the second look takes the lock from whoever has it by then.
  it('that begins while it looks', async () => {
    const world = new RotationWorld(SELF);
    let other: string | undefined;
    const calls = meanwhile(async () => {
      other = (await created(world)).token;
    });
    await recoverSecret(portsOf(world, calls), { ...anything, token });
    expect(world.store.labels(SECRET)).toEqual({ ...world.before.labels, AWSPENDING: other });
  });

  // bugs.md 18: and drops the user that this one has just made.
  it('of a pair, that begins while it looks', async () => {
    const world = new RotationWorld(PAIR);
    let other: string | undefined;
    const calls = meanwhile(async () => {
      other = (await set(world)).plan.token;
    });
    await recoverSecret(portsOf(world, calls), { ...anything, token });
    expect(world.logsIn(other)).toBe(true);
    expect(world.store.holder(SECRET, 'AWSPENDING')).toBe(other);
  });

  it('that runs, when its own has left nothing', async () => {
    const world = new RotationWorld(PAIR);
    const { plan } = await set(world);
    expect(await recoverSecret(portsOf(world), { ...anything, token })).toMatchObject({
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
    await recoverSecret(portsOf(world), { ...anything, token });
    expect(world.store.labels(SECRET)).toEqual({ AWSCURRENT: world.current, AWSPENDING: plan.token });
    expect(world.logsIn(plan.token)).toBe(true);
  });

  it('that began when its own had been promoted', async () => {
    const world = new RotationWorld(PAIR);
    const first = await finished(world);
    const second = await created(world);
    await recoverSecret(portsOf(world), { ...anything, token: first.plan.token });
    expect(world.store.holder(SECRET, 'AWSPENDING')).toBe(second.token);
  });
});
