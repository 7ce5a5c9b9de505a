import { describe, expect, it } from 'vitest';
import { markerOf } from '../../functions/secret/marker.ts';
import { newPassword } from '../support/in-memory-secret-store.ts';
import { executionArn } from '../support/rotation-machine.ts';
import { SECRET } from '../support/rotation-world.ts';
import { ExecutionAbortedError } from '../support/state-machine.ts';
import { type Arena, EVIL_HOST } from './power/arena.ts';
import { atEachMoment, enter, enterNew, PAIRS, recordIn, switched } from './power/enter.ts';

/*
 * A twenty-first reviewer's attacks: values for the pair's other user beside a rotation that is stopped.
 */

/** A value for the other user, whose password was never anyone's. */
const planted = (arena: Arena) => {
  const current = arena.world.credentialOf(arena.current())?.username ?? '';
  const username = current === arena.user ? arena.pairUser : arena.user;
  return { username, password: 'no one’s' };
};

const LABELS = [['AWSPREVIOUS'], ['AWSCURRENT'], ['AWSCURRENT', 'AWSPREVIOUS']];
const cases = PAIRS.flatMap((name) =>
  ['keep', 'lock', 'delete', 'revoke'].flatMap((policy) =>
    LABELS.map((labels) => ({ name, policy, labels, where: labels.join(' and ') })),
  ),
);

/** Before the first rotation has ended there is no one to retire. */
const OF_FIRST = cases.filter(({ policy }) => policy === 'keep');

const goesOn = async (arena: Arena, moment: number, labels: string[]): Promise<void> => {
  const right = arena.world.credentialOf(arena.current());
  let pending: ReturnType<typeof arena.world.credentialOf>;
  let isOnRecord = false;
  const act = async () => {
    isOnRecord = (await recordIn(arena)).length > 0;
    pending = arena.world.credentialOf(arena.world.store.holder(SECRET, 'AWSPENDING') ?? '');
    for (const label of labels) arena.write(planted(arena), [label]);
    throw new ExecutionAbortedError();
  };
  await arena.honest.rotate(moment, act);
  await arena.honest.recover();
  if (isOnRecord) expect(arena.world.logsIn(arena.current()), `${moment}`).toBe(true);
  if (!arena.world.logsIn(arena.current())) {
    arena.write({ ...right });
    await arena.honest.recover();
  }
  const stays =
    pending !== undefined && arena.world.credentialOf(arena.current())?.password === pending.password;
  for (const _turn of [1, 2]) expect((await arena.honest.rotate()).error, `${moment}`).toBeUndefined();
  expect(!stays && pending !== undefined && arena.world.database.accepts(pending), `${moment}`).toBe(false);
};

describe('a value for the other user, written as a rotation is stopped: later ones go on', () => {
  it.each(cases)('$name: $policy, $where', async ({ name, policy, labels }) => {
    await atEachMoment(async (moment) => {
      const arena = enter(name, ['write'], { retirementPolicy: policy, admin: true });
      await arena.honest.rotate();
      await arena.honest.rotate();
      await goesOn(arena, moment, labels);
      return arena;
    });
  });

  it.each(OF_FIRST)('$name: $where, the first', async ({ name, policy, labels }) => {
    await atEachMoment(async (moment) => {
      const arena = enterNew(name, ['write'], { retirementPolicy: policy, admin: true });
      await goesOn(arena, moment, labels);
      return arena;
    });
  });
});

it('a marker that names the one of a switched pair that is left behind: a recovery does not go back to it', async () => {
  const { arena, right, left } = await switched('keep');
  expect(arena.world.logsIn(left)).toBe(true);
  arena.write(markerOf(executionArn('none'), [left]), ['AWSCURRENT', 'docdb-rotation-owner']);
  await arena.honest.recover();
  expect(arena.current()).toBe(right);
});

describe('the one of a switched pair that is left behind, as AWSCURRENT at a host of mine', () => {
  it.each(['keep', 'lock'])(
    'is not rotated there, so that the right value is not refused after it: %s',
    async (retirementPolicy) => {
      const { arena, right } = await switched(retirementPolicy);
      arena.write({ username: arena.user, password: newPassword(), host: EVIL_HOST });
      expect((await arena.honest.rotate()).error).toBe('AdminSecretMismatchError');
      arena.honest.putBack(right);
      expect((await arena.honest.rotate()).error).toBeUndefined();
      expect(arena.world.usernameOf(arena.current())).toBe(arena.pairUser);
    },
  );
});

describe.each(PAIRS)(
  'a revert with the policy delete, stopped beside garbage, where nothing else logs in: %s',
  (name) => {
    it('the user that it made again has no login, once the right value is there', async () => {
      await atEachMoment(async (moment) => {
        const arena = enter(name, ['write'], { retirementPolicy: 'delete', admin: true });
        await arena.honest.rotate();
        const username = arena.world.usernameOf(arena.current()) ?? '';
        const old = arena.world.credentialOf(arena.world.store.holder(SECRET, 'AWSPREVIOUS') ?? '');
        const right = { username, password: newPassword() };
        const stop = () => {
          const { roles = [] } = arena.world.database.user(username) ?? {};
          arena.world.database.addUser(username, right.password, roles);
          for (const _time of [1, 2]) arena.write('none');
          throw new ExecutionAbortedError();
        };
        await arena.honest.rotate(moment, stop, 'revert');
        await arena.honest.recover();
        if (!arena.wasReached) return arena;
        arena.write(right);
        await arena.honest.recover();
        expect((await arena.honest.rotate()).error, `${moment}`).toBeUndefined();
        expect(old !== undefined && arena.world.database.accepts(old), `${moment}`).toBe(false);
        return arena;
      });
    });
  },
);

describe.each(PAIRS)(
  'a rotation that makes a dropped user again, stopped beside garbage, where nothing else logs in: %s',
  (name) => {
    it('the pair takes turns with it', async () => {
      await atEachMoment(async (moment) => {
        const arena = enter(name, ['write'], { retirementPolicy: 'delete', admin: true });
        for (const _turn of [1, 2]) await arena.honest.rotate();
        if (arena.world.usernameOf(arena.current()) === arena.user) await arena.honest.rotate();
        let written = '';
        const stop = () => {
          written = arena.world.store.holder(SECRET, 'AWSPENDING') ?? '';
          const { roles = [] } = arena.world.database.user(arena.pairUser) ?? {};
          arena.world.database.addUser(arena.pairUser, newPassword(), roles);
          for (const _time of [1, 2]) arena.write('none');
          throw new ExecutionAbortedError();
        };
        await arena.honest.rotate(moment, stop);
        await arena.honest.recover();
        if (arena.wasReached && arena.current() === written)
          for (const _turn of [1, 2, 3])
            expect((await arena.honest.rotate()).error, `${moment}`).toBeUndefined();
        return arena;
      });
    });
  },
);
