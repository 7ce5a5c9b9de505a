import { describe, expect, it } from 'vitest';
import { restoreCredential } from '../../functions/restore-credential/restore-credential.ts';
import {
  AdminSecretUnavailableError,
  DatabaseUnavailableError,
  NoUsableCredentialsError,
} from '../../functions/shared/errors.ts';
import { READ_WRITE, ROOT } from '../helpers/in-memory-database.ts';
import { newPassword } from '../helpers/in-memory-secret-store.ts';
import { count, PortCalls } from '../helpers/port-calls.ts';
import { checked, finished, portsOf, set } from '../helpers/rotation-steps.ts';
import { RotationWorld, SECRET, type WorldOptions } from '../helpers/rotation-world.ts';

/*
 * single user | the database has    | AWSCURRENT is    | RestoreCredential
 * ------------|---------------------|------------------|-----------------------------
 *             | the old password    | the old version  | touches nothing
 *             | the pending one     | the old version  | sets the old password back
 *             | the pending one     | the new version  | sets the old password back
 *             | neither             | any              | fails: nobody gets in
 *
 * pair        | the other user      | before           | RestoreCredential
 * ------------|---------------------|------------------|-----------------------------
 *             | was not reached     | any              | touches nothing
 *             | has the pending one | did not exist    | drops it
 *             | has the pending one | logged in        | gives it its password and roles back
 *             | has the pending one | was locked       | locks it again
 */

const SELF: WorldOptions = { username: 'boss', roles: ROOT };
const ADMIN: WorldOptions = { admin: true };
const PAIR: WorldOptions = { strategy: 'alternating-users', admin: true };
const CLONE: WorldOptions = { strategy: 'admin-clone', username: 'boss', roles: ROOT };

describe.each([
  ['by its own power', SELF],
  ['through the admin secret', ADMIN],
])('RestoreCredential for a single user, %s', (_how, options) => {
  it('touches nothing when AWSCURRENT logs in', async () => {
    const world = new RotationWorld(options);
    const { plan, before } = await checked(world);
    const calls = new PortCalls();
    expect(await restoreCredential(portsOf(world, calls), plan, before)).toEqual({ outcome: 'untouched' });
    expect(count(calls, 'updateUser')).toBe(0);
  });

  it('sets the old password back after SetSecret', async () => {
    const world = new RotationWorld(options);
    const { plan, before } = await set(world);
    const result = await restoreCredential(portsOf(world), plan, before);
    expect(result).toEqual({ outcome: 'password-restored' });
    expect([world.logsIn(world.current), world.logsIn(plan.token)]).toEqual([true, false]);
    expect(world.leaks(result)).toEqual([]);
  });

  it('sets the old password back after FinishSecret too, where AWSCURRENT is the new version', async () => {
    const world = new RotationWorld(options);
    const { plan, before } = await finished(world);
    await restoreCredential(portsOf(world), plan, before);
    expect(world.logsIn(world.current)).toBe(true);
  });

  it('touches nothing when it comes again', async () => {
    const world = new RotationWorld(options);
    const { plan, before } = await set(world);
    await restoreCredential(portsOf(world), plan, before);
    const calls = new PortCalls();
    expect(await restoreCredential(portsOf(world, calls), plan, before)).toEqual({ outcome: 'untouched' });
    expect(count(calls, 'updateUser')).toBe(0);
  });

  it('moves no label', async () => {
    const world = new RotationWorld(options);
    const { plan, before } = await set(world);
    const calls = new PortCalls();
    await restoreCredential(portsOf(world, calls), plan, before);
    expect(count(calls, 'moveLabel') + count(calls, 'put')).toBe(0);
  });

  it('fails when neither password gets in, and changes nothing', async () => {
    const world = new RotationWorld(options);
    const { plan, before } = await set(world);
    world.database.addUser(options.username ?? 'app', newPassword(), options.roles ?? READ_WRITE);
    const calls = new PortCalls();
    await expect(restoreCredential(portsOf(world, calls), plan, before)).rejects.toThrow(
      NoUsableCredentialsError,
    );
    expect(count(calls, 'updateUser')).toBe(0);
  });

  it('fails with an error that can be retried while the database is down', async () => {
    const world = new RotationWorld(options);
    const { plan, before } = await set(world);
    world.database.down = true;
    await expect(restoreCredential(portsOf(world), plan, before)).rejects.toThrow(DatabaseUnavailableError);
  });
});

describe.each([
  ['alternating-users', PAIR, 'app_clone'],
  ['admin-clone', CLONE, 'boss_clone'],
] as const)('RestoreCredential for a pair, %s', (_strategy, options, other) => {
  it('touches nothing when SetSecret did not get to the other user', async () => {
    const world = new RotationWorld({ ...options, previous: { username: other, state: 'logs in' } });
    const { plan, before } = await checked(world);
    const calls = new PortCalls();
    expect(await restoreCredential(portsOf(world, calls), plan, before)).toEqual({ outcome: 'untouched' });
    expect(count(calls, 'updateUser') + count(calls, 'dropUser')).toBe(0);
  });

  it('drops a user that this rotation made', async () => {
    const world = new RotationWorld(options);
    const { plan, before } = await set(world);
    expect(await restoreCredential(portsOf(world), plan, before)).toEqual({ outcome: 'user-dropped' });
    expect(world.database.user(other)).toBeUndefined();
  });

  it('gives a user that logged in before its password back', async () => {
    const world = new RotationWorld({ ...options, previous: { username: other, state: 'logs in' } });
    const { plan, before } = await set(world);
    expect(await restoreCredential(portsOf(world), plan, before)).toEqual({ outcome: 'user-restored' });
    expect(world.restoredProblems().filter((problem) => !problem.includes('labels'))).toEqual([]);
  });

  it('takes back the roles that it gave', async () => {
    const roles = [{ role: 'read', db: 'old' }];
    const world = new RotationWorld({ ...options, previous: { username: other, state: 'logs in', roles } });
    const { plan, before } = await set(world);
    await restoreCredential(portsOf(world), plan, before);
    expect(world.database.user(other)?.roles).toEqual(roles);
  });

  it('locks a user again that was locked before', async () => {
    const world = new RotationWorld({ ...options, previous: { username: other, state: 'locked' } });
    const { plan, before } = await set(world);
    expect(await restoreCredential(portsOf(world), plan, before)).toEqual({ outcome: 'user-locked' });
    expect(world.powerProblems()).toEqual([]);
  });

  it('never touches the current user', async () => {
    const world = new RotationWorld(options);
    const { plan, before } = await set(world);
    const user = world.database.user(plan.users.current);
    await restoreCredential(portsOf(world), plan, before);
    expect(world.database.user(plan.users.current)).toEqual(user);
  });
});

describe('RestoreCredential', () => {
  it('leaves everything alone when the lock is somebody else’s', async () => {
    const world = new RotationWorld(SELF);
    const { plan, before } = await set(world);
    world.store.move(SECRET, 'AWSPENDING', { from: plan.token });
    const calls = new PortCalls();
    expect(await restoreCredential(portsOf(world, calls), plan, before)).toEqual({ outcome: 'superseded' });
    expect(count(calls, 'login')).toBe(0);
  });

  it('fails with an error that can be retried while the admin secret does not log in', async () => {
    const world = new RotationWorld(ADMIN);
    const { plan, before } = await set(world);
    world.database.addUser('root', newPassword(), ROOT, true);
    await expect(restoreCredential(portsOf(world), plan, before)).rejects.toThrow(
      AdminSecretUnavailableError,
    );
  });

  it('leaves no connection open', async () => {
    const world = new RotationWorld(PAIR);
    const { plan, before } = await set(world);
    await restoreCredential(portsOf(world), plan, before);
    expect(world.database.open).toBe(0);
  });
});
