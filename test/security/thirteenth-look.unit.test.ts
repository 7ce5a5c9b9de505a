import { describe, expect, it } from 'vitest';
import { STRATEGY_TAG } from '../../functions/contract/tags.ts';
import { READ_WRITE } from '../support/in-memory-database.ts';
import { newPassword, newVersionId } from '../support/in-memory-secret-store.ts';
import { PortCalls } from '../support/port-calls.ts';
import { executionArn, RetirementMachine } from '../support/rotation-machine.ts';
import { SECRET } from '../support/rotation-world.ts';
import { type Arena, EVIL_HOST } from './power/arena.ts';
import { enter, PAIRS, rotateUntilGrace } from './power/enter.ts';
import { LITTLE } from './power/gains.ts';

/*
 * A thirteenth reviewer's attacks: on the names of dropped users, as each reader of the record takes them.
 */

const retireNow = async (input: Record<string, unknown>, arena: Arena, calls = new PortCalls()) =>
  await new RetirementMachine(arena.world, { calls }).run(
    executionArn(arena.nextName(), 'retirement'),
    input,
  );

const jsonOf = (arena: Arena, version: string) =>
  JSON.parse(arena.world.store.valueOf(SECRET, version) ?? '{}');

/** Which of the two a retirement has dropped. */
const freeName = (arena: Arena): string =>
  [arena.user, arena.pairUser].find((name) => arena.world.database.user(name) === undefined) ?? '';

/** Another team gets the name of the user that was dropped, with the roles that every application has here. */
const takeName = (arena: Arena, name: string) => {
  const { database } = arena.world;
  const inUse = database.user(name === arena.user ? arena.pairUser : arena.user);
  database.addUser(name, newPassword(), inUse?.roles ?? READ_WRITE);
  return { ...database.user(name) };
};

describe('how he got in, and does no more:', () => {
  it.each(PAIRS)(
    'write + read: the predecessor’s value in the grace, seen by a recovery, and the right one back: after the drop its name counts still, and who has it now is changed: %s',
    async (name) => {
      const arena = enter(name, ['write', 'read'], { retirementPolicy: 'delete' });
      const old = jsonOf(arena, arena.current());
      const input = await rotateUntilGrace(arena);
      const right = jsonOf(arena, arena.current());
      arena.read();
      arena.write(old);
      expect((await arena.honest.recover()).status).toBe('SUCCEEDED');
      arena.write(right);
      await arena.honest.recover();
      expect((await retireNow(input, arena)).status).toBe('SUCCEEDED');
      const free = freeName(arena);
      expect(free).toBe(old.username);
      const before = takeName(arena, free);
      await arena.honest.rotate();
      expect(arena.world.database.user(free)).toEqual(before);
    },
  );

  it.each(['rotate', 'scheduled'] as const)(
    'write: a pair whose other user was dropped is switched to single-user: a user of that name, whose password I know, is changed by the admin’s power: %s',
    async (act) => {
      const arena = enter('alternating-users', ['write'], { retirementPolicy: 'delete' });
      await arena.honest.rotate();
      await arena.honest.rotate();
      const free = freeName(arena);
      expect(free).not.toBe('');
      arena.world.store.setTag(SECRET, STRATEGY_TAG, 'single-user');
      const password = newPassword();
      arena.world.database.addUser(free, password, LITTLE);
      const before = { ...arena.world.database.user(free) };
      arena.write({ username: free, password });
      await arena.honest[act]();
      expect(arena.world.database.user(free)).toEqual(before);
    },
  );

  it.each(['delete', 'lock', 'revoke'])(
    'write + start: my own user of the dropped predecessor’s name as AWSCURRENT, and a retirement of mine: the secret’s own user is retired: %s',
    async (policy) => {
      const arena = enter('alternating-users', ['write', 'start'], { retirementPolicy: 'delete' });
      await arena.honest.rotate();
      const right = arena.current();
      const own = arena.world.credentialOf(right)?.username ?? '';
      const free = freeName(arena);
      expect(free).not.toBe('');
      const password = newPassword();
      arena.world.database.addUser(free, password, LITTLE);
      const version = arena.write({ username: free, password });
      await arena.retire({
        version,
        predecessor: own,
        policy,
        strategy: 'alternating-users',
      });
      expect(arena.world.database.user(own)?.roles).toEqual(READ_WRITE);
      expect(arena.world.logsIn(right)).toBe(true);
    },
  );

  it.each(PAIRS.flatMap((name) => [1, 2].map((late) => [name, late] as const)))(
    'write: a call in which a retirement records its drop comes late, after a rotation and its retirement: the user that the latter dropped counts again, and who has its name now is changed: %s, call %i',
    async (name, late) => {
      const arena = enter(name, ['write'], { retirementPolicy: 'delete' });
      const { store, database } = arena.world;
      const input = await rotateUntilGrace(arena);
      let before: object | undefined;
      let free = '';
      let writes = 0;
      const calls = new PortCalls({
        turn: async (next) => {
          if (next !== 'setTags' || ++writes !== late) return;
          before = {};
          // The lock is taken from it, and given back.
          const stolen = arena.write('none', 'docdb-rotation-owner');
          await arena.honest.recover();
          expect(store.holder(SECRET, 'docdb-rotation-owner')).not.toBe(stolen);
          expect((await arena.honest.rotate()).status).toBe('SUCCEEDED');
          free = freeName(arena);
          before = takeName(arena, free);
        },
      });
      await retireNow(input, arena, calls);
      expect(free).not.toBe('');
      await arena.honest.recover();
      await arena.honest.rotate();
      expect(database.user(free)).toEqual(before);
    },
  );

  // Declared: a cluster that was restored elsewhere has the passwords of before, and AWSCURRENT is edited so. Each application that reads it asks that host too.
  it.fails.each(['recover', 'rotate', 'scheduled'] as const)(
    'write: my host in AWSCURRENT, of which an operator mends the password alone: my server gets the right one: %s',
    async (act) => {
      const arena = enter('single-user', ['write']);
      const { password } = jsonOf(arena, arena.current());
      arena.write({ password: newPassword(), host: EVIL_HOST });
      const value = JSON.stringify({ ...jsonOf(arena, arena.current()), password });
      arena.world.store.putWithId(SECRET, newVersionId(), value, ['AWSCURRENT']);
      await arena.honest[act]();
      expect(arena.gained()).not.toContain('host');
    },
  );
});
