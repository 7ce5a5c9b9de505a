import { describe, expect, it } from 'vitest';
import {
  AdminSecretMismatchError,
  AdminSecretRequiredError,
  AdminSecretUnavailableError,
  ChangeRefusedError,
  DatabaseUnavailableError,
  NoUsableCredentialsError,
  RotationSupersededError,
  UserChangedError,
} from '../../../../functions/contract/errors.ts';
import { OWNER } from '../../../../functions/secret/labels.ts';
import { setSecret } from '../../../../functions/set-secret/set-secret.ts';
import { READ_WRITE, ROOT } from '../../../support/in-memory-database.ts';
import { newPassword } from '../../../support/in-memory-secret-store.ts';
import { count, PortCalls } from '../../../support/port-calls.ts';
import { checked, created, portsOf, set } from '../../../support/rotation-steps.ts';
import { ADMIN_SECRET, RotationWorld, SECRET, secretText } from '../../../support/rotation-world.ts';

const boss = () => new RotationWorld({ username: 'boss', roles: ROOT });
const throughAdmin = () => new RotationWorld({ admin: true });
const alternating = () => new RotationWorld({ strategy: 'alternating-users', admin: true });
const clone = () => new RotationWorld({ strategy: 'admin-clone', username: 'boss', roles: ROOT });

describe('SetSecret for a single user', () => {
  it.each([
    ['by the user itself, if it has the power', boss],
    ['through the admin secret, if it has not', throughAdmin],
  ])('changes the password %s', async (_how, make) => {
    const world = make();
    const { plan, before } = await checked(world);
    const result = await setSecret(portsOf(world), plan, before);
    expect(result.outcome).toBe('changed');
    expect(world.logsIn(plan.pendingVersion)).toBe(true);
    expect(world.logsIn(world.current)).toBe(false);
    expect(world.leaks(result)).toEqual([]);
  });

  it('moves no label', async () => {
    const world = boss();
    const { plan, before } = await checked(world);
    const calls = new PortCalls();
    await setSecret(portsOf(world, calls), plan, before);
    expect(count(calls, 'moveLabel') + count(calls, 'put')).toBe(0);
  });

  it('changes nothing when the pending password is set already', async () => {
    const world = throughAdmin();
    const { plan, before } = await set(world);
    const calls = new PortCalls();
    expect((await setSecret(portsOf(world, calls), plan, before)).outcome).toBe('already-set');
    expect(count(calls, 'updateUser')).toBe(0);
  });

  it('gets in by AWSPREVIOUS when AWSCURRENT does not log in', async () => {
    const world = new RotationWorld({
      username: 'boss',
      roles: ROOT,
      previous: { username: 'boss', state: 'locked' },
    });
    const previous = world.credentialOf(world.previous ?? '')?.password ?? '';
    world.database.addUser('boss', previous, ROOT);
    const { plan, before } = await checked(world);
    await setSecret(portsOf(world), plan, before);
    expect(world.logsIn(plan.pendingVersion)).toBe(true);
  });

  it('fails when no version proves that the secret is the user’s own, and never asks the admin', async () => {
    const world = throughAdmin();
    const { plan, before } = await checked(world);
    world.database.addUser('app', newPassword(), READ_WRITE);
    const calls = new PortCalls();
    const attempt = setSecret(portsOf(world, calls), plan, before);
    await expect(attempt).rejects.toThrow(NoUsableCredentialsError);
    await expect(attempt).rejects.toThrow(
      'start the recovery machine, which tries those that are proven, and with "resetThroughAdmin": true',
    );
    expect(count(calls, 'updateUser')).toBe(0);
  });

  it('fails for a user without power when no admin secret is named', async () => {
    const world = new RotationWorld();
    const { plan, before } = await checked(world);
    await expect(setSecret(portsOf(world), plan, before)).rejects.toThrow(AdminSecretRequiredError);
    expect(world.logsIn(world.current)).toBe(true);
  });

  it('fails for an admin secret of another cluster, and sends nothing there', async () => {
    const world = throughAdmin();
    const { plan, before } = await checked(world);
    const host = 'other.cluster-x.eu-central-1.docdb.amazonaws.com';
    world.store.addVersion(
      ADMIN_SECRET,
      ['AWSCURRENT'],
      secretText({ host, username: 'root', password: newPassword() }),
    );
    await expect(setSecret(portsOf(world), plan, before)).rejects.toThrow(AdminSecretMismatchError);
    expect(world.logsIn(world.current)).toBe(true);
  });

  it('fails with an error that can be retried while the admin secret does not log in', async () => {
    const world = throughAdmin();
    const { plan, before } = await checked(world);
    world.database.addUser('root', newPassword(), ROOT, true);
    const attempt = setSecret(portsOf(world), plan, before);
    await expect(attempt).rejects.toThrow(AdminSecretUnavailableError);
    await expect(attempt).rejects.toThrow('start the recovery machine for it');
  });

  it('uses the pending password of an admin secret that is being rotated', async () => {
    const world = throughAdmin();
    const { plan, before } = await checked(world);
    const password = newPassword();
    world.store.addVersion(ADMIN_SECRET, ['AWSPENDING'], secretText({ username: 'root', password }));
    world.database.addUser('root', password, ROOT, true);
    expect((await setSecret(portsOf(world), plan, before)).outcome).toBe('changed');
  });

  it('fails when the database refuses the password, and AWSCURRENT still logs in', async () => {
    const world = boss();
    const { plan, before } = await checked(world);
    const { password } = world.credentialOf(plan.pendingVersion) ?? {};
    const database = world.database.port();
    const picky = {
      login: async (login: Parameters<typeof database.login>[0]) => {
        const session = await database.login(login);
        if (session === undefined) return undefined;
        return Object.assign(session, {
          updateUser: () => Promise.reject(new ChangeRefusedError('no such password')),
        });
      },
    };
    const failure = setSecret({ ...portsOf(world), database: picky }, plan, before);
    await expect(failure).rejects.toThrow(ChangeRefusedError);
    await expect(failure).rejects.not.toThrow(new RegExp(password ?? 'none'));
    expect(world.logsIn(world.current)).toBe(true);
  });

  it('tells a database that is down from one that refuses', async () => {
    const world = boss();
    const { plan, before } = await checked(world);
    world.database.down = true;
    await expect(setSecret(portsOf(world), plan, before)).rejects.toThrow(DatabaseUnavailableError);
  });
});

describe('SetSecret for a pair', () => {
  it.each([
    ['alternating-users', alternating, 'app_clone', READ_WRITE],
    ['admin-clone', clone, 'boss_clone', ROOT],
  ] as const)(
    '%s: makes the other user with the same roles, and does not touch the current one',
    async (_s, make, other, roles) => {
      const world = make();
      const { plan, before } = await checked(world);
      const result = await setSecret(portsOf(world), plan, before);
      expect(result).toEqual({ outcome: 'created', roles });
      expect(world.database.user(other)?.roles).toEqual(roles);
      expect([world.logsIn(plan.pendingVersion), world.logsIn(world.current)]).toEqual([true, true]);
    },
  );

  it('copies the roles on every rotation, not only the first', async () => {
    const world = new RotationWorld({
      strategy: 'alternating-users',
      admin: true,
      previous: { username: 'app_clone', state: 'logs in', roles: [{ role: 'read', db: 'old' }] },
    });
    await set(world);
    expect(world.database.user('app_clone')?.roles).toEqual(READ_WRITE);
  });

  it('writes no roles where they are the same: the cluster’s primary user takes none', async () => {
    const world = new RotationWorld({
      strategy: 'admin-clone',
      username: 'boss_clone',
      roles: ROOT,
      previous: { username: 'boss', state: 'locked' },
    });
    world.database.addUser('boss', newPassword(), ROOT, true);
    const { plan } = await set(world);
    expect(world.logsIn(plan.pendingVersion)).toBe(true);
  });

  it('changes nothing when it comes again', async () => {
    const world = alternating();
    const { plan, before } = await set(world);
    const calls = new PortCalls();
    expect((await setSecret(portsOf(world, calls), plan, before)).outcome).toBe('already-set');
    expect(count(calls, 'updateUser') + count(calls, 'createUser')).toBe(0);
  });

  describe('when the other user’s password is another one by the time of the change', () => {
    const changedTo = async (passwordOf: (pending: string) => string) => {
      const world = new RotationWorld({
        strategy: 'alternating-users',
        admin: true,
        previous: { username: 'app_clone', state: 'logs in', roles: READ_WRITE },
      });
      const { plan, before } = await checked(world);
      const pending = world.credentialOf(plan.pendingVersion)?.password ?? '';
      const turn = async (method: string): Promise<void> => {
        if (method === 'findUser') world.database.addUser('app_clone', passwordOf(pending), READ_WRITE);
      };
      const calls = new PortCalls({ turn });
      return { world, plan, calls, result: setSecret(portsOf(world, calls), plan, before) };
    };

    it('leaves one that someone has set', async () => {
      const { calls, result } = await changedTo(() => newPassword());
      await expect(result).rejects.toThrow(UserChangedError);
      expect(count(calls, 'updateUser')).toBe(0);
    });

    it('takes one that an earlier call has set, and that comes late', async () => {
      const { world, plan, result } = await changedTo((pending) => pending);
      expect((await result).outcome).toBe('changed');
      expect(world.logsIn(plan.pendingVersion)).toBe(true);
    });
  });

  it('fails when AWSCURRENT does not log in, and never asks the admin', async () => {
    const world = alternating();
    const { plan, before } = await checked(world);
    world.database.addUser('app', newPassword(), READ_WRITE);
    const calls = new PortCalls();
    await expect(setSecret(portsOf(world, calls), plan, before)).rejects.toThrow(NoUsableCredentialsError);
    expect(count(calls, 'createUser') + count(calls, 'updateUser')).toBe(0);
  });

  it('reverts from an AWSCURRENT that does not log in, with no one’s power', async () => {
    const world = new RotationWorld({
      strategy: 'alternating-users',
      admin: true,
      previous: { username: 'app_clone', state: 'logs in' },
    });
    world.database.addUser('app', newPassword(), READ_WRITE);
    const { plan, before } = await checked(world, 'revert');
    expect(await setSecret(portsOf(world), plan, before)).toEqual({
      outcome: 'already-set',
      roles: READ_WRITE,
    });
  });
});

describe('SetSecret for a pair whose other user CheckBefore did not look at', () => {
  const late = async (state: 'logs in' | 'locked') => {
    const world = new RotationWorld({
      strategy: 'alternating-users',
      admin: true,
      previous: { username: 'app_clone', state, roles: [] },
    });
    const { plan, before } = await checked(world, 'revert');
    const { otherUser: _, ...without } = before;
    const calls = new PortCalls();
    return { calls, set: () => setSecret(portsOf(world, calls), plan, without) };
  };

  it('changes nothing, though AWSCURRENT logs in by now', async () => {
    const { calls, set } = await late('logs in');
    expect(await set()).toEqual({ outcome: 'already-set', roles: [] });
    expect(count(calls, 'updateUser')).toBe(0);
  });

  it('fails where the pending credential does not log in', async () => {
    const { calls, set } = await late('locked');
    await expect(set()).rejects.toThrow(NoUsableCredentialsError);
    expect(count(calls, 'updateUser')).toBe(0);
  });
});

describe('SetSecret and the lock', () => {
  it.each([
    ['a single user', boss],
    ['a pair', alternating],
  ])('fails before it changes anything of %s when the lock is lost', async (_what, make) => {
    const world = make();
    const { plan, before } = await checked(world);
    world.store.move(SECRET, OWNER, { from: plan.lockVersion });
    const calls = new PortCalls();
    await expect(setSecret(portsOf(world, calls), plan, before)).rejects.toThrow(RotationSupersededError);
    expect(count(calls, 'login') + count(calls, 'moveLabel')).toBe(0);
  });

  // Its password may be the only way in from now on: a version without a label is deleted at any time.
  it('puts AWSPENDING back on the version whose password the database is about to get', async () => {
    const world = boss();
    const { plan, before } = await checked(world);
    world.store.move(SECRET, 'AWSPENDING', { from: plan.pendingVersion });
    const calls = new PortCalls({
      turn: async (method) => {
        if (method !== 'updateUser') return;
        expect(world.store.holder(SECRET, 'AWSPENDING')).toBe(plan.pendingVersion);
      },
    });
    expect((await setSecret(portsOf(world, calls), plan, before)).outcome).toBe('changed');
    expect(count(calls, 'updateUser')).toBe(1);
  });

  it('goes on where another tool took AWSPENDING: the pending version has the owner label', async () => {
    const world = boss();
    const { plan, before } = await checked(world);
    const { token } = world.beginRotation();
    await setSecret(portsOf(world), plan, before);
    expect(world.store.holder(SECRET, 'AWSPENDING')).toBe(token);
    expect(world.logsIn(plan.pendingVersion)).toBe(true);
  });

  it('goes by the version that was AWSCURRENT at its start, not by one written since', async () => {
    const world = boss();
    const { plan, before } = await checked(world);
    world.store.putByHand(SECRET, secretText({ username: 'boss', password: newPassword() }));
    expect((await setSecret(portsOf(world), plan, before)).outcome).toBe('changed');
    expect(world.logsIn(plan.pendingVersion)).toBe(true);
  });
});

describe('SetSecret with a broken version', () => {
  it('ignores an AWSPREVIOUS that can not be read', async () => {
    const world = boss();
    world.store.addVersion(SECRET, ['AWSPREVIOUS'], 'no JSON');
    const { plan } = await set(world);
    expect(world.logsIn(plan.pendingVersion)).toBe(true);
  });

  it('leaves no connection open', async () => {
    const world = alternating();
    await set(world);
    await created(world).catch(() => undefined);
    expect(world.database.open).toBe(0);
  });
});
