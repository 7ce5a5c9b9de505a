import { describe, expect, it } from 'vitest';
import {
  AdminSecretUnavailableError,
  DatabaseUnavailableError,
  NoUsableCredentialsError,
  RotationSupersededError,
  UntrustedVersionError,
} from '../../../../functions/contract/errors.ts';
import type { Before } from '../../../../functions/contract/steps.ts';
import { restoreCredential } from '../../../../functions/restore-credential/restore-credential.ts';
import { OWNER } from '../../../../functions/secret/labels.ts';
import type { Login } from '../../../../functions/secret/secret-value.ts';
import { checkBefore } from '../../../../functions/test-secret/check-before.ts';
import { INSTANCES, READ_WRITE, ROOT } from '../../../support/in-memory-database.ts';
import { newPassword } from '../../../support/in-memory-secret-store.ts';
import { count, PortCalls } from '../../../support/port-calls.ts';
import { checked, created, finished, portsOf, set } from '../../../support/rotation-steps.ts';
import { RotationWorld, SECRET, secretText, type WorldOptions } from '../../../support/rotation-world.ts';

/*
 * single user | the database has    | AWSCURRENT is    | RestoreCredential
 * ------------|---------------------|------------------|-----------------------------
 *             | the old password    | the old version  | touches nothing
 *             | the pending one     | the old version  | sets the old password back
 *             | the pending one     | the new version  | sets the old password back
 *             | neither             | any              | fails: no one gets in
 *             | any                 | someone else's, and logs in | leaves it, and touches nothing
 *             | any                 | someone else's, and does not | as if AWSCURRENT were the old version
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
    expect([world.logsIn(world.current), world.logsIn(plan.pendingVersion)]).toEqual([true, false]);
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

  const OLD = { role: 'read', db: 'old' };

  it.each([
    ['takes back the roles that it gave', [], []],
    ['leaves those that both have', [options.roles ?? READ_WRITE, []].flat().slice(0, 1), null],
    ['gives none that it took: an administrator may have taken them too', [OLD], []],
  ])('%s', async (_what, roles, after) => {
    const world = new RotationWorld({ ...options, previous: { username: other, state: 'logs in', roles } });
    const { plan, before } = await set(world);
    await restoreCredential(portsOf(world), plan, before);
    expect(world.database.user(other)?.roles).toEqual(after ?? roles);
  });

  it('takes them back too where someone has changed its password since, and brings none back', async () => {
    const world = new RotationWorld({
      ...options,
      previous: { username: other, state: 'logs in', roles: [OLD] },
    });
    const { plan, before } = await set(world);
    const password = newPassword();
    world.database.addUser(other, password, world.database.user(other)?.roles ?? []);
    expect(await restoreCredential(portsOf(world), plan, before)).toEqual({ outcome: 'user-restored' });
    expect(world.database.user(other)).toMatchObject({ password, roles: [] });
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
  it('fails when the lock is someone else’s, and asks the database nothing', async () => {
    const world = new RotationWorld(SELF);
    const { plan, before } = await set(world);
    world.store.move(SECRET, OWNER, { from: plan.lockVersion });
    const calls = new PortCalls();
    await expect(restoreCredential(portsOf(world, calls), plan, before)).rejects.toThrow(
      RotationSupersededError,
    );
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

describe('RestoreCredential, where someone wrote AWSCURRENT meanwhile', () => {
  const byHand = (world: RotationWorld, username: string, keys: Record<string, unknown> = {}) => {
    const password = newPassword();
    const version = world.store.putByHand(SECRET, secretText({ username, password, ...keys }));
    return { version, password };
  };

  it('leaves it and the database as they are, if it logs in', async () => {
    const world = new RotationWorld(SELF);
    const { plan, before } = await set(world);
    const { version, password } = byHand(world, 'boss');
    world.database.addUser('boss', password, ROOT);
    const calls = new PortCalls();
    expect(await restoreCredential(portsOf(world, calls), plan, before)).toEqual({
      outcome: 'untouched',
      currentStays: version,
    });
    expect(count(calls, 'updateUser')).toBe(0);
    expect(world.logsIn(version)).toBe(true);
  });

  it.each([
    ['by the user itself', SELF, 'boss'],
    ['through the admin secret', ADMIN, 'app'],
  ])('restores what was AWSCURRENT, %s, if it does not log in', async (_how, options, user) => {
    const world = new RotationWorld(options);
    const { plan, before } = await set(world);
    const { version } = byHand(world, user);
    expect(await restoreCredential(portsOf(world), plan, before)).toEqual({ outcome: 'password-restored' });
    expect([world.logsIn(world.current), world.logsIn(version)]).toEqual([true, false]);
  });

  // The one who may write the secret would have anybody's password set, by the admin's power.
  it('never sets the password that it holds', async () => {
    const world = new RotationWorld(ADMIN);
    const { plan, before } = await finished(world);
    const { version } = byHand(world, 'app');
    await restoreCredential(portsOf(world), plan, before);
    expect(world.logsIn(version)).toBe(false);
    expect(world.logsIn(world.current)).toBe(true);
  });

  it.each([
    ['another cluster', { host: INSTANCES[0] ?? '' }],
    ['no TLS', { ssl: false }],
  ])('sends nothing to it, if it is for %s', async (_what, keys) => {
    const world = new RotationWorld(SELF);
    const { plan, before } = await set(world);
    const { password } = byHand(world, 'boss', keys);
    const ports = portsOf(world);
    const tried: string[] = [];
    const login = (as: Login) => {
      tried.push(as.password);
      return ports.database.login(as);
    };
    const result = await restoreCredential({ ...ports, database: { login } }, plan, before);
    expect(result).toEqual({ outcome: 'password-restored' });
    expect(tried).not.toContain(password);
  });

  it('puts back the other user of a pair all the same, if it is for the current one', async () => {
    const world = new RotationWorld(PAIR);
    const { plan, before } = await set(world);
    const { version, password } = byHand(world, 'app');
    world.database.addUser('app', password, READ_WRITE);
    expect(await restoreCredential(portsOf(world), plan, before)).toEqual({
      outcome: 'user-dropped',
      currentStays: version,
    });
  });

  it.each([PAIR, CLONE])(
    'leaves the other user of a pair, if the one that was in use logs in no more',
    async (options) => {
      const world = new RotationWorld(options);
      const { plan, before } = await set(world);
      const { username, roles } = {
        username: plan.users.current,
        ...world.database.user(plan.users.current),
      };
      world.database.addUser(username, newPassword(), roles ?? []);
      await expect(restoreCredential(portsOf(world), plan, before)).rejects.toThrow(NoUsableCredentialsError);
      expect(world.logsIn(plan.pendingVersion)).toBe(true);
    },
  );

  it('leaves the other user of a pair, if it is for that one', async () => {
    const world = new RotationWorld(PAIR);
    const { plan, before } = await set(world);
    const { version, password } = byHand(world, 'app_clone');
    world.database.addUser('app_clone', password, READ_WRITE);
    expect(await restoreCredential(portsOf(world), plan, before)).toEqual({
      outcome: 'untouched',
      currentStays: version,
    });
    expect(world.database.user('app_clone')).toBeDefined();
  });
});

describe('RestoreCredential of a single user restores only what is known to be good', () => {
  const planted = (proven: boolean): RotationWorld => {
    const world = new RotationWorld({ ...SELF, previous: { username: 'boss', state: 'locked' }, proven });
    const password = world.credentialOf(world.previous ?? '')?.password ?? '';
    // AWSCURRENT does not log in, and AWSPREVIOUS does.
    world.database.addUser('boss', password, ROOT);
    return world;
  };

  it('not an AWSCURRENT that did not log in at the start: CheckBefore refuses it, and someone may have planted it', async () => {
    const world = planted(false);
    const plan = await created(world);
    await expect(checkBefore(portsOf(world), plan)).rejects.toThrow(UntrustedVersionError);
    const before: Before = { logsIn: ['AWSPREVIOUS'], roles: [...ROOT] };
    const calls = new PortCalls();
    expect(await restoreCredential(portsOf(world, calls), plan, before)).toEqual({ outcome: 'untouched' });
    expect(count(calls, 'updateUser')).toBe(0);
    expect(world.logsIn(world.current)).toBe(false);
  });

  it('but one that is proven', async () => {
    const world = planted(true);
    const { plan, before } = await set(world);
    expect(before.logsIn).not.toContain('AWSCURRENT');
    expect(await restoreCredential(portsOf(world), plan, before)).toEqual({ outcome: 'password-restored' });
    expect(world.logsIn(world.current)).toBe(true);
  });

  it('a proven one also where CheckBefore came to no end: an earlier attempt may have changed the password', async () => {
    const world = new RotationWorld({ ...SELF, proven: true });
    const plan = await created(world);
    world.database.addUser('boss', world.credentialOf(plan.pendingVersion)?.password ?? '', ROOT);
    expect(await restoreCredential(portsOf(world), plan, null)).toEqual({ outcome: 'password-restored' });
  });

  it('nothing where CheckBefore came to no end and AWSCURRENT is not proven', async () => {
    const world = new RotationWorld(SELF);
    const plan = await created(world);
    world.database.addUser('boss', world.credentialOf(plan.pendingVersion)?.password ?? '', ROOT);
    expect(await restoreCredential(portsOf(world), plan, null)).toEqual({ outcome: 'untouched' });
    expect(world.logsIn(plan.pendingVersion)).toBe(true);
  });
});

describe('RestoreCredential of a pair', () => {
  it('touches nothing where CheckBefore came to no end: nothing was changed before', async () => {
    const world = new RotationWorld(PAIR);
    const plan = await created(world);
    const calls = new PortCalls();
    expect(await restoreCredential(portsOf(world, calls), plan, null)).toEqual({ outcome: 'untouched' });
    expect(count(calls, 'login')).toBe(0);
  });
});
