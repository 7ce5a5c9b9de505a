import { describe, expect, it } from 'vitest';
import { CLUSTER, INSTANCES, PORT, ROOT } from '../../support/in-memory-database.ts';
import { newPassword } from '../../support/in-memory-secret-store.ts';
import { PortCalls } from '../../support/port-calls.ts';
import { executionArn, RecoveryMachine, RotationMachine } from '../../support/rotation-machine.ts';
import { set } from '../../support/rotation-steps.ts';
import {
  ADMIN_SECRET,
  RotationWorld,
  SECRET,
  secretText,
  type WorldOptions,
} from '../../support/rotation-world.ts';
import type { Ending } from '../../support/state-machine.ts';

/* What an honest operator writes by hand, and what becomes of it. */

const PAIRS: readonly [string, WorldOptions][] = [
  [
    'of which the other user logs in',
    { strategy: 'alternating-users', admin: true, previous: { username: 'app_clone', state: 'logs in' } },
  ],
  [
    'of which the other user is locked',
    {
      strategy: 'admin-clone',
      username: 'boss',
      roles: ROOT,
      retirementPolicy: 'lock',
      previous: { username: 'boss_clone', state: 'locked' },
    },
  ],
];

/** Another key of the value, as people add one; the credential stays. */
const edit = (world: RotationWorld): string =>
  world.store.putByHand(SECRET, secretText({ ...world.credentialOf(world.current), note: 'edited' }));

const rotate = (world: RotationWorld, calls = new PortCalls(), execution = executionArn('one')) =>
  new RotationMachine(world, { calls }).run(execution, { secretId: SECRET });

describe.each(PAIRS)('a pair %s, whose AWSCURRENT was edited by hand', (_which, options) => {
  it('is rotated, with the edit', async () => {
    const world = new RotationWorld(options);
    edit(world);
    const ending = await rotate(world);
    expect(ending.status, ending.cause).toBe('SUCCEEDED');
    const promoted = world.store.holder(SECRET, 'AWSCURRENT') ?? '';
    expect(JSON.parse(world.store.valueOf(SECRET, promoted) ?? '')).toMatchObject({ note: 'edited' });
    expect(world.endProblems()).toEqual([]);
  });

  it('has its other user back as it was when the rotation fails', async () => {
    const world = new RotationWorld(options);
    edit(world);
    world.before = world.snapshot();
    world.database.failWith({ command: 'ping', code: 2, times: INSTANCES.length });
    const ending = await rotate(world);
    expect(ending.error, ending.cause).toBe('RolledBack');
    expect(world.restoredProblems()).toEqual([]);
    expect(world.powerProblems()).toEqual([]);
  });

  it('is rotated by the next rotation when one has failed, or a recovery has looked', async () => {
    const world = new RotationWorld(options);
    edit(world);
    world.database.failWith({ command: 'ping', code: 2, times: INSTANCES.length });
    expect((await rotate(world)).error).toBe('RolledBack');
    expect((await recover(world)).status).toBe('SUCCEEDED');
    const ending = await rotate(world, new PortCalls(), executionArn('two'));
    expect(ending.status, ending.cause).toBe('SUCCEEDED');
  });

  it('is refused where the record names no version of the other user', async () => {
    const world = new RotationWorld({ ...options, proven: false });
    edit(world);
    expect((await rotate(world)).error).toBe('UserNameTakenError');
  });
});

const recover = (world: RotationWorld, name = 'by-hand') =>
  new RecoveryMachine(world, { calls: new PortCalls() }).run(executionArn(name, 'recovery'), {
    secretId: SECRET,
  });

describe('a recovery of a secret whose AWSCURRENT was written for someone else', () => {
  it('lets it stay where it logs in', async () => {
    const world = new RotationWorld({ username: 'boss', roles: ROOT, proven: true });
    const moved = { username: 'successor', password: newPassword() };
    world.database.addUser(moved.username, moved.password, ROOT);
    const written = world.store.putByHand(SECRET, secretText(moved));
    const ending = await recover(world);
    expect(ending.status, ending.cause).toBe('SUCCEEDED');
    expect(world.store.holder(SECRET, 'AWSCURRENT')).toBe(written);
  });

  it.each([
    ['does not log in', { username: 'successor', password: newPassword() }],
    ['has a host that does not answer', { host: 'elsewhere.example.com' }],
  ])('goes back to what is proven where it %s', async (_what, keys) => {
    const world = new RotationWorld({ username: 'boss', roles: ROOT, proven: true });
    world.store.putByHand(SECRET, secretText({ ...world.credentialOf(world.current), ...keys }));
    const ending = await recover(world);
    expect(ending.status, ending.cause).toBe('SUCCEEDED');
    expect(world.store.holder(SECRET, 'AWSCURRENT')).toBe(world.current);
    expect(world.endProblems()).toEqual([]);
  });
});

/** https://www.rfc-editor.org/rfc/rfc4013#section-2.3: as `echo` leaves it in a file that is then put into the secret. */
const withLineBreak = (world: RotationWorld): string =>
  secretText({ ...world.credentialOf(world.current), password: `${newPassword()}\n` });

describe('a password with a line break at its end', () => {
  it('in AWSPREVIOUS keeps no rotation from succeeding', async () => {
    const world = new RotationWorld({ strategy: 'alternating-users', admin: true });
    const good = world.store.valueOf(SECRET, world.current) ?? '';
    world.store.putByHand(SECRET, withLineBreak(world));
    world.store.putByHand(SECRET, good);
    const ending = await rotate(world);
    expect(ending.status, ending.cause).toBe('SUCCEEDED');
    expect(world.endProblems()).toEqual([]);
  });

  it('in AWSCURRENT is told as one that does not log in, at once', async () => {
    const world = new RotationWorld({ username: 'boss', roles: ROOT });
    world.store.putByHand(SECRET, withLineBreak(world));
    world.database.addUser('boss', newPassword(), ROOT);
    const ending = await rotate(world);
    expect(ending.error, ending.cause).toBe('NoUsableCredentialsError');
    expect(ending.path.filter((state) => state === 'CheckBefore')).toHaveLength(1);
  });

  it('in AWSCURRENT is gone back from by a recovery', async () => {
    const world = new RotationWorld({ username: 'boss', roles: ROOT, proven: true });
    world.store.putByHand(SECRET, withLineBreak(world));
    const ending = await recover(world);
    expect(ending.status, ending.cause).toBe('SUCCEEDED');
    expect(world.store.holder(SECRET, 'AWSCURRENT')).toBe(world.current);
  });
});

describe('an admin secret that is unreadable', () => {
  const breakAdmin = (world: RotationWorld): string => {
    const good =
      world.store.valueOf(ADMIN_SECRET, world.store.holder(ADMIN_SECRET, 'AWSCURRENT') ?? '') ?? '';
    world.store.putByHand(ADMIN_SECRET, good.replace(/\}$/, ',}'));
    return good;
  };

  it('keeps a recovery from disabling the other user, which says that AWSCURRENT logs in', async () => {
    const world = new RotationWorld({ strategy: 'alternating-users', admin: true });
    await set(world);
    const good = breakAdmin(world);

    const failed = await recover(world);

    expect(failed).toMatchObject({ error: 'RecoveryFailed' });
    expect(world.logsIn(world.store.holder(SECRET, 'AWSCURRENT'))).toBe(true);
    expect(failed.cause).toMatch(/OtherUserNotDisabledError: AWSCURRENT of shop\/app logs in/);
    expect(failed.cause).toContain('logs in; the other user of the pair may log in too');
    expect(failed.cause).not.toContain('may not log in');
    world.store.putByHand(ADMIN_SECRET, good);
    const ending = await recover(world, 'again');
    expect(ending.status, ending.cause).toBe('SUCCEEDED');
    expect(world.database.usernames()).not.toContain('app_clone');
    expect(world.endProblems()).toEqual([]);
  });

  it('keeps a compensation from disabling it, which says the same', async () => {
    const world = new RotationWorld({ strategy: 'alternating-users', admin: true });
    const calls = new PortCalls({
      turn: async (method) => {
        if (method !== 'ping') return;
        breakAdmin(world);
        world.database.failWith({ command: 'ping', code: 2 });
      },
    });
    const ending = await rotate(world, calls);
    expect(ending).toMatchObject({ error: 'RollbackFailed' });
    expect(ending.cause).toContain('logs in; the other user of the pair may log in too');
    expect(ending.cause).not.toContain('may not log in');
    expect(world.logsIn(world.store.holder(SECRET, 'AWSCURRENT'))).toBe(true);
  });
});

describe('a value with another key for the user', () => {
  it('names one user only after each rotation of a pair', async () => {
    const world = new RotationWorld({ strategy: 'alternating-users', admin: true });
    world.store.putByHand(
      SECRET,
      secretText({ ...world.credentialOf(world.current), DOCDB_USERNAME: 'app' }),
    );
    for (const name of ['one', 'two', 'three']) {
      const ending = await rotate(world, new PortCalls(), executionArn(name));
      expect(ending.status, ending.cause).toBe('SUCCEEDED');
      const value = JSON.parse(
        world.store.valueOf(SECRET, world.store.holder(SECRET, 'AWSCURRENT') ?? '') ?? '',
      );
      expect(value.DOCDB_USERNAME).toBe(value.username);
    }
  });
});

const BREAKAGES: readonly [string, (good: string) => string][] = [
  ['has a trailing comma', (good) => good.replace(/}$/, ',}')],
  ['begins with a byte order mark', (good) => `\uFEFF${good}`],
  ['has its port in the host', (good) => good.replace(CLUSTER, `${CLUSTER}:${PORT}`)],
  ['has a blank behind the host', (good) => good.replace(CLUSTER, `${CLUSTER} `)],
  ['has a mistyped host', (good) => good.replace(CLUSTER, CLUSTER.replace('demo', 'dmeo'))],
  ['has another port', (good) => good.replace(`"port":${PORT}`, '"port":27071')],
  ['has a mistyped user', (good) => good.replace(/"username":"([^"]+)"/, '"username":"$1x"')],
  ['has no TLS', (good) => good.replace('"ssl":true', '"ssl":false')],
  ['is empty', () => '{}'],
];

const USERS: readonly [string, WorldOptions][] = [
  ['a user who may change users', { username: 'boss', roles: ROOT, proven: true }],
  [
    'a user whose AWSPENDING was parked',
    { username: 'boss', roles: ROOT, proven: true, pendingOnCurrent: true },
  ],
  ['a user with an admin secret', { admin: true, proven: true }],
  ['a pair that never took turns', { strategy: 'alternating-users', admin: true, proven: true }],
  ...PAIRS.map(([which, options]): [string, WorldOptions] => [`a pair ${which}`, options]),
];

describe.each(USERS)('%s, whose AWSCURRENT', (_who, options) => {
  const broken = (breakage: (good: string) => string, times = 1): RotationWorld => {
    const world = new RotationWorld(options);
    world.database.isStrict = true;
    const good = world.store.valueOf(SECRET, world.current) ?? '';
    for (let time = 0; time < times; time += 1) world.store.putByHand(SECRET, breakage(good));
    return world;
  };

  const expectGood = (world: RotationWorld, ending: Ending): void => {
    expect(ending.status, ending.cause).toBe('SUCCEEDED');
    expect(world.store.holder(SECRET, 'AWSCURRENT')).toBe(world.current);
    expect(world.endProblems()).toEqual([]);
    expect(world.powerProblems()).toEqual([]);
  };

  describe.each(BREAKAGES)('%s', (_how, breakage) => {
    it('is good again after a revert', async () => {
      const world = broken(breakage);
      const machine = new RotationMachine(world, { calls: new PortCalls() });
      expectGood(world, await machine.run(executionArn('back'), { secretId: SECRET, mode: 'revert' }));
    });

    it('is good again after a recovery', async () => {
      const world = broken(breakage);
      expectGood(world, await recover(world));
    });

    it('is good again after a recovery, though it was written twice', async () => {
      const world = broken(breakage, 2);
      expectGood(world, await recover(world));
    });
  });
});

describe('a secret that was never rotated, whose AWSCURRENT', () => {
  it.each(BREAKAGES)('%s, is good again after a recovery', async (_how, breakage) => {
    const world = new RotationWorld({ username: 'boss', roles: ROOT });
    world.database.isStrict = true;
    world.store.putByHand(SECRET, breakage(world.store.valueOf(SECRET, world.current) ?? ''));
    const ending = await recover(world);
    expect(ending.status, ending.cause).toBe('SUCCEEDED');
    expect(world.store.holder(SECRET, 'AWSCURRENT')).toBe(world.current);
    expect(world.endProblems()).toEqual([]);
  });

  it('logs in stays, whatever is AWSPREVIOUS', async () => {
    const world = new RotationWorld({ username: 'boss', roles: ROOT });
    const text = secretText({
      username: 'boss',
      password: newPassword(),
      host: CLUSTER.replace('demo', 'away'),
    });
    world.store.addVersion(SECRET, ['AWSPREVIOUS'], text);
    expect((await recover(world)).status).toBe('SUCCEEDED');
    expect(world.store.holder(SECRET, 'AWSCURRENT')).toBe(world.current);
  });
});
