import { describe, expect, it } from 'vitest';
import {
  CurrentChangedError,
  DatabaseUnavailableError,
  NoUsableCredentialsError,
  RotationInProgressError,
  UntrustedVersionError,
  UserChangedError,
  UserNameTakenError,
} from '../../../../functions/contract/errors.ts';
import type { RetireUserInput } from '../../../../functions/contract/steps.ts';
import { PROVEN_TAG } from '../../../../functions/contract/tags.ts';
import { endExecution } from '../../../../functions/release-lock/release-lock.ts';
import { type RetireUserResult, retireUser } from '../../../../functions/retire-user/retire-user.ts';
import { OLDEST_ANSWER_MS } from '../../../../functions/runtime/read-again.ts';
import { CLAIM, OWNER } from '../../../../functions/secret/labels.ts';
import { onceOfPairIn, pairedIn, recordOf } from '../../../../functions/secret/proven.ts';
import { checkBefore } from '../../../../functions/test-secret/check-before.ts';
import { READ_WRITE, ROOT } from '../../../support/in-memory-database.ts';
import { newPassword, newVersionId } from '../../../support/in-memory-secret-store.ts';
import { rightBefore } from '../../../support/meanwhile.ts';
import { count, PortCalls, ProcessDiedError } from '../../../support/port-calls.ts';
import { executionArn } from '../../../support/rotation-machine.ts';
import { created, finished, portsOf } from '../../../support/rotation-steps.ts';
import { RotationWorld, SECRET, secretText } from '../../../support/rotation-world.ts';

const PAIR = { strategy: 'alternating-users', admin: true } as const;
const CLONE = { strategy: 'admin-clone', username: 'boss', roles: ROOT } as const;
const CHANGES = ['createUser', 'updateUser', 'dropUser'];
const RETIREMENT = executionArn('one', 'retirement');
const stages = (world: RotationWorld) => {
  const { [CLAIM]: _, ...labels } = world.store.labels(SECRET);
  return labels;
};

interface Scene {
  readonly world: RotationWorld;
  readonly input: RetireUserInput;
}

const rotated = (options: typeof PAIR | typeof CLONE, policy: RetireUserInput['policy']): Promise<Scene> =>
  promoted(new RotationWorld(options), policy);

const promoted = async (world: RotationWorld, policy: RetireUserInput['policy']): Promise<Scene> => {
  const { plan, before } = await finished(world);
  await endExecution(portsOf(world), {
    execution: executionArn('rotation'),
    secretId: SECRET,
    plan,
    ended: 'promoted',
    before,
  });
  const { strategy, adminSecret, users, pendingVersion } = plan;
  if (strategy === 'single-user') throw new Error('a single user has no predecessor');
  const input = {
    execution: RETIREMENT,
    secretId: SECRET,
    version: pendingVersion,
    strategy,
    ...(adminSecret === undefined ? {} : { adminSecret }),
    predecessor: users.current,
    policy,
  };
  return { world, input };
};

const retire = ({ world, input }: Scene, calls = new PortCalls()): Promise<RetireUserResult> =>
  retireUser(portsOf(world, calls), input);

/** A lock of a pair's predecessor, with the database away at that call. */
const failingAt = async (method: string, when: 'before' | 'after'): Promise<PortCalls> => {
  const learned = new PortCalls();
  await retire(await rotated(PAIR, 'lock'), learned);
  const call = learned.recorded.indexOf(method) + 1;
  return new PortCalls({ faults: [{ call, when, error: () => new DatabaseUnavailableError('away') }] });
};

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

  it('locks it with a password that no one keeps', async () => {
    const scene = await rotated(options, 'lock');
    const result = await retire(scene);
    expect(result).toEqual({ outcome: 'locked', user });
    expect(scene.world.logsIn(scene.world.current)).toBe(false);
    expect(scene.world.leaks(result)).toEqual([]);
  });

  it('leaves every label as it was, and has no lock at its end', async () => {
    const scene = await rotated(options, 'delete');
    const labels = stages(scene.world);
    await retire(scene);
    expect(stages(scene.world)).toEqual(labels);
    expect(scene.world.endProblems()).toEqual([]);
  });

  it('says so when the user is gone already, as when it comes again', async () => {
    const scene = await rotated(options, 'delete');
    await retire(scene);
    expect(await retire(scene)).toEqual({ outcome: 'already-gone', user });
  });

  it('waits for another execution that has the lock, and touches nothing of its', async () => {
    const scene = await rotated(options, 'delete');
    await created(scene.world);
    const labels = scene.world.store.labels(SECRET);
    const calls = new PortCalls();
    await expect(retire(scene, calls)).rejects.toThrow(RotationInProgressError);
    expect(calls.recorded.filter((method) => CHANGES.includes(method))).toEqual([]);
    expect(scene.world.store.labels(SECRET)).toEqual(labels);
  });

  it('waits for another tool that has AWSPENDING', async () => {
    const scene = await rotated(options, 'delete');
    scene.world.beginRotation();
    const calls = new PortCalls();
    await expect(retire(scene, calls)).rejects.toThrow(RotationInProgressError);
    expect(calls.recorded.filter((method) => CHANGES.includes(method))).toEqual([]);
    expect(scene.world.store.holder(SECRET, OWNER)).toBeUndefined();
  });

  it.each(['findUser', 'dropUser'])(
    'has the lock when it comes to %s: no rotation begins meanwhile',
    async (when) => {
      const scene = await rotated(options, 'delete');
      const begun = rightBefore(when, async () => {
        await expect(created(scene.world)).rejects.toThrow(RotationInProgressError);
      });
      expect(await retire(scene, begun)).toEqual({ outcome: 'deleted', user });
      expect(count(begun, when)).toBe(1);
    },
  );

  it.each([1, 2])(
    'leaves the user to %i rotations that were promoted before it got the lock',
    async (times) => {
      const scene = await rotated(options, 'delete');
      const late = rightBefore('put', async () => {
        for (let time = 0; time < times; time += 1) {
          await promoted(scene.world, 'delete');
        }
      });
      expect(await retire(scene, late)).toEqual({ outcome: 'superseded', user });
      expect(scene.world.logsIn(scene.world.store.holder(SECRET, 'AWSCURRENT'))).toBe(true);
      expect(scene.world.store.holder(SECRET, OWNER)).toBeUndefined();
    },
  );

  it('leaves the user alone after a revert made it AWSCURRENT again', async () => {
    const scene = await rotated(options, 'delete');
    await finished(scene.world, 'revert');
    expect(await retire(scene)).toEqual({ outcome: 'superseded', user });
    expect(scene.world.logsIn(scene.world.current)).toBe(true);
  });

  it('takes no old answer for a secret that has moved on', async () => {
    const world = new RotationWorld(options);
    const { now } = world.clock;
    world.store.staleReads = {
      monotonic: false,
      milliseconds: OLDEST_ANSWER_MS - 1000,
      now,
      random: () => 0,
    };
    expect(await retire(await promoted(world, 'delete'))).toEqual({ outcome: 'deleted', user });
  });

  it('fails when AWSCURRENT does not log in: the predecessor may be all that is left', async () => {
    const scene = await rotated(options, 'delete');
    scene.world.database.addUser(`${user}_clone`, newPassword(), READ_WRITE);
    await expect(retire(scene)).rejects.toThrow(NoUsableCredentialsError);
    expect(scene.world.logsIn(scene.world.current)).toBe(true);
    expect(scene.world.store.holder(SECRET, OWNER)).toBeUndefined();
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
    await expect(retire(stranger, calls)).rejects.toThrow(UntrustedVersionError);
    expect(count(calls, 'dropUser')).toBe(0);
  });

  it('retires by the record where someone has planted an AWSPREVIOUS within the grace', async () => {
    const scene = await rotated(PAIR, 'delete');
    const text = secretText({ username: 'stranger', password: newPassword() });
    scene.world.store.addVersion(SECRET, ['AWSPREVIOUS'], text);
    expect(await retire(scene)).toEqual({ outcome: 'deleted', user: 'app' });
  });

  it('touches no one where nothing but a planted AWSPREVIOUS is for it, and says so', async () => {
    const scene = await rotated(PAIR, 'delete');
    const text = secretText({ username: 'app', password: newPassword() });
    scene.world.store.addVersion(SECRET, ['AWSPREVIOUS'], text);
    scene.world.store.setTag(SECRET, PROVEN_TAG, '');
    await expect(retire(scene)).rejects.toThrow(UntrustedVersionError);
    expect(scene.world.database.user('app')).toBeDefined();
    expect(scene.world.store.holder(SECRET, OWNER)).toBeUndefined();
  });

  it.each(['lock', 'revoke', 'delete'] as const)(
    'leaves one who has got the name in the grace (%s)',
    async (policy) => {
      const scene = await rotated(PAIR, policy);
      const { database, store } = scene.world;
      const theirs = newPassword();
      database.addUser('app', theirs, READ_WRITE);
      await expect(retire(scene)).rejects.toThrow(UserChangedError);
      expect(database.user('app')).toMatchObject({ password: theirs, roles: READ_WRITE });
      expect(store.holder(SECRET, OWNER)).toBeUndefined();
    },
  );

  it.each(['lock', 'revoke', 'delete'] as const)(
    'does not know a user that a retirement has locked before, and says so (%s)',
    async (policy) => {
      const scene = await rotated(PAIR, 'lock');
      await retire(scene);
      const again = { ...scene, input: { ...scene.input, policy } };
      await expect(retire(again)).rejects.toThrow(/has locked it before/);
    },
  );

  it('has locked it where an earlier call did, whose reply was lost', async () => {
    const scene = await rotated(PAIR, 'lock');
    const lost = await failingAt('updateUser', 'after');
    await expect(retire(scene, lost)).rejects.toThrow(DatabaseUnavailableError);
    expect(scene.world.store.holder(SECRET, OWNER)).toBeDefined();
    const { password } = scene.world.database.user('app') ?? {};
    expect(await retire(scene)).toEqual({ outcome: 'locked', user: 'app' });
    expect(scene.world.database.user('app')?.password).toBe(password);
    expect(scene.world.store.holder(SECRET, OWNER)).toBeUndefined();
  });

  it('has not where the database was down before: the lock is released, and the name may become someone else’s', async () => {
    const scene = await rotated(PAIR, 'lock');
    const down = await failingAt('findUser', 'before');
    await expect(retire(scene, down)).rejects.toThrow(DatabaseUnavailableError);
    expect(scene.world.store.holder(SECRET, OWNER)).toBeUndefined();
    scene.world.database.addUser('app', newPassword(), READ_WRITE);
    await expect(retire(scene)).rejects.toThrow(UserChangedError);
  });

  it('believes no login of what is not on record as one of a pair', async () => {
    const unknown = await rotated(PAIR, 'lock');
    const { world } = unknown;
    world.store.setTag(SECRET, PROVEN_TAG, `${world.store.holder(SECRET, 'AWSCURRENT')} ${world.current}`);
    await expect(retire(unknown)).rejects.toThrow(UntrustedVersionError);
    expect(world.logsIn(world.current)).toBe(true);
  });

  it('goes on where someone has edited AWSCURRENT since: no one answers for the predecessor then', async () => {
    const scene = await rotated(CLONE, 'lock');
    const { store } = scene.world;
    const value = scene.world.credentialOf(store.holder(SECRET, 'AWSCURRENT') ?? '') ?? {};
    store.putByHand(SECRET, secretText({ ...value, edited: true }));
    expect(await retire(scene)).toEqual({ outcome: 'locked', user: 'boss' });
  });

  it('fails where someone has written AWSCURRENT for the predecessor, and a recovery saw it: no rotation went back', async () => {
    const scene = await rotated(CLONE, 'lock');
    const { store } = scene.world;
    const written = store.putByHand(SECRET, secretText(scene.world.credentialOf(scene.world.current) ?? {}));
    store.setTag(SECRET, PROVEN_TAG, `${written} =${scene.input.version} =${scene.world.current}`);
    await expect(retire(scene)).rejects.toThrow(CurrentChangedError);
  });

  it.each([
    ['that does not log in', () => ({ password: newPassword() }), NoUsableCredentialsError],
    ['for another user', () => ({ username: 'stranger', password: newPassword() }), CurrentChangedError],
  ])('fails, so that the operators are told, at an AWSCURRENT %s', async (_what, keys, error) => {
    const scene = await rotated(CLONE, 'lock');
    scene.world.store.putByHand(SECRET, secretText({ username: 'boss_clone', ...keys() }));
    await expect(retire(scene)).rejects.toThrow(error);
    expect(scene.world.store.holder(SECRET, OWNER)).toBeUndefined();
  });

  it('has it on record that the user is gone: one of that name is someone else’s from then on', async () => {
    const scene = await rotated(PAIR, 'delete');
    const { world } = scene;
    const proven = async () => recordOf(await world.store.port().describe(SECRET));
    await retire(scene);
    expect(await proven()).toContain(`-${world.current}`);
    expect(await retire(scene)).toEqual({ outcome: 'already-gone', user: 'app' });
    world.database.addUser('app', newPassword(), READ_WRITE);
    expect(await retire(scene)).toEqual({ outcome: 'already-gone', user: 'app' });
    expect(world.database.user('app')).toBeDefined();
    const plan = await created(world);
    await expect(checkBefore(portsOf(world), plan)).rejects.toThrow(UserNameTakenError);
  });

  it('goes on with the lock that an earlier call left when it died', async () => {
    const scene = await rotated(PAIR, 'delete');
    const died = new PortCalls({
      faults: [{ call: 6, when: 'before', error: () => new ProcessDiedError('died') }],
    });
    await expect(retire(scene, died)).rejects.toThrow(ProcessDiedError);
    expect(died.recorded.slice(0, 6)).toEqual([
      'describe',
      'describe',
      'put',
      'moveLabel',
      'describe',
      'read',
    ]);
    expect(scene.world.store.holder(SECRET, OWNER)).toBeDefined();
    const calls = new PortCalls();
    expect(await retire(scene, calls)).toEqual({ outcome: 'deleted', user: 'app' });
    expect(count(calls, 'put')).toBe(0);
    expect(scene.world.store.holder(SECRET, OWNER)).toBeUndefined();
  });

  it('marks each version on record that is for the dropped user; one that was only seen to log in was of no pair', async () => {
    const scene = await rotated(PAIR, 'delete');
    const { store } = scene.world;
    const value = store.valueOf(SECRET, store.holder(SECRET, 'AWSPREVIOUS') ?? '');
    const seen = newVersionId();
    store.putWithId(SECRET, seen, value ?? '', []);
    const record = (await store.port().describe(SECRET)).tags[PROVEN_TAG];
    store.setTag(SECRET, PROVEN_TAG, `${record} ${seen}`);
    expect((await retire(scene)).outcome).toBe('deleted');
    const marked = recordOf(await store.port().describe(SECRET));
    expect(marked).toContain(`::${seen}`);
    expect(onceOfPairIn(marked)).not.toContain(seen);
    expect(await retire(scene)).toEqual({ outcome: 'already-gone', user: 'app' });
  });

  it('says that the user is gone where an earlier call dropped it, and came to no end before its record', async () => {
    const scene = await rotated(PAIR, 'delete');
    const { world } = scene;
    let isMarked = false;
    const dying = new PortCalls({
      turn: async (method) => {
        if (method !== 'setTags') return;
        if (isMarked) throw new ProcessDiedError('died');
        isMarked = true;
      },
    });
    await expect(retire(scene, dying)).rejects.toThrow(ProcessDiedError);
    expect(world.database.user('app')).toBeUndefined();
    // The mark is not that of the record: nothing shows a pair.
    expect(pairedIn(recordOf(await world.store.port().describe(SECRET)))).toEqual([]);
    expect(await retire(scene)).toEqual({ outcome: 'already-gone', user: 'app' });
    expect(world.store.holder(SECRET, OWNER)).toBeUndefined();
    // Who has the name by then is left alone.
    const again = await rotated(PAIR, 'delete');
    isMarked = false;
    await expect(retire(again, dying)).rejects.toThrow(ProcessDiedError);
    again.world.database.addUser('app', newPassword(), READ_WRITE);
    await expect(retire(again)).rejects.toThrow(UntrustedVersionError);
    expect(again.world.database.user('app')).toBeDefined();
  });

  it('goes on where an earlier call was cut off right before the drop: who has the password of then is there still', async () => {
    const scene = await rotated(PAIR, 'delete');
    const dying = new PortCalls({
      turn: async (method) => {
        if (method === 'dropUser') throw new ProcessDiedError('died');
      },
    });
    await expect(retire(scene, dying)).rejects.toThrow(ProcessDiedError);
    expect(scene.world.database.user('app')).toBeDefined();
    expect(await retire(scene)).toEqual({ outcome: 'deleted', user: 'app' });
    expect(scene.world.database.user('app')).toBeUndefined();
  });

  it('leaves no connection open', async () => {
    const scene = await rotated(PAIR, 'lock');
    await retire(scene);
    expect(scene.world.database.open).toBe(0);
  });
});
