import { describe, expect, it } from 'vitest';
import {
  AdminSecretRequiredError,
  DatabaseUnavailableError,
  InstanceNotTrustedError,
  NoUsableCredentialsError,
  UntrustedVersionError,
  UserNameTakenError,
  UserNotFoundError,
} from '../../../../functions/contract/errors.ts';
import { PROVEN_TAG, STRATEGY_TAG } from '../../../../functions/contract/tags.ts';
import { createSecret } from '../../../../functions/create-secret/create-secret.ts';
import type { Role, Session } from '../../../../functions/database/database.ts';
import { assertTakesWrites } from '../../../../functions/database/takes-writes.ts';
import { OWNER } from '../../../../functions/secret/labels.ts';
import { type CheckBeforePorts, checkBefore } from '../../../../functions/test-secret/check-before.ts';
import { CLUSTER, INSTANCES, PORT, READ_WRITE, ROOT } from '../../../support/in-memory-database.ts';
import { newPassword } from '../../../support/in-memory-secret-store.ts';
import { count, PortCalls } from '../../../support/port-calls.ts';
import { executionArn } from '../../../support/rotation-machine.ts';
import { begunByService, checked, created, portsOf } from '../../../support/rotation-steps.ts';
import { RotationWorld, SECRET, secretText } from '../../../support/rotation-world.ts';

const PAIR = { strategy: 'alternating-users', admin: true } as const;
const CHANGES = ['put', 'moveLabel', 'createUser', 'updateUser', 'dropUser'];

const seenBefore = async (world: RotationWorld, mode: 'rotate' | 'revert' = 'rotate') =>
  checkBefore(portsOf(world), await created(world, mode));

describe('CheckBefore', () => {
  it('tells which labels log in and which roles there are to keep', async () => {
    const world = new RotationWorld({ previous: { username: 'app', state: 'locked' } });
    expect(await seenBefore(world)).toEqual({ logsIn: ['AWSCURRENT'], roles: READ_WRITE });
  });

  it('changes nothing', async () => {
    const world = new RotationWorld(PAIR);
    const plan = await created(world);
    const calls = new PortCalls();
    await checkBefore(portsOf(world, calls), plan);
    expect(calls.recorded.filter((method) => CHANGES.includes(method))).toEqual([]);
    expect(world.database.open).toBe(0);
  });

  it('goes on when only AWSPREVIOUS logs in as the same user', async () => {
    const world = new RotationWorld({ previous: { username: 'app', state: 'locked' } });
    world.database.addUser('app', world.credentialOf(world.previous ?? '')?.password ?? '', READ_WRITE);
    expect((await seenBefore(world)).logsIn).toEqual(['AWSPREVIOUS']);
  });

  it('fails when no version logs in', async () => {
    const world = new RotationWorld();
    world.database.addUser('app', newPassword(), READ_WRITE);
    await expect(seenBefore(world)).rejects.toThrow(NoUsableCredentialsError);
  });

  it('says that the user does not exist, where the admin secret allows to ask', async () => {
    const world = new RotationWorld({ admin: true });
    world.database.removeUser('app');
    await expect(seenBefore(world)).rejects.toThrow(UserNotFoundError);
  });

  it('fails with an error that can be retried while the database is down: that is not a refusal', async () => {
    const world = new RotationWorld();
    world.database.down = true;
    await expect(seenBefore(world)).rejects.toThrow(DatabaseUnavailableError);
  });

  it('fails while an instance of the cluster is away, before anything changes', async () => {
    const world = new RotationWorld();
    world.database.loseReader();
    await expect(seenBefore(world)).rejects.toThrow(DatabaseUnavailableError);
  });

  it('fails if the server lists an instance outside its own domain, and sends no credential there', async () => {
    const world = new RotationWorld();
    world.database.reported = [{ host: 'one.elsewhere.example.com', port: PORT }];
    const plan = await created(world);
    const calls = new PortCalls();
    await expect(checkBefore(portsOf(world, calls), plan)).rejects.toThrow(InstanceNotTrustedError);
    // AWSCURRENT, on the cluster itself.
    expect(count(calls, 'login')).toBe(1);
  });

  it('goes on where a reader lags: TestSecret gives it time', async () => {
    const world = new RotationWorld();
    world.database.fallBehind(9);
    expect((await seenBefore(world)).logsIn).toEqual(['AWSCURRENT']);
    expect(world.database.open).toBe(0);
  });

  // It changes nothing: SetSecret sees that the lock is lost.
  it('needs no lock', async () => {
    const world = new RotationWorld();
    const plan = await created(world);
    world.store.move(SECRET, OWNER, { from: plan.lockVersion });
    expect(await checkBefore(portsOf(world), plan)).toMatchObject({ logsIn: ['AWSCURRENT'] });
  });

  it('costs a single user on demand one read and one login, where AWSCURRENT logs in to the only instance', async () => {
    const world = new RotationWorld({ admin: true, previous: { username: 'app', state: 'locked' } });
    world.database.reported = [{ host: CLUSTER, port: PORT }];
    const plan = await created(world);
    const calls = new PortCalls();
    await checkBefore(portsOf(world, calls), plan);
    expect(calls.recorded.sort()).toEqual(['instances', 'login', 'ownRoles', 'read', 'takesWrites']);
  });

  it('and one login more for each instance, where there are several', async () => {
    const world = new RotationWorld({ previous: { username: 'app', state: 'locked' } });
    const plan = await created(world);
    const calls = new PortCalls();
    await checkBefore(portsOf(world, calls), plan);
    expect([count(calls, 'read'), count(calls, 'login')]).toEqual([1, 1 + INSTANCES.length]);
  });

  it('goes by the version that was AWSCURRENT at the start, not by one written since', async () => {
    const world = new RotationWorld();
    const plan = await created(world);
    world.store.putByHand(SECRET, secretText({ username: 'app', password: newPassword() }));
    expect(await checkBefore(portsOf(world), plan)).toMatchObject({ logsIn: ['AWSCURRENT'] });
  });

  it.each([
    ['did not', false, ['AWSCURRENT']],
    ['did', true, ['AWSPENDING']],
  ])(
    'tries a pending value that an earlier attempt may have used, where it %s',
    async (_what, used, logsIn) => {
      const world = new RotationWorld();
      const execution = executionArn('shop-2');
      const token = await begunByService(world, execution);
      const input = { execution, secretId: SECRET, mode: 'rotate', token } as const;
      const plan = await createSecret(portsOf(world), input);
      const pending = world.credentialOf(token)?.password ?? '';
      if (used) world.database.addUser('app', pending, READ_WRITE);
      expect((await checkBefore(portsOf(world), plan)).logsIn).toEqual(logsIn);
    },
  );

  it('sends no password to another cluster that AWSPREVIOUS names', async () => {
    const world = new RotationWorld();
    const host = 'other.cluster-x.eu-central-1.docdb.amazonaws.com';
    world.store.addVersion(
      SECRET,
      ['AWSPREVIOUS'],
      secretText({ host, username: 'app', password: newPassword() }),
    );
    const plan = await created(world);
    const ports = portsOf(world);
    const hosts: string[] = [];
    const watched: CheckBeforePorts['database'] = {
      login: (login) => {
        hosts.push(login.host);
        return ports.database.login(login);
      },
    };
    await checkBefore({ ...ports, database: watched }, plan);
    expect(hosts).not.toContain(host);
  });
});

describe('CheckBefore finds a host that takes no writes, before anything changes', () => {
  /** Single user whose AWSCURRENT is at this host, in a cluster that has no primary unless it is said. */
  const worldAt = (host: string, readOnly: boolean): RotationWorld => {
    const world = new RotationWorld();
    const { username, password } = world.credentialOf(world.current) ?? {};
    world.store.addVersion(SECRET, ['AWSCURRENT'], secretText({ host, username, password }));
    world.database.readOnly = readOnly;
    return world;
  };

  it.each([
    ['the cluster endpoint', CLUSTER],
    ['an instance', INSTANCES[1] ?? ''],
  ])('and says by %s of a secondary cluster where to rotate', async (_what, host) => {
    const attempt = seenBefore(worldAt(host, true));
    await expect(attempt).rejects.toThrow(DatabaseUnavailableError);
    await expect(attempt).rejects.toThrow(/no instance of the cluster .* Region of the primary cluster/);
  });

  it('and says by the endpoint of a reading instance which one to use', async () => {
    await expect(seenBefore(worldAt(INSTANCES[1] ?? '', false))).rejects.toThrow(
      /is the endpoint of an instance .*put the cluster endpoint/,
    );
  });

  it('and says by a reader endpoint which one to use', async () => {
    const reader: Session = {
      ...(await sessionOf(new RotationWorld())),
      takesWrites: async () => 'elsewhere',
    };
    await expect(assertTakesWrites(reader, CLUSTER.replace('.cluster-', '.cluster-ro-'))).rejects.toThrow(
      /is a reader endpoint/,
    );
  });

  it('but takes the endpoint of the primary instance', async () => {
    await expect(seenBefore(worldAt(INSTANCES[0] ?? '', false))).resolves.toMatchObject({
      logsIn: ['AWSCURRENT'],
    });
  });

  it('but lets a revert go back to what still logs in: that needs no write', async () => {
    const world = new RotationWorld({ ...PAIR, previous: { username: 'app_clone', state: 'logs in' } });
    world.database.readOnly = true;
    await expect(seenBefore(world, 'revert')).resolves.toMatchObject({
      logsIn: ['AWSCURRENT', 'AWSPENDING'],
    });
  });
});

const sessionOf = async (world: RotationWorld): Promise<Session> => {
  const { username = '', password = '' } = world.credentialOf(world.current) ?? {};
  const session = await portsOf(world).database.login({
    host: CLUSTER,
    port: PORT,
    username,
    password,
    tls: true,
  });
  if (session === undefined) throw new Error('the user does not log in');
  return session;
};

describe('CheckBefore of a pair remembers the other user', () => {
  it('that does not exist', async () => {
    expect((await seenBefore(new RotationWorld(PAIR))).otherUser).toEqual({
      existed: false,
      roles: [],
      previousLoggedIn: false,
    });
  });

  it.each([
    ['logs in', true],
    ['locked', false],
  ] as const)('that %s', async (state, previousLoggedIn) => {
    const roles = [{ role: 'read', db: 'old' }];
    const world = new RotationWorld({ ...PAIR, previous: { username: 'app_clone', state, roles } });
    expect((await seenBefore(world)).otherUser).toEqual({ existed: true, roles, previousLoggedIn });
  });

  it('by the admin’s own power in an admin-clone', async () => {
    const world = new RotationWorld({ strategy: 'admin-clone', username: 'boss', roles: ROOT });
    const { before } = await checked(world);
    expect(before.otherUser?.existed).toBe(false);
  });
});

describe('CheckBefore refuses a user that is someone else’s', () => {
  const taken = () => {
    const world = new RotationWorld(PAIR);
    world.database.addUser('app_clone', newPassword(), READ_WRITE);
    return world;
  };

  it('when this secret never held it', async () => {
    await expect(seenBefore(taken())).rejects.toThrow(UserNameTakenError);
  });

  it('when only a version without a label names it: anyone who may write the secret could have written that', async () => {
    const world = taken();
    world.store.addVersion(SECRET, [], secretText({ username: 'app_clone', password: newPassword() }));
    await expect(seenBefore(world)).rejects.toThrow(UserNameTakenError);
  });

  it('when an AWSPREVIOUS names it that is not proven and does not log in: someone may have planted that', async () => {
    const previous = { username: 'app_clone', state: 'locked' } as const;
    await expect(seenBefore(new RotationWorld({ ...PAIR, previous, proven: false }))).rejects.toThrow(
      UserNameTakenError,
    );
  });

  it('when a proven AWSPREVIOUS is for another user', async () => {
    const world = new RotationWorld({ ...PAIR, previous: { username: 'app_other', state: 'logs in' } });
    world.database.addUser('app_clone', newPassword(), READ_WRITE);
    await expect(seenBefore(world)).rejects.toThrow(UserNameTakenError);
  });

  it('but not when that AWSPREVIOUS logs in: this proves it', async () => {
    const previous = { username: 'app_clone', state: 'logs in' } as const;
    const { otherUser } = await seenBefore(new RotationWorld({ ...PAIR, previous, proven: false }));
    expect(otherUser).toMatchObject({ existed: true, previousLoggedIn: true });
  });

  it('nor when an earlier attempt of the same rotation made it', async () => {
    const world = new RotationWorld(PAIR);
    const execution = executionArn('shop-2');
    const token = await begunByService(world, execution);
    world.database.addUser('app_clone', world.credentialOf(token)?.password ?? '', READ_WRITE);
    const input = { execution, secretId: SECRET, mode: 'rotate', token } as const;
    const { otherUser } = await checkBefore(portsOf(world), await createSecret(portsOf(world), input));
    // Compensation drops it: it was not there before the first attempt.
    expect(otherUser).toMatchObject({ existed: false });
  });

  // The version that a refused rotation leaves behind names the user, and proves nothing.
  it('again, when the rotation is tried again', async () => {
    const world = taken();
    const refused = await created(world);
    await expect(checkBefore(portsOf(world), refused)).rejects.toThrow(UserNameTakenError);
    world.store.move(SECRET, 'AWSPENDING', { from: refused.pendingVersion });
    world.store.move(SECRET, OWNER, { from: refused.lockVersion });
    await expect(seenBefore(world)).rejects.toThrow(UserNameTakenError);
  });

  it('and needs an admin secret to see that', async () => {
    const world = new RotationWorld(PAIR);
    const plan = await created(world);
    const { adminSecret: _, ...without } = plan;
    await expect(checkBefore(portsOf(world), without)).rejects.toThrow(AdminSecretRequiredError);
  });
});

describe('CheckBefore gives the roles of one user to no other', () => {
  const LITTLE = [{ role: 'read', db: 'old' }];

  /** Each was seen to log in, as by a recovery; no rotation has made them a pair. */
  const onlySeen = (roles: readonly Role[], state: 'logs in' | 'locked' | 'absent' = 'logs in') => {
    const previous = { username: 'app_clone', state, roles } as const;
    const world = new RotationWorld({ ...PAIR, previous });
    world.store.setTag(SECRET, PROVEN_TAG, `${world.current} ${world.previous}`);
    return world;
  };

  it.each(['logs in', 'locked'] as const)('that was only seen to log in: it %s now', async (state) => {
    await expect(seenBefore(onlySeen(LITTLE, state))).rejects.toThrow(UserNameTakenError);
    await expect(seenBefore(onlySeen(LITTLE, state))).rejects.toThrow(/read@old instead of/);
    await expect(seenBefore(onlySeen(LITTLE, state), 'revert')).rejects.toThrow(UntrustedVersionError);
  });

  it('though it proves itself by a login', async () => {
    const previous = { username: 'app_clone', state: 'logs in', roles: LITTLE } as const;
    await expect(seenBefore(new RotationWorld({ ...PAIR, previous, proven: false }))).rejects.toThrow(
      UserNameTakenError,
    );
  });

  it('nor makes one again with a password that was only seen to log in', async () => {
    await expect(seenBefore(onlySeen(LITTLE, 'absent'), 'revert')).rejects.toThrow(UntrustedVersionError);
    expect(await seenBefore(onlySeen(LITTLE, 'absent'))).toMatchObject({ otherUser: { existed: false } });
  });

  it('unless both are alike already', async () => {
    for (const mode of ['rotate', 'revert'] as const)
      expect(await seenBefore(onlySeen(READ_WRITE), mode)).toMatchObject({ otherUser: { existed: true } });
  });

  it.each([
    ['the other one', (world: RotationWorld) => `${world.current} =${world.previous}`],
    ['the current one', (world: RotationWorld) => `=${world.current} ${world.previous}`],
  ])('where a rotation left only %s as it is', async (_which, record) => {
    const world = onlySeen(LITTLE);
    world.store.setTag(SECRET, PROVEN_TAG, record(world));
    await expect(seenBefore(world)).rejects.toThrow(UserNameTakenError);
  });

  it('but to a pair that a rotation left, whatever became of its roles: a retirement may have taken them', async () => {
    const previous = { username: 'app_clone', state: 'locked', roles: [] } as const;
    for (const mode of ['rotate', 'revert'] as const) {
      const world = new RotationWorld({ ...PAIR, previous });
      expect(await seenBefore(world, mode)).toMatchObject({ otherUser: { existed: true, roles: [] } });
    }
  });

  it('goes by the user: a value written by hand is another version of one that a rotation left', async () => {
    const previous = { username: 'app_clone', state: 'logs in', roles: LITTLE } as const;
    const world = new RotationWorld({ ...PAIR, previous });
    const { username = '', password = '' } = world.credentialOf(world.current) ?? {};
    world.store.putByHand(SECRET, secretText({ username, password, edited: true }));
    expect(await seenBefore(world)).toMatchObject({ otherUser: { existed: true, version: world.previous } });
  });
});

describe('CheckBefore of a revert, where a pair was switched to single-user', () => {
  /** The other user of a pair that was rotated once is AWSCURRENT now. */
  const switched = async (roles: readonly Role[]): Promise<RotationWorld> => {
    const world = new RotationWorld({ ...PAIR, previous: { username: 'app_clone', state: 'logs in' } });
    world.store.setTag(SECRET, PROVEN_TAG, `=${world.current} =${world.previous}`);
    world.store.setTag(SECRET, STRATEGY_TAG, 'single-user');
    const { password = '' } = world.credentialOf(world.previous ?? '') ?? {};
    world.database.addUser('app_clone', password, roles);
    return world;
  };

  it('goes back to the other one that has its roles', async () => {
    expect((await seenBefore(await switched(READ_WRITE), 'revert')).logsIn).toContain('AWSPENDING');
  });

  it('does not go back to one that has none: nothing would give it any', async () => {
    await expect(seenBefore(await switched([]), 'revert')).rejects.toThrow(UntrustedVersionError);
  });
});

describe('CheckBefore of a revert does not believe an AWSPREVIOUS that someone may have planted', () => {
  const planted = (proven: boolean, keys: Record<string, unknown> = {}): RotationWorld => {
    const world = new RotationWorld();
    const text = secretText({ username: 'app', password: newPassword(), ...keys });
    const previous = world.store.addVersion(SECRET, ['AWSPREVIOUS'], text);
    if (proven) world.store.setTag(SECRET, PROVEN_TAG, previous);
    return world;
  };

  it.each([
    ['that does not log in', {}],
    ['for another user', { username: 'stranger' }],
    ['for another cluster', { host: INSTANCES[0] ?? '' }],
  ])('%s', async (_what, keys) => {
    const attempt = seenBefore(planted(false, keys), 'revert');
    await expect(attempt).rejects.toThrow(UntrustedVersionError);
    await expect(attempt).rejects.toThrow(/put it into the secret as AWSCURRENT yourself/);
  });

  it('for another place, though it logs in there', async () => {
    const world = planted(false, { host: INSTANCES[0] ?? '' });
    const { password = '' } = world.credentialOf(world.store.holder(SECRET, 'AWSPREVIOUS') ?? '') ?? {};
    world.database.addUser('app', password, READ_WRITE);
    await expect(seenBefore(world, 'revert')).rejects.toThrow(UntrustedVersionError);
  });

  it('for another user, though it logs in and has the same roles', async () => {
    const world = planted(false, { username: 'stranger' });
    const { password = '' } = world.credentialOf(world.store.holder(SECRET, 'AWSPREVIOUS') ?? '') ?? {};
    world.database.addUser('stranger', password, READ_WRITE);
    await expect(seenBefore(world, 'revert')).rejects.toThrow(UntrustedVersionError);
  });

  it('beside an unreadable AWSCURRENT, though it logs in: nothing says that it is for the same place', async () => {
    const world = new RotationWorld({ previous: { username: 'app', state: 'locked' }, proven: false });
    world.store.addVersion(SECRET, ['AWSCURRENT'], 'no JSON');
    world.database.addUser('app', world.credentialOf(world.previous ?? '')?.password ?? '', READ_WRITE);
    await expect(seenBefore(world, 'revert')).rejects.toThrow(UntrustedVersionError);
  });

  it('but goes by one that is proven, though it does not log in', async () => {
    expect((await seenBefore(planted(true), 'revert')).logsIn).toEqual(['AWSCURRENT']);
  });

  it('but goes by one that logs in', async () => {
    const world = new RotationWorld({ previous: { username: 'app', state: 'locked' }, proven: false });
    world.database.addUser('app', world.credentialOf(world.previous ?? '')?.password ?? '', READ_WRITE);
    expect((await seenBefore(world, 'revert')).logsIn).toEqual(['AWSPENDING']);
  });

  it('but goes by a proven one that logs in, where AWSCURRENT is unreadable', async () => {
    const world = new RotationWorld({ previous: { username: 'app', state: 'locked' } });
    world.store.addVersion(SECRET, ['AWSCURRENT'], 'no JSON');
    world.database.addUser('app', world.credentialOf(world.previous ?? '')?.password ?? '', READ_WRITE);
    expect((await seenBefore(world, 'revert')).logsIn).toEqual(['AWSPENDING']);
  });
});
