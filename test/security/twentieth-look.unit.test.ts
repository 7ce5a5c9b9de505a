import { describe, expect, it } from 'vitest';
import { PROVEN_TAG, STRATEGY_TAG, USER_TAG } from '../../functions/contract/tags.ts';
import type { Role } from '../../functions/database/database.ts';
import { READ_WRITE, ROOT } from '../support/in-memory-database.ts';
import { PortCalls } from '../support/port-calls.ts';
import { SECRET } from '../support/rotation-world.ts';
import { ExecutionAbortedError } from '../support/state-machine.ts';
import type { Arena } from './power/arena.ts';
import { atEachMoment, callsAt, enter, enterNew, PAIRS } from './power/enter.ts';
import { LITTLE } from './power/gains.ts';
import { freeName, takeName } from './power/given-names.ts';
import { grant, PAYROLL, rolesNow, setRoles } from './power/payroll.ts';
import type { Right } from './power/rights.ts';

/*
 * A twentieth reviewer's attacks: roles that change while a rotation runs, and what a drop says of versions that were only seen to log in.
 */

const rolesOf = (name: string): readonly Role[] => (name === 'admin-clone' ? ROOT : READ_WRITE);

/** A secret that was switched from single-user, and a user of mine that has the name of its second one to be, and the same roles. */
const besideMine = (name: string, rights: Right[]) => {
  const arena = enterNew(name, rights, { retirementPolicy: 'keep' });
  arena.world.store.setTag(SECRET, USER_TAG, arena.user);
  arena.world.store.setTag(SECRET, PROVEN_TAG, arena.current());
  return { arena, mine: takeName(arena, arena.pairUser, rolesOf(name)) };
};

describe('roles that a database administrator gives or takes at each moment of a revert to a user of mine that is alike', () => {
  it.each(PAIRS)('given to the secret’s user: mine does not get them: %s', async (name) => {
    await atEachMoment(async (moment) => {
      const { arena, mine } = besideMine(name, ['write', 'start']);
      arena.write(mine, 'AWSPREVIOUS');
      await arena.start(
        { mode: 'revert' },
        undefined,
        callsAt(arena, moment, () => grant(arena, arena.user)),
      );
      expect(arena.world.database.accepts(mine), `${moment}`).toBe(true);
      expect(rolesNow(arena, mine.username), `${moment}`).toEqual(rolesOf(name));
      return arena;
    });
  });

  it.each(PAIRS)('taken from mine: it does not get them back: %s', async (name) => {
    await atEachMoment(async (moment) => {
      const { arena, mine } = besideMine(name, ['write', 'start']);
      arena.write(mine, 'AWSPREVIOUS');
      const take = () => setRoles(arena, mine.username, LITTLE);
      await arena.start({ mode: 'revert' }, undefined, callsAt(arena, moment, take));
      expect(rolesNow(arena, mine.username), `${moment}`).toEqual(arena.wasReached ? LITTLE : rolesOf(name));
      return arena;
    });
  });

  it.each(PAIRS)('mine is dropped: it is not made again: %s', async (name) => {
    await atEachMoment(async (moment) => {
      const { arena, mine } = besideMine(name, ['write', 'start']);
      arena.write(mine, 'AWSPREVIOUS');
      const drop = () => arena.world.database.removeUser(mine.username);
      await arena.start({ mode: 'revert' }, undefined, callsAt(arena, moment, drop));
      expect(arena.world.database.user(mine.username) === undefined, `${moment}`).toBe(arena.wasReached);
      return arena;
    });
  });
});

describe('a revert that is rolled back', () => {
  it.each(PAIRS)('takes back the roles that it gave to one who logged in before: %s', async (name) => {
    await atEachMoment(async (moment) => {
      const arena = enter(name, ['write'], { retirementPolicy: 'revoke' });
      await arena.honest.rotate();
      const revoked = arena.world.usernameOf(arena.world.store.holder(SECRET, 'AWSPREVIOUS') ?? '') ?? '';
      expect(rolesNow(arena, revoked)).toEqual([]);
      const { error } = await arena.honest.rotate(moment, () => arena.write('none'), 'revert');
      if (error === 'RolledBack') expect(rolesNow(arena, revoked), `${moment}`).toEqual([]);
      return arena;
    });
  });
});

describe('roles that are taken from both users of a pair, at each moment of a rotation that is rolled back', () => {
  it.each(PAIRS)('do not come back: %s', async (name) => {
    await atEachMoment(async (moment) => {
      const arena = enter(name, ['write'], { retirementPolicy: 'keep' });
      const both = [arena.user, arena.pairUser];
      await arena.honest.rotate();
      for (const user of both) grant(arena, user);
      await arena.honest.rotate();
      const take = () => {
        for (const user of both) setRoles(arena, user, rolesOf(name));
        arena.write('none');
      };
      await arena.honest.rotate(moment, take);
      const roles = both.flatMap((user) => rolesNow(arena, user));
      if (arena.wasReached) expect(roles, `${moment}`).not.toContainEqual(PAYROLL);
      return arena;
    });
  });
});

describe('roles that are taken from the user in use, and from the other one at each moment of a rotation that is rolled back', () => {
  it.each(PAIRS)('do not come back: %s', async (name) => {
    await atEachMoment(async (moment) => {
      const arena = enter(name, ['write'], { retirementPolicy: 'keep' });
      await arena.honest.rotate();
      for (const user of [arena.user, arena.pairUser]) grant(arena, user);
      await arena.honest.rotate();
      const [inUse = '', other = ''] = ['AWSCURRENT', 'AWSPREVIOUS'].map(
        (label) => arena.world.usernameOf(arena.world.store.holder(SECRET, label) ?? '') ?? '',
      );
      setRoles(arena, inUse, rolesOf(name));
      const take = () => {
        const left = rolesNow(arena, other).filter(({ db }) => db !== PAYROLL.db);
        setRoles(arena, other, left);
        arena.write('none');
      };
      await arena.honest.rotate(moment, take);
      if (arena.wasReached) expect(rolesNow(arena, other), `${moment}`).not.toContainEqual(PAYROLL);
      return arena;
    });
  });
});

describe('a password that an administrator changes at each moment of an execution that is rolled back', () => {
  /** Between the last look and the command itself the database has no way to tell. */
  const COMMAND = 'updateUser';

  const isOldOneBack = (name: string, input: object) =>
    atEachMoment(async (moment) => {
      const arena = enter(name, ['write', 'start'], { retirementPolicy: 'keep' });
      await arena.honest.rotate();
      await arena.honest.rotate();
      const old = arena.world.credentialOf(arena.world.store.holder(SECRET, 'AWSPREVIOUS') ?? '');
      if (old === undefined) throw new Error('there is no AWSPREVIOUS');
      expect(arena.world.database.accepts(old)).toBe(true);
      if ('mode' in input) setRoles(arena, old.username, LITTLE);
      let next = '';
      let call = 0;
      const turn = async (method: string) => {
        call += 1;
        if (call !== moment) return;
        next = method;
        arena.wasReached = true;
        const { username } = old;
        arena.world.database.addUser(username, 'changed by an administrator', rolesNow(arena, username));
        arena.write('none');
      };
      await arena.start(input, undefined, new PortCalls({ turn }));
      if (arena.wasReached && next !== COMMAND)
        expect(arena.world.database.accepts(old), `${moment}, before ${next}`).toBe(false);
      return arena;
    });

  it.each(PAIRS)('a rotation does not bring it back: %s', (name) => isOldOneBack(name, {}));

  it.each(PAIRS)('nor does a revert that gives roles back: %s', (name) =>
    isOldOneBack(name, { mode: 'revert' }),
  );
});

describe('an honest pair whose roles change at each moment of a rotation', () => {
  const isAsGiven = (arena: Arena, moment: number): void => {
    const { username = '' } = arena.world.credentialOf(arena.current()) ?? {};
    const roles = rolesNow(arena, username).map(({ role, db }) => `${role}@${db}`);
    expect(roles, `${moment}`).toContain('readWrite@payroll');
    expect(arena.world.logsIn(arena.current()), `${moment}`).toBe(true);
  };

  it.each(PAIRS)('who is in use after the next one has what was given: %s', async (name) => {
    await atEachMoment(async (moment) => {
      const arena = enter(name, []);
      const both = () => {
        for (const user of [arena.user, arena.pairUser])
          if (arena.world.database.user(user) !== undefined) grant(arena, user);
      };
      await arena.honest.rotate(moment, both);
      const { error } = await arena.honest.rotate();
      expect(error, `${moment}`).toBeUndefined();
      if (arena.wasReached) isAsGiven(arena, moment);
      return arena;
    });
  });
});

describe('a value for a dropped name that a recovery saw log in', () => {
  it.each(PAIRS)('is not gone back to once that user is dropped again: %s', async (name) => {
    const arena = enter(name, ['write', 'start', 'recover'], { retirementPolicy: 'delete', admin: true });
    await arena.honest.rotate();
    const gone = freeName(arena) ?? '';
    const mine = takeName(arena, gone, LITTLE);
    arena.write(mine);
    await arena.recover();
    await arena.start({ mode: 'revert' });
    arena.world.database.removeUser(gone);
    await arena.retire({ predecessor: gone, version: arena.current(), policy: 'delete', strategy: name });
    await arena.start({ mode: 'revert' });
    expect(arena.world.database.accepts(mine)).toBe(false);
    expect(arena.world.logsIn(arena.current())).toBe(true);
  });
});

it.each(PAIRS)('a switched pair goes back from one of mine who has the dropped name: %s', async (name) => {
  const arena = enter(name, ['write'], { retirementPolicy: 'delete', admin: true });
  await arena.honest.rotate();
  arena.world.store.setTag(SECRET, STRATEGY_TAG, 'single-user');
  await arena.honest.rotate();
  const right = arena.current();
  arena.write(takeName(arena, freeName(arena) ?? '', LITTLE));
  expect((await arena.honest.rotate(undefined, undefined, 'revert')).error).toBeUndefined();
  expect(arena.current()).toBe(right);
});

describe.each(PAIRS)('a revert with the policy delete, stopped at each moment beside garbage: %s', (name) => {
  it('the user that it made again has no login, once the right value is back', async () => {
    await atEachMoment(async (moment) => {
      const arena = enter(name, ['write'], { retirementPolicy: 'delete', admin: true });
      await arena.honest.rotate();
      const right = arena.world.credentialOf(arena.current());
      const old = arena.world.credentialOf(arena.world.store.holder(SECRET, 'AWSPREVIOUS') ?? '');
      const garbage = () => arena.write({ username: old?.username, password: 'none' }, ['AWSCURRENT']);
      const stop = () => {
        garbage();
        garbage();
        throw new ExecutionAbortedError();
      };
      await arena.honest.rotate(moment, stop, 'revert');
      await arena.honest.recover();
      arena.write({ ...right });
      await arena.honest.recover();
      expect((await arena.honest.rotate()).error, `${moment}`).toBeUndefined();
      const { username } = arena.world.credentialOf(arena.current()) ?? {};
      const isEnabled = old !== undefined && username !== old.username && arena.world.database.accepts(old);
      expect(isEnabled, `${moment}`).toBe(false);
      return arena;
    });
  });
});

describe.each(PAIRS)('a retired user’s older value as AWSCURRENT at each moment of a revert: %s', (name) => {
  const isLeft = async (isStopped: boolean, retirementPolicy: string): Promise<void> => {
    await atEachMoment(async (moment) => {
      const arena = enter(name, ['write'], { retirementPolicy, admin: true });
      await arena.honest.rotate();
      const right = arena.world.credentialOf(arena.current());
      const old = arena.world.credentialOf(arena.world.store.holder(SECRET, 'AWSPREVIOUS') ?? '');
      const act = () => {
        arena.write({ ...old });
        if (isStopped) throw new ExecutionAbortedError();
      };
      await arena.honest.rotate(moment, act, 'revert');
      if (isStopped) await arena.honest.recover();
      arena.write({ ...right });
      await arena.honest.recover();
      expect((await arena.honest.rotate()).error, `${moment}`).toBeUndefined();
      expect(old !== undefined && arena.world.database.accepts(old), `${moment}`).toBe(false);
      return arena;
    });
  };

  it.each(['delete', 'lock'])('does not log in for good, once the right one is back: %s', (policy) =>
    isLeft(false, policy),
  );

  it.each(['delete', 'lock'])('nor where the revert was stopped, and recovered: %s', (policy) =>
    isLeft(true, policy),
  );
});

it.each(PAIRS)(
  'one that logged in before a revert that was rolled back does so after a recovery: %s',
  async (name) => {
    await atEachMoment(async (moment) => {
      const arena = enter(name, ['write'], { retirementPolicy: 'keep', admin: true });
      await arena.honest.rotate();
      const right = arena.world.credentialOf(arena.current());
      const old = arena.world.credentialOf(arena.world.store.holder(SECRET, 'AWSPREVIOUS') ?? '');
      const { error } = await arena.honest.rotate(moment, () => arena.write('none'), 'revert');
      arena.write({ ...right });
      await arena.honest.recover();
      if (error === 'RolledBack')
        expect(old !== undefined && arena.world.database.accepts(old), `${moment}`).toBe(true);
      return arena;
    });
  },
);

describe.each(PAIRS)('the same value, which everyone goes on with: %s', (name) => {
  const HOW = ['fails', 'is stopped', 'loses its lock'] as const;
  const labelsFor = (how: (typeof HOW)[number]) =>
    how === 'loses its lock' ? ['docdb-rotation-owner', 'AWSCURRENT'] : ['AWSCURRENT'];

  it.each(HOW)('the pair takes turns as before, where the revert %s', async (how) => {
    await atEachMoment(async (moment) => {
      const arena = enter(name, ['write'], { retirementPolicy: 'delete', admin: true });
      await arena.honest.rotate();
      await arena.honest.rotate();
      const old = arena.world.credentialOf(arena.world.store.holder(SECRET, 'AWSPREVIOUS') ?? '');
      const act = () => {
        arena.write({ ...old }, labelsFor(how));
        if (how === 'is stopped') throw new ExecutionAbortedError();
      };
      await arena.honest.rotate(moment, act, 'revert');
      await arena.honest.recover();
      for (const _turn of [1, 2, 3]) expect((await arena.honest.rotate()).error, `${moment}`).toBeUndefined();
      expect(old !== undefined && arena.world.database.accepts(old), `${moment}`).toBe(false);
      return arena;
    });
  });

  type Pending = ReturnType<Arena['world']['credentialOf']>;

  /** Someone writes in the middle of a rotation: its new value is of no use in the end. */
  const isNotLeft = async (how: (typeof HOW)[number], write: (arena: Arena, pending: Pending) => unknown) => {
    await atEachMoment(async (moment) => {
      const arena = enter(name, ['write', 'read'], { retirementPolicy: 'delete', admin: true });
      await arena.honest.rotate();
      await arena.honest.rotate();
      let pending: Pending;
      const act = () => {
        pending = arena.world.credentialOf(arena.world.store.holder(SECRET, 'AWSPENDING') ?? '');
        write(arena, pending);
        if (how === 'is stopped') throw new ExecutionAbortedError();
      };
      await arena.honest.rotate(moment, act);
      await arena.honest.recover();
      for (const _turn of [1, 2]) expect((await arena.honest.rotate()).error, `${moment}`).toBeUndefined();
      expect(pending !== undefined && arena.world.database.accepts(pending), `${moment}`).toBe(false);
      return arena;
    });
  };

  it.each(HOW)('nor does the new value stay, written while a rotation tests it, which %s', (how) =>
    isNotLeft(how, (arena, pending) => pending && arena.write({ ...pending }, labelsFor(how))),
  );

  it.each(HOW)('nor is the user that a rotation made in use beside garbage, where it %s', (how) =>
    isNotLeft(how, (arena) => arena.write('none', labelsFor(how))),
  );
});
