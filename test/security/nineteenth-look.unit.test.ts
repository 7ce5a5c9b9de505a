import { describe, expect, it } from 'vitest';
import { RETIREMENT_POLICIES } from '../../functions/contract/strategy.ts';
import { PROVEN_TAG, USER_TAG } from '../../functions/contract/tags.ts';
import type { Role } from '../../functions/database/database.ts';
import { INSTANCES, READ_WRITE, ROOT } from '../support/in-memory-database.ts';
import { newPassword } from '../support/in-memory-secret-store.ts';
import { SECRET } from '../support/rotation-world.ts';
import type { Arena } from './power/arena.ts';
import { atEachMoment, enter, enterNew, mallory, PAIRS, recordIn } from './power/enter.ts';
import { LITTLE } from './power/gains.ts';
import { freeName, isLeftAlone, takeName } from './power/given-names.ts';
import type { Right } from './power/rights.ts';

/*
 * A nineteenth reviewer's attacks, on reverts: what is gone back from, and to, where AWSCURRENT is for someone else.
 */

const PAYROLL: Role = { role: 'readWrite', db: 'payroll' };

const rolesOf = (name: string): readonly Role[] => (name === 'admin-clone' ? ROOT : READ_WRITE);

/** A secret that was switched from single-user, and a user of mine that has the name of its second one to be, and the same roles. */
const besideMine = (name: string, rights: Right[], retirementPolicy: string) => {
  const arena = enterNew(name, rights, { retirementPolicy });
  arena.world.store.setTag(SECRET, USER_TAG, arena.user);
  arena.world.store.setTag(SECRET, PROVEN_TAG, arena.current());
  return { arena, mine: takeName(arena, arena.pairUser, rolesOf(name)) };
};

/** A pair whose first user a retirement has dropped; another team has a user of that name, and the same roles. */
const afterADrop = async (name: string, rights: Right[], retirementPolicy: string) => {
  const arena = enter(name, rights, { retirementPolicy: 'delete' });
  await arena.honest.rotate();
  const gone = freeName(arena) ?? '';
  arena.world.store.setTag(SECRET, 'docdb-rotation:retirement-policy', retirementPolicy);
  return { arena, gone, theirs: takeName(arena, gone, rolesOf(name)) };
};

const grant = (arena: Arena, username: string): void => {
  const { password = '', roles = [] } = arena.world.database.user(username) ?? {};
  arena.world.database.addUser(username, password, [...roles, PAYROLL]);
};

const hasPayroll = (arena: Arena, username: string): boolean =>
  arena.world.database.user(username)?.roles.some(({ db }) => db === PAYROLL.db) === true;

const CASES = PAIRS.flatMap((name) => RETIREMENT_POLICIES.map((policy) => [name, policy] as const));

describe('a password of mine gets no roles that the pair is given later:', () => {
  it.each(CASES)('a revert from my user, and one back to it: %s, %s', async (name, policy) => {
    const { arena, mine } = besideMine(name, ['write', 'start'], policy);
    arena.write(mine);
    await arena.start({ mode: 'revert' });
    expect(arena.world.usernameOf(arena.current())).toBe(arena.user);
    isLeftAlone(arena, mine, rolesOf(name));
    grant(arena, arena.user);
    await arena.start({ mode: 'revert' });
    expect(arena.world.database.accepts(mine) && hasPayroll(arena, mine.username)).toBe(false);
    expect(arena.world.database.user(arena.user)).toBeDefined();
  });

  it.each(PAIRS)('a rotation from my user, and a revert to it: %s', async (name) => {
    const { arena, mine } = besideMine(name, ['write', 'start'], 'keep');
    arena.write(mine);
    expect((await arena.start()).error).toBeUndefined();
    grant(arena, arena.user);
    expect((await arena.start({ mode: 'revert' })).error).toBe('UntrustedVersionError');
    expect(hasPayroll(arena, mine.username)).toBe(false);
  });

  it.each(PAIRS)(
    'the same with a revert to it before the roles are given, and two after: %s',
    async (name) => {
      const { arena, mine } = besideMine(name, ['write', 'start'], 'keep');
      arena.write(mine);
      await arena.start();
      await arena.start({ mode: 'revert' });
      grant(arena, arena.user);
      await arena.start({ mode: 'revert' });
      await arena.start({ mode: 'revert' });
      expect(hasPayroll(arena, mine.username)).toBe(false);
    },
  );

  it.each(PAIRS)('the same with the lock of that revert, and a recovery: %s', async (name) => {
    await atEachMoment(async (moment) => {
      const { arena, mine } = besideMine(name, ['write', 'start'], 'keep');
      arena.write(mine);
      await arena.start();
      await arena.honest.rotate(moment, () => arena.write('none', 'docdb-rotation-owner'), 'revert');
      await arena.honest.recover();
      if (arena.world.usernameOf(arena.current()) !== arena.user) await arena.start({ mode: 'revert' });
      grant(arena, arena.user);
      await arena.start({ mode: 'revert' });
      expect(arena.world.database.accepts(mine) && hasPayroll(arena, mine.username), `${moment}`).toBe(false);
      return arena;
    });
  });
});

describe('one who has the name of a dropped user by now, and the same roles, is left alone:', () => {
  it.each(CASES)('as an AWSPREVIOUS that is gone back to: %s, %s', async (name, policy) => {
    const { arena, theirs } = await afterADrop(name, ['write', 'start'], policy);
    arena.write(theirs, 'AWSPREVIOUS');
    expect((await arena.start({ mode: 'revert' })).error).toBe('UntrustedVersionError');
    isLeftAlone(arena, theirs, rolesOf(name));
    expect(arena.world.logsIn(arena.current())).toBe(true);
  });

  it.each(CASES)('as an AWSCURRENT that is gone back from: %s, %s', async (name, policy) => {
    const { arena, theirs } = await afterADrop(name, ['write'], policy);
    arena.write(theirs);
    const { error } = await arena.honest.rotate(undefined, undefined, 'revert');
    expect(error).toBeUndefined();
    isLeftAlone(arena, theirs, rolesOf(name));
    expect(arena.world.usernameOf(arena.current())).not.toBe(theirs.username);
  });
});

it.each(PAIRS)(
  'write: my own user as AWSCURRENT, a revert, and its lock: a recovery locks no one of the secret’s: %s',
  async (name) => {
    await atEachMoment(async (moment) => {
      const arena = enter(name, ['write']);
      const { database } = arena.world;
      const right = arena.current();
      database.addUser('mallory', arena.ownPassword, LITTLE);
      arena.write(mallory(arena));
      const act = () => arena.write(mallory(arena), ['AWSCURRENT', 'docdb-rotation-owner']);
      await arena.honest.rotate(moment, act, 'revert');
      await arena.honest.recover();
      expect(arena.world.logsIn(right), `${moment}`).toBe(true);
      expect(await recordIn(arena)).not.toContain(`@${right}`);
      return arena;
    });
  },
);

it.each(PAIRS)(
  'write + recover: a user of mine that begins to log in after a revert has left it out: it gets no older password: %s',
  async (name) => {
    await atEachMoment(async (moment) => {
      const arena = enterNew(name, ['write', 'recover'], { admin: true });
      arena.world.store.setTag(SECRET, USER_TAG, arena.user);
      arena.world.store.setTag(SECRET, PROVEN_TAG, arena.current());
      const old = takeName(arena, arena.pairUser);
      const now = { username: old.username, password: newPassword() };
      arena.write(old);
      await arena.recover();
      arena.write(now);
      const act = () => arena.world.database.addUser(now.username, now.password, LITTLE);
      await arena.honest.rotate(moment, act, 'revert');
      if (arena.wasReached) expect(arena.world.database.accepts(now), `${moment}`).toBe(true);
      return arena;
    });
  },
);

it('a new host while the second user is in use: the replaced user is retired, and rotations go on', async () => {
  const arena = enter('admin-clone', ['write'], { retirementPolicy: 'delete' });
  const { database } = arena.world;
  await arena.honest.rotate();
  arena.write({ ...arena.world.credentialOf(arena.current()), host: INSTANCES[0] });
  expect((await arena.honest.rotate()).error).toBeUndefined();
  expect(database.user(arena.pairUser)).toBeUndefined();
  const { password = '', roles = [] } = database.user(arena.user) ?? {};
  database.addUser(arena.user, password, [...roles, PAYROLL], true);
  expect((await arena.honest.rotate()).error).toBeUndefined();
  expect((await arena.honest.rotate(undefined, undefined, 'revert')).error).toBeUndefined();
});

it('a value by hand for such a user is rotated, and the user itself by the next rotation', async () => {
  const { arena, mine } = besideMine('alternating-users', ['write'], 'keep');
  arena.write(mine);
  for (const user of [arena.user, arena.pairUser, arena.user]) {
    expect((await arena.honest.rotate()).error).toBeUndefined();
    expect(arena.world.usernameOf(arena.current())).toBe(user);
  }
  expect(arena.world.database.accepts(mine)).toBe(false);
});
