import { describe, expect, it } from 'vitest';
import {
  DROPPED_TAG,
  PROVEN_TAG,
  RETIREMENT_POLICY_TAG,
  STRATEGY_TAG,
} from '../../functions/contract/tags.ts';
import { markerOf } from '../../functions/secret/marker.ts';
import { versionIdsOf } from '../../functions/secret/version-ids.ts';
import { newPassword, newVersionId } from '../support/in-memory-secret-store.ts';
import { PortCalls } from '../support/port-calls.ts';
import { executionArn, RecoveryMachine, RetirementMachine } from '../support/rotation-machine.ts';
import { SECRET } from '../support/rotation-world.ts';
import type { Arena } from './power/arena.ts';
import {
  atEachMoment,
  callsAt,
  enter,
  enterInGrace,
  enterNew,
  mallory,
  PAIRS,
  recordIn,
} from './power/enter.ts';
import { LITTLE } from './power/gains.ts';

/*
 * A sixth reviewer's attacks, on the marks of reverts and of dropped users, and on who writes the record without a look at the lock.
 */

const OWNER = 'docdb-rotation-owner';
const PREVIOUS = 'AWSPREVIOUS';
const PENDING = 'AWSPENDING';

const giveLock = (arena: Arena, execution: string, pending: string[] = []): string =>
  arena.write(markerOf(execution, pending), OWNER, versionIdsOf(execution)[0]);

/** Two rotations of mine with a lock of mine, so that neither version of the pair of before is in use; then the predecessor is dropped. */
const rotateTwiceAndDrop = async (arena: Arena): Promise<void> => {
  const name = `chosen-${newVersionId()}`;
  giveLock(arena, executionArn(`${name}-1`));
  await arena.start({}, `${name}-1`);
  await arena.start({}, `${name}-2`);
  await dropNow(arena);
};

/** Another team gets the name of the user that was dropped; then people rotate. */
const expectNameIsLeftAlone = async (arena: Arena): Promise<void> => {
  const { database } = arena.world;
  const name = [arena.user, arena.pairUser].find((each) => database.user(each) === undefined);
  if (name === undefined) return;
  database.addUser(name, newPassword(), LITTLE);
  const before = { ...database.user(name) };
  await arena.honest.rotate();
  expect(database.user(name)).toEqual(before);
};

const otherOf = (arena: Arena): string =>
  arena.world.credentialOf(arena.current())?.username === arena.user ? arena.pairUser : arena.user;

/** A retirement of the predecessor with a lock of mine, in the middle of whatever has it. */
const dropNow = async (arena: Arena, calls = new PortCalls()): Promise<void> => {
  const execution = executionArn(arena.nextName(), 'retirement');
  giveLock(arena, execution);
  await new RetirementMachine(arena.world, { calls }).run(execution, {
    secretId: SECRET,
    graceSeconds: 0,
    version: arena.current(),
    predecessor: otherOf(arena),
    policy: 'delete',
    strategy: arena.user === 'boss' ? 'admin-clone' : 'alternating-users',
  });
};

/** What honest people come to in the end: the right version is put back and recovered. */
const settle = async (arena: Arena, right: string): Promise<void> => {
  await arena.honest.recover();
  if (arena.world.logsIn(right)) arena.honest.putBack(right);
  await arena.honest.recover();
};

/** What he got in by, before the record knew of drops and was written before the promotion. Each asserts nothing but the gain, and nothing at all where its moment does not come. */
describe('what got in, and does no more:', () => {
  it.each(PAIRS)(
    'a revert that made a dropped user again loses its lock before the end: its user counts as dropped, and is never retired: %s',
    async (name) => {
      await atEachMoment(async (moment) => {
        const arena = enter(name, ['write'], { retirementPolicy: 'delete' });
        await arena.honest.rotate();
        await arena.honest.rotate(moment, () => arena.write('none', OWNER), 'revert');
        await arena.honest.recover();
        const replaced = arena.world.credentialOf(arena.current());
        const { status } = await arena.honest.rotate();
        if (status === 'SUCCEEDED' && replaced) expect(arena.world.database.accepts(replaced)).toBe(false);
        return arena;
      }, 42);
    },
  );

  it.each(PAIRS)(
    'the same, and an AWSPREVIOUS of mine: every later rotation is refused: %s',
    async (name) => {
      await atEachMoment(async (moment) => {
        const arena = enter(name, ['write'], { retirementPolicy: 'delete' });
        await arena.honest.rotate();
        await arena.honest.rotate(moment, () => arena.write('none', OWNER), 'revert');
        await arena.honest.recover();
        await arena.honest.rotate();
        arena.write({ password: newPassword() }, PREVIOUS);
        await arena.honest.recover();
        expect((await arena.honest.rotate()).error).toBeUndefined();
        return arena;
      }, 42);
    },
  );

  it.each(PAIRS)(
    'a rotation loses its lock after the promotion, and a recovery that sees my own user in AWSCURRENT locks the user that is in use: %s',
    async (name) => {
      await atEachMoment(async (moment) => {
        const arena = enter(name, ['write'], { retirementPolicy: 'lock' });
        const { status } = await arena.honest.rotate(moment, () => arena.write('none', OWNER));
        const right = arena.current();
        if (status !== 'SUCCEEDED' || !arena.world.logsIn(right)) return arena;
        arena.write(mallory(arena));
        await arena.honest.recover();
        arena.honest.putBack(right);
        await arena.honest.recover();
        const { username } = arena.world.credentialOf(arena.current()) ?? {};
        expect(arena.world.logsIn(arena.current())).toBe(true);
        expect([arena.user, arena.pairUser]).toContain(username);
        return arena;
      }, 42);
    },
  );

  it.each(PAIRS)(
    'a revert to AWSCURRENT’s own user writes the old record of a pair without the lock, and a dropped user’s name counts again: %s',
    async (name) => {
      await atEachMoment(async (moment) => {
        const arena = enterInGrace(name, ['write', 'start']);
        arena.write({ password: newPassword() });
        await arena.honest.scheduled();
        await arena.honest.rotate(moment, () => rotateTwiceAndDrop(arena), 'revert');
        await arena.honest.recover();
        await expectNameIsLeftAlone(arena);
        return arena;
      }, 35);
    },
  );

  it.each(PAIRS)(
    'a recovery that lost its lock writes an old record, of versions that were replaced before the user was dropped: %s',
    async (name) => {
      await atEachMoment(async (moment) => {
        const arena = enterInGrace(name, ['write', 'start']);
        const right = arena.current();
        arena.write({ password: newPassword() });
        await arena.honest.scheduled();
        arena.honest.putBack(right);
        const calls = callsAt(arena, moment, () => rotateTwiceAndDrop(arena));
        await new RecoveryMachine(arena.world, { calls }).run(executionArn('honest', 'recovery'), {
          secretId: SECRET,
        });
        await arena.honest.recover();
        await expectNameIsLeftAlone(arena);
        return arena;
      });
    },
  );

  it.each([
    ['rotate', 'alternating-users'],
    ['rotate', 'admin-clone'],
    ['revert', 'alternating-users'],
    ['revert', 'admin-clone'],
  ])(
    'an execution that begins writes an old record, of versions that were replaced before the user was dropped: %s, %s',
    async (mode, name) => {
      await atEachMoment(async (moment) => {
        const arena = enterInGrace(name, ['write', 'start']);
        const act = async () => {
          if (mode === 'rotate') arena.write({ password: newPassword() }, [PENDING, PREVIOUS]);
          await rotateTwiceAndDrop(arena);
        };
        await arena.honest.rotate(moment, act, mode);
        await arena.honest.recover();
        await expectNameIsLeftAlone(arena);
        return arena;
      }, 6);
    },
  );

  it.each(['alternating-users'])(
    'an execution that ends writes an old record, of versions that were replaced before the user was dropped: %s',
    async (name) => {
      await atEachMoment(async (moment) => {
        const arena = enter(name, ['write', 'start']);
        await arena.honest.rotate(moment, () => rotateTwiceAndDrop(arena));
        await arena.honest.recover();
        await expectNameIsLeftAlone(arena);
        return arena;
      }, 52);
    },
  );

  it.each(PAIRS)(
    'a revert that takes one user off the dropped ones writes over another that was dropped meanwhile: %s',
    async (name) => {
      await atEachMoment(async (moment) => {
        const arena = enter(name, ['write', 'start'], { retirementPolicy: 'keep' });
        await arena.honest.rotate();
        await dropNow(arena);
        await arena.honest.rotate(moment, () => dropNow(arena), 'revert');
        await arena.honest.recover();
        await expectNameIsLeftAlone(arena);
        return arena;
      }, 50);
    },
  );

  it.each(PAIRS)(
    'a retirement of mine says that a user is dropped which a revert of mine has just made again: every later rotation is refused: %s',
    async (name) => {
      await atEachMoment(async (moment) => {
        const arena = enter(name, ['write', 'start'], { retirementPolicy: 'keep' });
        await arena.honest.rotate();
        const revert = async () => {
          giveLock(arena, executionArn('chosen-1'));
          await arena.start({ mode: 'revert' }, 'chosen-1');
        };
        await dropNow(arena, callsAt(arena, moment, revert));
        await arena.honest.recover();
        await arena.honest.rotate();
        arena.write({ password: newPassword() }, PREVIOUS);
        expect((await arena.honest.rotate()).error).toBeUndefined();
        return arena;
      });
    },
  );

  it('the rotation of a single user loses its lock, and a recovery that sees my own user in AWSCURRENT gives it a password that no version has', async () => {
    await atEachMoment(async (moment) => {
      const arena = enter('single-user', ['write']);
      const right = arena.current();
      await arena.honest.scheduled(moment, () => {
        arena.write('none', OWNER);
        arena.write(mallory(arena));
      });
      await settle(arena, right);
      const isOwn = (version: string) => arena.world.credentialOf(version)?.username === arena.user;
      const own = arena.versions().filter(isOwn);
      expect(own.map((version) => arena.world.logsIn(version))).toContain(true);
      return arena;
    }, 8);
  });

  it.each(PAIRS)(
    'the first rotation loses its lock, and a recovery that sees my own user in AWSCURRENT leaves the other user: every later rotation is refused: %s',
    async (name) => {
      await atEachMoment(async (moment) => {
        const arena = enterNew(name, ['write']);
        const right = arena.current();
        await arena.honest.rotate(moment, () => {
          arena.write('none', OWNER);
          arena.write(mallory(arena));
        });
        await settle(arena, right);
        expect((await arena.honest.rotate()).error).toBeUndefined();
        return arena;
      }, 16);
    },
  );

  it.each(PAIRS)(
    'the first rotation loses its lock after the promotion, so that nothing is on record of the predecessor, and an AWSPREVIOUS of mine: %s',
    async (name) => {
      await atEachMoment(async (moment) => {
        const arena = enterNew(name, ['write']);
        await arena.honest.rotate(moment, () => arena.write('none', OWNER));
        arena.write({ password: newPassword() }, PREVIOUS);
        await arena.honest.recover();
        expect((await arena.honest.rotate()).error).toBeUndefined();
        return arena;
      }, 36);
    },
  );

  it.each(PAIRS)(
    'two recoveries, in the first rotation after the promotion and in the next one: every later rotation is refused, by the right to recover alone: %s',
    async (name) => {
      for (const first of [40, 42, 44, 46]) {
        await atEachMoment(async (moment) => {
          const arena = enterNew(name, ['recover']);
          const right = arena.current();
          // No call of a promotion comes after the drain.
          await arena.honest.rotate(first, () => (arena.current() === right ? undefined : arena.recover()));
          arena.wasReached = false;
          await arena.honest.rotate(moment, () => arena.recover());
          await arena.honest.recover();
          expect((await arena.honest.rotate()).error).toBeUndefined();
          return arena;
        }, 20);
      }
    },
  );

  it.each(PAIRS)(
    'three values of my own user with long ids, each seen by a recovery, push a pair off the record: every later rotation is refused: %s',
    async (name) => {
      const arena = enter(name, ['write']);
      const right = arena.current();
      for (const number of [1, 2, 3]) {
        arena.write({ ...mallory(arena), number }, 'AWSCURRENT', `${newVersionId()}${newVersionId()}`);
        await arena.honest.recover();
      }
      await settle(arena, right);
      expect((await arena.honest.rotate()).error).toBeUndefined();
    },
  );
});

const withoutOutage = (arena: Arena) => arena.gained().filter((want) => want !== 'outage');
const errorsOf = (...endings: ({ error?: string | undefined } | undefined)[]) =>
  endings.map((ending) => ending?.error);

describe('what is prevented:', () => {
  it.each(PAIRS)(
    'a rotation of mine joins the version of an honest one, at each moment: %s',
    async (name) => {
      let refused = 0;
      await atEachMoment(
        async (moment) => {
          const arena = enterNew(name, ['write', 'start']);
          const right = arena.current();
          const join = async () => {
            const [token = ''] = arena.idsOf('honest');
            for (const chosen of ['chosen-1', 'chosen-2']) {
              giveLock(arena, executionArn(chosen));
              const { error } = await arena.start({ token }, chosen);
              if (error !== undefined) refused += 1;
            }
            giveLock(arena, executionArn('chosen-3'));
          };
          await arena.honest.rotate(moment, join, 'rotate', 'honest');
          await settle(arena, right);
          expect(errorsOf(await arena.honest.rotate(), await arena.honest.rotate())).toEqual([
            undefined,
            undefined,
          ]);
          expect(arena.gained()).toEqual([]);
          return arena;
        },
        8,
        4,
      );
      expect(refused).toBeGreaterThan(5);
    },
  );

  it.each(PAIRS)('what a revert goes back to, as the token of a rotation of mine: %s', async (name) => {
    await atEachMoment(async (moment) => {
      const arena = enter(name, ['write', 'start']);
      const mine = arena.write(arena.mine(arena.pairUser), PREVIOUS);
      const right = arena.current();
      const join = async () => {
        // No rotation left it, so that it is never on record as what is gone back to.
        expect(await recordIn(arena)).not.toContain(`@${mine}`);
        giveLock(arena, executionArn('chosen-1'));
        arena.write({ password: newPassword() }, PREVIOUS);
        await arena.start({ token: mine }, 'chosen-1');
        giveLock(arena, executionArn('chosen-2'));
        await arena.start({ mode: 'revert' }, 'chosen-2');
      };
      await arena.honest.rotate(moment, join, 'revert');
      await settle(arena, right);
      await arena.start({ token: mine }, 'chosen-3');
      expect(withoutOutage(arena)).toEqual([]);
      return arena;
    });
  });

  it.each(PAIRS)(
    'a record of before, where the mark of a dropped user stands in the record itself: %s',
    async (name) => {
      const arena = enter(name, ['write', 'start']);
      const { database, store, current, previous } = arena.world;
      store.setTag(SECRET, PROVEN_TAG, `=${current} -${previous}`);
      database.removeUser(arena.pairUser);
      database.addUser(arena.pairUser, newPassword(), LITTLE);
      const before = { ...database.user(arena.pairUser) };
      await dropNow(arena);
      const endings = [
        await arena.start({ mode: 'revert' }),
        await arena.start(),
        await arena.honest.scheduled(),
      ];
      expect(errorsOf(...endings)).toEqual([
        'UserNameTakenError',
        'UserNameTakenError',
        'UserNameTakenError',
      ]);
      expect(database.user(arena.pairUser)).toEqual(before);
      expect(arena.gained()).toEqual([]);
    },
  );

  it.each(PAIRS)(
    'a dropped user is made again by a revert, and dropped again by its next retirement: %s',
    async (name) => {
      const arena = enter(name, ['start'], { retirementPolicy: 'delete' });
      const { database, store } = arena.world;
      const endings = [];
      for (const mode of ['rotate', 'revert', 'revert', 'rotate', 'revert', 'rotate', 'rotate', 'revert']) {
        const replaced = arena.world.credentialOf(arena.current());
        endings.push(await arena.start({ mode }));
        const { username = '' } = replaced ?? {};
        // The cluster's primary user can't be dropped.
        if (replaced) expect(database.accepts(replaced)).toBe(false);
        if (username.endsWith('_clone')) expect(database.user(username)).toBeUndefined();
        expect(arena.world.logsIn(arena.current())).toBe(true);
      }
      expect(errorsOf(...endings)).toEqual(endings.map(() => undefined));
      expect(store.labels(SECRET)).not.toHaveProperty(OWNER);
    },
  );

  it.each(PAIRS)(
    'each retirement policy in turn, with reverts of reverts, and an AWSPREVIOUS of mine: %s',
    async (name) => {
      for (const policies of [
        ['delete', 'revoke', 'lock'],
        ['lock', 'delete', 'revoke'],
        ['delete', 'lock', 'keep'],
      ]) {
        const arena = enter(name, ['write', 'start']);
        for (const mode of ['rotate', 'revert', 'revert', 'rotate', 'rotate', 'revert', 'revert', 'rotate']) {
          policies.push(policies.shift() ?? '');
          arena.world.store.setTag(SECRET, RETIREMENT_POLICY_TAG, policies[0] ?? '');
          expect((await arena.start({ mode })).error).toBeUndefined();
          expect(arena.world.logsIn(arena.current())).toBe(true);
        }
        arena.write({ password: newPassword() }, PREVIOUS);
        expect((await arena.honest.rotate()).error).toBeUndefined();
        expect(arena.gained()).toEqual([]);
      }
    },
  );

  it('rotations of mine in a single user’s, which writes its record without a look at the lock', async () => {
    let moments = 0;
    await atEachMoment(async (moment) => {
      moments += 1;
      const arena = enter('single-user', ['write', 'start']);
      await arena.honest.rotate(moment, async () => {
        for (const chosen of ['chosen-1', 'chosen-2']) {
          giveLock(arena, executionArn(chosen));
          await arena.start({}, chosen);
        }
      });
      await arena.honest.recover();
      expect(arena.world.logsIn(arena.current())).toBe(true);
      expect((await arena.honest.rotate()).error).toBeUndefined();
      expect(arena.gained()).toEqual([]);
      return arena;
    }, 20);
    expect(moments).toBeGreaterThan(10);
  });

  it('a pair becomes a single user and a pair again; what was left behind is dropped by me, and its name is someone else’s', async () => {
    const arena = enter('alternating-users', ['write', 'start']);
    const { database, store } = arena.world;
    store.setTag(SECRET, STRATEGY_TAG, 'single-user');
    await arena.honest.rotate();
    const retired = await arena.retire({
      version: arena.current(),
      predecessor: arena.pairUser,
      policy: 'delete',
      strategy: 'alternating-users',
    });
    expect(retired.status).toBe('SUCCEEDED');
    arena.write({ password: newPassword() }, PREVIOUS);
    database.removeUser(arena.pairUser);
    database.addUser(arena.pairUser, newPassword(), LITTLE);
    const before = { ...database.user(arena.pairUser) };
    store.setTag(SECRET, STRATEGY_TAG, 'alternating-users');
    const endings = [await arena.start(), await arena.start({ mode: 'revert' })];
    expect(endings.map(({ status }) => status)).toEqual(['FAILED', 'FAILED']);
    expect(database.user(arena.pairUser)).toEqual(before);
    expect(arena.gained()).toEqual([]);
  });

  it('a rotation at my host, and the right version put back: the pair goes on', async () => {
    const arena = enter('admin-clone', ['write']);
    const right = arena.current();
    arena.write({ ...arena.mine(), ...arena.evil });
    await arena.honest.rotate();
    await settle(arena, right);
    expect(arena.current()).toBe(right);
    expect(errorsOf(await arena.honest.rotate(), await arena.honest.rotate())).toEqual([
      undefined,
      undefined,
    ]);
    expect(arena.gained()).toEqual([]);
  });

  it.each(PAIRS)('my recoveries name the users that are in use as what is unfinished: %s', async (name) => {
    const arena = enter(name, ['write', 'recover']);
    await arena.honest.rotate();
    const { current, previous } = arena.world;
    const right = arena.current();
    const named = [right, current, previous ?? '', ...arena.idsOf('honest').slice(0, 2)];
    for (const value of [mallory(arena), { ...arena.mine(), ...arena.evil }]) {
      arena.write(value);
      for (const reset of [{}, { resetThroughAdmin: true }, { resetThroughCluster: true }]) {
        giveLock(arena, executionArn('none'), named);
        await arena.recover(reset);
      }
    }
    expect(arena.world.logsIn(right)).toBe(true);
    await settle(arena, right);
    expect(arena.gained()).toEqual([]);
    expect(await recordIn(arena)).toContain(`=${right}`);
  });

  it.each(PAIRS)(
    'the tag of dropped users names a version whose entry has another mark: %s',
    async (name) => {
      for (const mark of ['+', '@', '']) {
        const arena = enter(name, ['write', 'start', 'recover']);
        const { database, store, current, previous = '' } = arena.world;
        store.setTag(SECRET, DROPPED_TAG, previous);
        store.setTag(SECRET, PROVEN_TAG, `=${current} ${mark}${previous}`);
        database.addUser(arena.pairUser, newPassword(), LITTLE);
        const before = { ...database.user(arena.pairUser) };
        for (const mode of ['revert', 'rotate']) await arena.start({ mode });
        giveLock(arena, executionArn('none'), [previous]);
        await arena.recover();
        await dropNow(arena);
        expect(database.user(arena.pairUser), mark).toEqual(before);
        expect(arena.gained()).toEqual([]);
      }
    },
  );

  it('starts and recoveries of mine in the middle of honest ones, in any order: a pair that was rotated goes on', async () => {
    let came = 0;
    for (let seed = 1; seed <= 24; seed++) {
      const next = numbersFrom(seed);
      const retirementPolicy = ['keep', 'lock', 'delete', 'revoke'][next(4)];
      const arena = enter(PAIRS[seed % 2] ?? '', ['start', 'recover'], { retirementPolicy });
      const act = () =>
        [() => arena.start(), () => arena.start({ mode: 'revert' }), () => arena.recover()][next(3)]?.();
      for (const mode of ['rotate', 'revert', 'rotate']) {
        arena.wasReached = false;
        await arena.honest.rotate(1 + next(55), act, mode);
        if (arena.wasReached) came += 1;
      }
      await arena.honest.recover();
      expect(arena.world.logsIn(arena.current()), `seed ${seed}`).toBe(true);
      expect(errorsOf(await arena.honest.rotate(), await arena.honest.rotate()), `seed ${seed}`).toEqual([
        undefined,
        undefined,
      ]);
      expect(arena.gained()).toEqual([]);
    }
    expect(came).toBeGreaterThan(30);
  });
});

/** Numbers that look random, and are the same each time. */
const numbersFrom = (seed: number): ((below: number) => number) => {
  let state = seed * 7919;
  return (below) => {
    state = (state * 1103515245 + 12345) & 0x7fffffff;
    return (state >> 8) % below;
  };
};
