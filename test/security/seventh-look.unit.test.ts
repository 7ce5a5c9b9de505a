import { describe, expect, it } from 'vitest';
import { RETIREMENT_POLICY_TAG, STRATEGY_TAG } from '../../functions/contract/tags.ts';
import { markerOf } from '../../functions/secret/marker.ts';
import { pairedIn } from '../../functions/secret/proven.ts';
import { versionIdsOf } from '../../functions/secret/version-ids.ts';
import { newPassword, newVersionId } from '../support/in-memory-secret-store.ts';
import { PortCalls } from '../support/port-calls.ts';
import {
  executionArn,
  RecoveryMachine,
  RetirementMachine,
  RotationMachine,
} from '../support/rotation-machine.ts';
import { SECRET } from '../support/rotation-world.ts';
import type { Arena } from './power/arena.ts';
import { atEachMoment, callsAt, enter, enterNew, mallory, PAIRS, recordIn } from './power/enter.ts';
import { LITTLE } from './power/gains.ts';

/*
 * A seventh reviewer's attacks, on what the record says of a promotion that came to nothing, and on the marks of retirements.
 */

const OWNER = 'docdb-rotation-owner';
const PREVIOUS = 'AWSPREVIOUS';
const PENDING = 'AWSPENDING';

const giveLock = (arena: Arena, execution: string, id = 0): string =>
  arena.write(markerOf(execution, []), OWNER, versionIdsOf(execution)[id]);

/** Another team gets the other user's name, if it is free. */
const giveNameAway = (arena: Arena): object | undefined => {
  const { database } = arena.world;
  const name = [arena.user, arena.pairUser].find((each) => database.user(each) === undefined);
  if (name === undefined) return undefined;
  database.addUser(name, newPassword(), LITTLE);
  return { ...database.user(name) };
};

/** A retirement of the predecessor by the name that is given, with a lock of mine on the version of that number. */
const dropNow = async (arena: Arena, name: string = newVersionId(), id = 0, calls = new PortCalls()) => {
  const execution = executionArn(name, 'retirement');
  giveLock(arena, execution, id);
  const isFirst = arena.world.credentialOf(arena.current())?.username === arena.user;
  return await new RetirementMachine(arena.world, { calls }).run(execution, {
    secretId: SECRET,
    graceSeconds: 0,
    version: arena.current(),
    predecessor: isFirst ? arena.pairUser : arena.user,
    policy: 'delete',
    strategy: arena.user === 'boss' ? 'admin-clone' : 'alternating-users',
  });
};

/** Rotations of mine, with a lock of mine. */
const rotateNow = async (arena: Arena, times: number) => {
  const endings = [];
  for (let time = 0; time < times; time++) {
    const name = `chosen-${newVersionId()}`;
    if (time === 0) giveLock(arena, executionArn(name));
    endings.push((await arena.start({}, name)).error);
  }
  return endings;
};

interface Chosen {
  readonly name: string;
  readonly id: number;
}

/** Two retirements whose versions begin alike: who chooses the names finds them in a moment. */
const alike = (): [Chosen, Chosen] => {
  const seen = new Map<string, Chosen>();
  for (let number = 0; ; number++) {
    const name = `chosen-${number}`;
    for (const [id, version] of versionIdsOf(executionArn(name, 'retirement')).entries()) {
      const earlier = seen.get(version.slice(0, 8));
      if (earlier !== undefined && earlier.name !== name) return [earlier, { name, id }];
      seen.set(version.slice(0, 8), { name, id });
    }
  }
};

/** Another team gets the name of a user that is gone, and people rotate. */
const expectNameIsLeftAlone = async (arena: Arena): Promise<string | undefined> => {
  const given = giveNameAway(arena);
  if (given === undefined) return undefined;
  const { error } = await arena.honest.rotate();
  const { database } = arena.world;
  const users = [arena.user, arena.pairUser].map((name) => ({ ...database.user(name) }));
  expect(users).toContainEqual(given);
  return error ?? 'none';
};

/** An honest rotation that someone else's AWSCURRENT makes fail, and whose lock is stolen once its compensation has dropped the user that it had made. */
const failAndSteal = async (arena: Arena, moment: number, mode = 'rotate'): Promise<boolean> => {
  const { database } = arena.world;
  let call = 0;
  let wasThere = false;
  let isStolen = false;
  const calls = new PortCalls({
    turn: async () => {
      call += 1;
      if (call === moment) arena.write(mallory(arena));
      arena.wasReached ||= call === moment;
      const isThere = database.user(arena.pairUser) !== undefined;
      if (wasThere && !isThere && !isStolen) {
        isStolen = true;
        arena.write('none', OWNER);
      }
      wasThere = isThere;
    },
  });
  const input = { secretId: SECRET, ...(mode === 'rotate' ? {} : { mode }) };
  await new RotationMachine(arena.world, { calls }).run(executionArn(arena.nextName()), input);
  return isStolen;
};

/** Before the first call of that name. */
const callsBefore = (wanted: string, act: () => unknown): PortCalls => {
  let isDone = false;
  return new PortCalls({
    turn: async (method) => {
      if (isDone || method !== wanted) return;
      isDone = true;
      await act();
    },
  });
};

describe('what got in, and does no more:', () => {
  it.each(PAIRS)(
    'write: a promotion comes to nothing, compensation drops the user that the rotation made, then the lock is stolen; a recovery that sees my own user in AWSCURRENT calls the two a pair, and who gets the dropped user’s name is changed: %s',
    async (name) => {
      const arena = enterNew(name, ['write']);
      const right = arena.current();
      await failAndSteal(arena, 30);
      await arena.honest.recover();
      arena.honest.putBack(right);
      await arena.honest.recover();
      await expectNameIsLeftAlone(arena);
    },
  );

  it.each(PAIRS)(
    'write: the same, where a retirement had dropped that user and a revert makes it again: %s',
    async (name) => {
      const arena = enter(name, ['write'], { retirementPolicy: 'delete' });
      // So that the predecessor is the clone, which can be dropped in both worlds.
      await arena.honest.rotate();
      if (arena.world.database.user(arena.pairUser) !== undefined) await arena.honest.rotate();
      const right = arena.current();
      await failAndSteal(arena, 34, 'revert');
      await arena.honest.recover();
      arena.honest.putBack(right);
      await arena.honest.recover();
      await expectNameIsLeftAlone(arena);
    },
  );

  it.each(PAIRS)(
    'write: one value with both labels of a rotation that has made the other user hides it from the recovery, which leaves the user: every later rotation is refused: %s',
    async (name) => {
      const arena = enterNew(name, ['write']);
      await arena.honest.rotate(30, () => arena.write('none', [OWNER, PENDING]));
      await arena.honest.recover();
      expect((await arena.honest.rotate()).error).toBeUndefined();
    },
  );

  it.each(PAIRS)(
    'write + start: two retirements whose names I choose leave the same mark, so that an old record makes a pair, and who has a dropped user’s name now is changed: %s',
    async (name) => {
      const [one, two] = alike();
      await atEachMoment(async (moment) => {
        const arena = enter(name, ['write', 'start'], { retirementPolicy: 'keep' });
        await arena.honest.rotate();
        await dropNow(arena, one.name, one.id);
        await arena.honest.rotate();
        await arena.honest.rotate(moment, async () => {
          await rotateNow(arena, 2);
          await dropNow(arena, two.name, two.id);
        });
        await arena.honest.recover();
        await expectNameIsLeftAlone(arena);
        return arena;
      }, 54);
    },
  );

  it('write + start: a retirement of mine drops the predecessor late, when a rotation of mine has made it AWSCURRENT’s user and another retirement has dropped the other one: neither user is there any more', async () => {
    const arena = enter('alternating-users', ['write', 'start'], { retirementPolicy: 'keep' });
    await arena.honest.rotate();
    const meanwhile = async () => {
      await rotateNow(arena, 1);
      await dropNow(arena);
    };
    await dropNow(arena, 'late', 0, callsBefore('dropUser', meanwhile));
    expect((await arena.honest.recover()).error).toBeUndefined();
    expect(arena.world.logsIn(arena.current())).toBe(true);
  });
});

/* What SECURITY names under what remains: each fails as long as it does. */
describe('what remains:', () => {
  it.fails.each(PAIRS)(
    'write + start: a revert to AWSCURRENT’s own user writes its record without a look at the lock, over that of the first two rotations, which were mine: no user was dropped, and every later rotation is refused: %s',
    async (name) => {
      await atEachMoment(async (moment) => {
        const arena = enterNew(name, ['write', 'start']);
        arena.write({ password: newPassword() });
        await arena.honest.rotate(moment, () => rotateNow(arena, 2), 'revert');
        await arena.honest.recover();
        arena.write({ password: newPassword() }, PREVIOUS);
        expect((await arena.honest.rotate()).error).toBeUndefined();
        return arena;
      }, 42);
    },
  );

  it.fails.each(PAIRS)(
    'write + start: the first rotation writes its beginning over the record of two rotations of mine: no user was dropped, and every later rotation is refused: %s',
    async (name) => {
      const arena = enterNew(name, ['write', 'start']);
      const meanwhile = async () => {
        arena.write({ password: newPassword() }, [PENDING, PREVIOUS]);
        await rotateNow(arena, 2);
      };
      await arena.honest.rotate(8, meanwhile);
      await arena.honest.recover();
      arena.write({ password: newPassword() }, PREVIOUS);
      expect((await arena.honest.rotate()).error).toBeUndefined();
    },
  );
});

describe('what is prevented:', () => {
  it.each(PAIRS)(
    'a promotion that comes to nothing, whose user was dropped, and the right value back before the recovery: %s',
    async (name) => {
      const errors: (string | undefined)[] = [];
      for (let moment = 20; moment < 42; moment += 3) {
        const arena = enterNew(name, ['write']);
        const right = arena.current();
        const isStolen = await failAndSteal(arena, moment);
        arena.honest.putBack(right);
        await arena.honest.recover();
        expect(pairedIn(await recordIn(arena))).toEqual([right]);
        if (isStolen) errors.push(await expectNameIsLeftAlone(arena));
        expect(arena.gained()).toEqual([]);
      }
      expect(new Set(errors)).toEqual(new Set(['UserNameTakenError']));
    },
  );

  it.each(PAIRS)(
    'one value with both labels of a rotation, of a pair that was rotated before: it goes on: %s',
    async (name) => {
      for (const retirementPolicy of ['keep', 'lock', 'revoke'])
        await atEachMoment(
          async (moment) => {
            const arena = enter(name, ['write'], { retirementPolicy });
            await arena.honest.rotate();
            await arena.honest.rotate(moment, () => arena.write('none', [OWNER, PENDING]));
            await arena.honest.recover();
            const replaced = arena.world.credentialOf(arena.current());
            expect((await arena.honest.rotate()).error).toBeUndefined();
            if (retirementPolicy === 'lock' && replaced)
              expect(arena.world.database.accepts(replaced)).toBe(false);
            expect(arena.gained()).toEqual([]);
            return arena;
          },
          9,
          6,
        );
    },
  );

  it.each(PAIRS)(
    'a retirement writes its old record, with a mark of its own, over rotations and a drop of mine: %s',
    async (name) => {
      const came: unknown[] = [];
      await atEachMoment(async (moment) => {
        const arena = enter(name, ['write', 'start'], { retirementPolicy: 'keep' });
        await arena.honest.rotate();
        const meanwhile = async () => {
          await rotateNow(arena, 1);
          await dropNow(arena);
        };
        await dropNow(arena, 'late', 0, callsAt(arena, moment, meanwhile));
        await arena.honest.recover();
        came.push(await expectNameIsLeftAlone(arena));
        return arena;
      }, 12);
      expect(came).toContain('UserNameTakenError');
    },
  );

  it.each(PAIRS)(
    'two retirements that are not alike, in the first and in the last of an execution’s calls: %s',
    async (name) => {
      let came = 0;
      await atEachMoment(
        async (moment) => {
          const arena = enter(name, ['write', 'start'], { retirementPolicy: 'keep' });
          await arena.honest.rotate();
          await dropNow(arena);
          await arena.honest.rotate();
          await arena.honest.rotate(moment, async () => {
            await rotateNow(arena, 2);
            await dropNow(arena);
          });
          await arena.honest.recover();
          if ((await expectNameIsLeftAlone(arena)) !== undefined) came += 1;
          return arena;
        },
        8,
        4,
      );
      expect(came).toBeGreaterThan(5);
    },
  );

  it.each(PAIRS)(
    'a retirement of mine again, by the same name, for who has the name now: %s',
    async (name) => {
      const arena = enter(name, ['write', 'start'], { retirementPolicy: 'keep' });
      await arena.honest.rotate();
      if (arena.world.credentialOf(arena.current())?.username !== arena.user) await arena.honest.rotate();
      await dropNow(arena, 'again');
      const given = giveNameAway(arena);
      for (const id of [1, 2]) await dropNow(arena, 'again', id);
      expect(arena.world.database.user(arena.pairUser)).toEqual(given);
      expect(given).toBeDefined();
    },
  );

  it.each(PAIRS)(
    'versions with the longest ids, whose credentials were read, fill the record by reverts: %s',
    async (name) => {
      const arena = enter(name, ['write', 'read', 'start'], { retirementPolicy: 'keep' });
      await arena.honest.rotate();
      await dropNow(arena);
      await arena.honest.rotate();
      const right = arena.current();
      for (let time = 0; time < 4; time++) {
        const own = arena.world.credentialOf(arena.current());
        arena.write({ ...own, time }, 'AWSCURRENT', `${newVersionId()}${newVersionId()}`);
        await arena.start({ mode: 'revert' });
        await arena.start({ mode: 'revert' });
      }
      expect(arena.world.logsIn(right)).toBe(true);
      const endings = [await arena.honest.rotate(), await arena.honest.rotate()];
      expect(endings.map(({ error }) => error)).toEqual([undefined, undefined]);
    },
  );

  it.each(PAIRS)(
    'a recovery loses its lock to an execution of mine, with my own user in AWSCURRENT, at each of its calls: %s',
    async (name) => {
      let came = 0;
      await atEachMoment(async (moment) => {
        came += 1;
        const arena = enter(name, ['write', 'start']);
        const right = arena.current();
        giveLock(arena, executionArn('chosen'));
        const meanwhile = async () => {
          giveLock(arena, executionArn('chosen-1'));
          arena.write(mallory(arena));
          await arena.start({ mode: 'revert' }, 'chosen-1');
        };
        const calls = callsAt(arena, moment, meanwhile);
        await new RecoveryMachine(arena.world, { calls }).run(executionArn('honest', 'recovery'), {
          secretId: SECRET,
        });
        await arena.honest.recover();
        if (arena.world.logsIn(right)) arena.honest.putBack(right);
        await arena.honest.recover();
        expect(arena.gained()).toEqual([]);
        expect((await arena.honest.rotate()).error).toBeUndefined();
        return arena;
      });
      expect(came).toBeGreaterThan(10);
    },
  );

  it.each(['alternating-users', 'admin-clone'])(
    'both labels of a rotation, my own values and tokens, where the other user is mine: it gets no roles: %s',
    async (name) => {
      for (let moment = 8; moment < 30; moment += 3) {
        const arena = enter(`${name}, and the attacker has the other user`, ['write', 'start']);
        const mine = arena.write({ username: arena.pairUser, password: arena.ownPassword }, [PREVIOUS]);
        for (const mode of ['rotate', 'revert']) {
          const meanwhile = async () => {
            giveLock(arena, executionArn(`chosen-${mode}`));
            await arena.start({ token: mine }, `chosen-${mode}`);
            arena.write('none', [OWNER, PENDING]);
          };
          await arena.honest.rotate(moment, meanwhile, mode);
          await arena.honest.recover();
        }
        expect(arena.gained()).toEqual([]);
      }
    },
  );

  it('a pair is switched to single-user and back, in each rotation with both labels stolen', async () => {
    await atEachMoment(
      async (moment) => {
        const arena = enter('alternating-users', ['write']);
        const { store } = arena.world;
        for (const strategy of ['single-user', 'alternating-users']) {
          store.setTag(SECRET, STRATEGY_TAG, strategy);
          await arena.honest.rotate(moment, () => arena.write('none', [OWNER]));
          await arena.honest.recover();
          expect((await arena.honest.rotate()).error).toBeUndefined();
        }
        expect(arena.gained()).toEqual([]);
        return arena;
      },
      10,
      5,
    );
  });

  it.each(PAIRS)(
    'a retirement’s policy changes between a drop, a revert and the next drop: %s',
    async (name) => {
      const arena = enter(name, ['write', 'start']);
      const { database, store } = arena.world;
      for (const policy of ['delete', 'lock', 'delete', 'revoke', 'delete']) {
        store.setTag(SECRET, RETIREMENT_POLICY_TAG, policy);
        giveLock(arena, executionArn(`chosen-${policy}-1`));
        for (const mode of ['rotate', 'revert', 'rotate']) {
          const replaced = arena.world.credentialOf(arena.current());
          await arena.honest.recover();
          expect((await arena.honest.rotate(undefined, undefined, mode)).error).toBeUndefined();
          if (replaced && policy !== 'revoke') expect(database.accepts(replaced)).toBe(false);
        }
      }
      expect(arena.gained()).toEqual([]);
    },
  );
});
