import { describe, expect, it } from 'vitest';
import { RolesUnknownError } from '../../../../functions/contract/errors.ts';
import type { Session } from '../../../../functions/database/database.ts';
import { recoverSecret } from '../../../../functions/recover-secret/recover-secret.ts';
import { setSecret } from '../../../../functions/set-secret/set-secret.ts';
import { checkBefore } from '../../../../functions/test-secret/check-before.ts';
import { testSecret } from '../../../../functions/test-secret/test-secret.ts';
import { INSTANCES, READ_WRITE, ROOT } from '../../../support/in-memory-database.ts';
import { newPassword } from '../../../support/in-memory-secret-store.ts';
import { count, PortCalls } from '../../../support/port-calls.ts';
import { executionArn, RotationMachine } from '../../../support/rotation-machine.ts';
import { checked, created, type Ports, portsOf, set } from '../../../support/rotation-steps.ts';
import { RotationWorld, SECRET } from '../../../support/rotation-world.ts';

/* A server that tells a user's roles neither by connectionStatus nor by usersInfo. */

const EXECUTION = executionArn('untold');
const single = () => new RotationWorld({ username: 'boss', roles: ROOT });
const PAIRS = [
  ['alternating users', () => new RotationWorld({ strategy: 'alternating-users', admin: true })],
  [
    'an admin and its clone',
    () => new RotationWorld({ strategy: 'admin-clone', username: 'boss', roles: ROOT }),
  ],
] as const;

const run = async (world: RotationWorld, { mode = 'rotate', calls = new PortCalls() } = {}) =>
  await new RotationMachine(world, { calls }).run(EXECUTION, { secretId: SECRET, mode });

/** The same ports, with sessions that answer otherwise. */
const answering = (
  ports: Ports,
  override: Partial<Session>,
  at: (host: string) => boolean = () => true,
): Ports => ({
  ...ports,
  database: {
    login: async (login) => {
      const session = await ports.database.login(login);
      return session && at(login.host) ? { ...session, ...override } : session;
    },
  },
});

describe.each(PAIRS)('%s', (_what, make) => {
  it('are refused by name before any user changes', async () => {
    const world = make();
    world.database.tellsOwnRoles = false;
    const users = world.database.usernames();
    const ending = await run(world);
    expect(ending.error).toBe('RolesUnknownError');
    expect(ending.cause).toContain('use the strategy single-user');
    expect(ending.path).not.toContain('SetSecret');
    expect(world.database.usernames()).toEqual(users);
    expect(world.restoredProblems()).toEqual([]);
  });

  it('are refused by SetSecret, which makes no user without roles', async () => {
    const world = make();
    const { plan, before } = await checked(world);
    world.database.tellsOwnRoles = false;
    const calls = new PortCalls();
    await expect(setSecret(portsOf(world, calls), plan, before)).rejects.toThrow(RolesUnknownError);
    expect(count(calls, 'createUser') + count(calls, 'updateUser')).toBe(0);
  });

  it('are refused by TestSecret, where one instance does not tell what the others do', async () => {
    const world = make();
    const { plan, before } = await set(world);
    const quiet = answering(
      portsOf(world),
      { ownRoles: async () => undefined },
      (host) => host === INSTANCES[2],
    );
    const test = testSecret(quiet, { execution: EXECUTION, check: 'pending', plan, roles: before.roles });
    await expect(test).rejects.toThrow(RolesUnknownError);
  });

  it('are compensated, if the server tells roles no more after the other user was made', async () => {
    const world = make();
    const calls = new PortCalls({
      turn: async (method) => {
        if (method === 'ping') world.database.tellsOwnRoles = false;
      },
    });
    const users = world.database.usernames();
    const ending = await run(world, { calls });
    expect(ending.cause).toContain('TestSecret failed with RolesUnknownError');
    expect(ending.error).toBe('RolledBack');
    expect(world.database.usernames()).toEqual(users);
    expect(world.restoredProblems()).toEqual([]);
  });
});

describe('a single user', () => {
  it('is rotated, and the output says that its roles were not compared', async () => {
    const world = single();
    world.database.tellsOwnRoles = false;
    const ending = await run(world);
    expect(ending.output).toMatchObject({ outcome: 'rotated', rolesCompared: false });
    expect(world.database.user('boss')?.roles).toEqual(ROOT);
    expect(world.endProblems()).toEqual([]);
  });

  it('is verified, and the output says so too', async () => {
    const world = single();
    world.database.tellsOwnRoles = false;
    const { output } = await run(world, { mode: 'verify' });
    expect(output).toMatchObject({ outcome: 'verified', roles: null, rolesCompared: false });
  });

  it('whose roles are told is compared, and nothing is said of it', async () => {
    for (const mode of ['rotate', 'verify'])
      expect((await run(single(), { mode })).output).not.toHaveProperty('rolesCompared');
  });

  it('has a comparison only where every instance tells its roles', async () => {
    const world = single();
    const { plan, before } = await set(world);
    const quiet = answering(
      portsOf(world),
      { ownRoles: async () => undefined },
      (host) => host === INSTANCES[2],
    );
    const test = testSecret(quiet, { execution: EXECUTION, check: 'pending', plan, roles: before.roles });
    expect(await test).toMatchObject({ roles: ROOT, rolesCompared: false });
  });
});

describe('another user whose roles usersInfo does not tell', () => {
  const untold = { findUser: async () => ({ roles: undefined }) };

  it('is not taken for one without roles, to which a compensation would strip it', async () => {
    const world = new RotationWorld({
      strategy: 'alternating-users',
      admin: true,
      previous: { username: 'app_clone', state: 'logs in' },
    });
    const plan = await created(world);
    await expect(checkBefore(answering(portsOf(world), untold), plan)).rejects.toThrow(RolesUnknownError);
  });

  it('is not taken for one that may not change users, and reset through the admin secret', async () => {
    const world = new RotationWorld({ admin: true, resettableUser: 'app' });
    await checked(world);
    world.database.addUser('app', newPassword(), READ_WRITE);
    const execution = executionArn('untold', 'recovery');
    const calls = new PortCalls();
    const ports = answering(portsOf(world, calls), untold);
    const taken = await recoverSecret(ports, { action: 'take-lock', execution, secretId: SECRET });
    const reset = recoverSecret(ports, {
      action: 'reconcile',
      execution,
      secretId: SECRET,
      lockVersion: 'lockVersion' in taken ? taken.lockVersion : '',
      suspects: [],
      resetThroughAdmin: true,
      resetThroughCluster: false,
    });
    await expect(reset).rejects.toThrow(RolesUnknownError);
    expect(count(calls, 'updateUser')).toBe(0);
  });
});
