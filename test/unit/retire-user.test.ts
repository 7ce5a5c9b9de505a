import { describe, expect, it } from 'vitest';
import { type RetireUserResult, retireUser } from '../../functions/retire-user/retire-user.ts';
import type { RetireUserInput } from '../../functions/shared/contract.ts';
import { DatabaseUnavailableError, NoUsableCredentialsError } from '../../functions/shared/errors.ts';
import { READ_WRITE, ROOT } from '../helpers/in-memory-database.ts';
import { newPassword } from '../helpers/in-memory-secret-store.ts';
import { count, PortCalls } from '../helpers/port-calls.ts';
import { created, finished, portsOf } from '../helpers/rotation-steps.ts';
import { RotationWorld, SECRET } from '../helpers/rotation-world.ts';

const PAIR = { strategy: 'alternating-users', admin: true } as const;
const CLONE = { strategy: 'admin-clone', username: 'boss', roles: ROOT } as const;
const CHANGES = ['put', 'moveLabel', 'createUser', 'updateUser', 'dropUser'];

interface Scene {
  readonly world: RotationWorld;
  readonly input: RetireUserInput;
}

const rotated = async (
  options: typeof PAIR | typeof CLONE,
  policy: RetireUserInput['policy'],
): Promise<Scene> => {
  const world = new RotationWorld(options);
  const { plan } = await finished(world);
  const { strategy, adminSecret, users, target } = plan;
  if (strategy === 'single-user') throw new Error('a single user has no predecessor');
  const input = {
    secretId: SECRET,
    version: target,
    strategy,
    ...(adminSecret === undefined ? {} : { adminSecret }),
    predecessor: users.current,
    policy,
  };
  return { world, input };
};

const retire = ({ world, input }: Scene, calls = new PortCalls()): Promise<RetireUserResult> =>
  retireUser(portsOf(world, calls), input);

describe.each([
  ['alternating-users', PAIR, 'app'],
  ['admin-clone', CLONE, 'boss'],
] as const)('RetireUser, %s', (_strategy, options, user) => {
  it('deletes the predecessor', async () => {
    const scene = await rotated(options, 'delete');
    expect(await retire(scene)).toEqual({ outcome: 'deleted', user });
    expect(scene.world.database.user(user)).toBeUndefined();
  });

  it('takes its roles away', async () => {
    const scene = await rotated(options, 'revoke');
    expect(await retire(scene)).toEqual({ outcome: 'revoked', user });
    expect(scene.world.database.user(user)?.roles).toEqual([]);
  });

  it('locks it with a password that nobody keeps', async () => {
    const scene = await rotated(options, 'lock');
    const result = await retire(scene);
    expect(result).toEqual({ outcome: 'locked', user });
    expect(scene.world.logsIn(scene.world.current)).toBe(false);
    expect(scene.world.leaks(result)).toEqual([]);
  });

  it('leaves AWSCURRENT and every label alone', async () => {
    const scene = await rotated(options, 'delete');
    const labels = scene.world.store.labels(SECRET);
    await retire(scene);
    expect(scene.world.store.labels(SECRET)).toEqual(labels);
    expect(scene.world.endProblems()).toEqual([]);
  });

  it('says so when the user is gone already, as when it comes again', async () => {
    const scene = await rotated(options, 'delete');
    await retire(scene);
    expect(await retire(scene)).toEqual({ outcome: 'already-gone', user });
  });

  it('leaves the user to another rotation that has begun', async () => {
    const scene = await rotated(options, 'delete');
    await created(scene.world);
    const calls = new PortCalls();
    expect(await retire(scene, calls)).toEqual({ outcome: 'superseded', user });
    expect(calls.recorded.filter((method) => CHANGES.includes(method))).toEqual([]);
  });

  it('leaves the user to a rotation that begins while it looks the user up', async () => {
    const scene = await rotated(options, 'delete');
    let begun = false;
    const calls = new PortCalls({
      turn: async (method) => {
        if (method !== 'findUser' || begun) return;
        begun = true;
        await created(scene.world);
      },
    });
    expect(await retire(scene, calls)).toEqual({ outcome: 'superseded', user });
    expect(calls.recorded.filter((method) => CHANGES.includes(method))).toEqual([]);
  });

  it('leaves the user alone after a rollback made it AWSCURRENT again', async () => {
    const scene = await rotated(options, 'delete');
    await finished(scene.world, 'rollback');
    expect(await retire(scene)).toEqual({ outcome: 'superseded', user });
    expect(scene.world.logsIn(scene.world.current)).toBe(true);
  });

  it('sets again what a rotation had set that began at the very moment', async () => {
    const scene = await rotated(options, 'lock');
    let next: string | undefined;
    const calls = new PortCalls({
      turn: async (method) => {
        if (method !== 'updateUser' || next !== undefined) return;
        next = '';
        next = (await finished(scene.world)).plan.token;
      },
    });
    expect(await retire(scene, calls)).toEqual({ outcome: 'superseded', user });
    expect(scene.world.logsIn(next)).toBe(true);
  });

  it('fails when AWSCURRENT does not log in: the predecessor may be all that is left', async () => {
    const scene = await rotated(options, 'delete');
    scene.world.database.addUser(`${user}_clone`, newPassword(), READ_WRITE);
    await expect(retire(scene)).rejects.toThrow(NoUsableCredentialsError);
    expect(scene.world.logsIn(scene.world.current)).toBe(true);
  });

  it('fails with an error that can be retried while the database is down', async () => {
    const scene = await rotated(options, 'delete');
    scene.world.database.down = true;
    await expect(retire(scene)).rejects.toThrow(DatabaseUnavailableError);
  });
});

describe('RetireUser', () => {
  it.each(['delete', 'revoke'] as const)(
    'locks the cluster’s primary user instead of "%s", and says so',
    async (policy) => {
      const scene = await rotated(CLONE, policy);
      const { password = '', roles = [] } = scene.world.database.user('boss') ?? {};
      scene.world.database.addUser('boss', password, roles, true);
      expect(await retire(scene)).toEqual({ outcome: 'locked', user: 'boss', insteadOf: policy });
      expect(scene.world.logsIn(scene.world.current)).toBe(false);
    },
  );

  it('touches no user that is not the other half of the promoted one', async () => {
    const scene = await rotated(PAIR, 'delete');
    const stranger = { ...scene, input: { ...scene.input, predecessor: 'root' } };
    const calls = new PortCalls();
    expect(await retire(stranger, calls)).toMatchObject({ outcome: 'superseded' });
    expect(count(calls, 'dropUser')).toBe(0);
  });

  it('leaves no connection open', async () => {
    const scene = await rotated(PAIR, 'lock');
    await retire(scene);
    expect(scene.world.database.open).toBe(0);
  });
});
