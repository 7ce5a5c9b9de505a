import { describe, expect, it } from 'vitest';
import { USER_TAG } from '../../functions/contract/tags.ts';
import { markerOf } from '../../functions/secret/marker.ts';
import { newPassword } from '../support/in-memory-secret-store.ts';
import { PortCalls } from '../support/port-calls.ts';
import { executionArn, RecoveryMachine, RetirementMachine } from '../support/rotation-machine.ts';
import { SECRET } from '../support/rotation-world.ts';
import { atEachMoment, enter, enterNew, PAIRS, recordIn, rotateUntilGrace } from './power/enter.ts';
import { LITTLE } from './power/gains.ts';

/*
 * An eleventh reviewer's attacks: on what a recovery takes for unfinished, and on which version it goes back to.
 */

const OWNER = 'docdb-rotation-owner';

/** A pair that was never rotated, and someone else's user of the other one's name, whose password I know. */
const besideOthersClone = (name: string, named: boolean) => {
  const arena = enterNew(name, ['write']);
  const { database, store } = arena.world;
  if (named) store.setTag(SECRET, USER_TAG, arena.user);
  const theirs = { username: arena.pairUser, password: newPassword() };
  database.addUser(theirs.username, theirs.password, LITTLE);
  return { arena, theirs };
};

describe('how he got in, and does no more:', () => {
  it.each(PAIRS.flatMap((name) => [false, true].map((named) => [name, named] as const)))(
    'write: AWSPREVIOUS for someone else’s clone, whose password I know, and the lock, in an honest revert that would be refused: the recovery locks that user: %s, named: %s',
    async (name, named) => {
      await atEachMoment(async (moment) => {
        const { arena, theirs } = besideOthersClone(name, named);
        arena.write(theirs, 'AWSPREVIOUS');
        await arena.honest.rotate(moment, () => arena.write('none', OWNER), 'revert');
        await arena.honest.recover();
        expect(arena.world.database.accepts(theirs)).toBe(true);
        return arena;
      });
    },
  );

  it.each(PAIRS)('write: the same with a value that a recovery saw log in: %s', async (name) => {
    await atEachMoment(async (moment) => {
      const { arena, theirs } = besideOthersClone(name, true);
      const right = arena.current();
      const planted = arena.write(theirs);
      await arena.honest.recover();
      expect(await recordIn(arena)).toContain(planted);
      arena.honest.putBack(right);
      await arena.honest.rotate(moment, () => arena.write('none', OWNER), 'revert');
      await arena.honest.recover();
      expect(arena.world.database.accepts(theirs)).toBe(true);
      return arena;
    });
  });

  it.each(PAIRS)(
    'write: a marker with AWSCURRENT and the lock, in the grace, names the replaced version: the recovery goes back to it, and supersedes the retirement: %s',
    async (name) => {
      const arena = enter(name, ['write'], { retirementPolicy: 'lock' });
      const old = arena.current();
      await rotateUntilGrace(arena);
      const promoted = arena.current();
      arena.write(markerOf(executionArn('none'), [old]), ['AWSCURRENT', OWNER]);
      await arena.honest.recover();
      expect(arena.current()).toBe(promoted);
    },
  );

  it.each(PAIRS)(
    'write + read: and the present value as AWSCURRENT again: the replaced user keeps the password that I read, and no one is told: %s',
    async (name) => {
      const arena = enter(name, ['write', 'read'], { retirementPolicy: 'lock' });
      const old = arena.current();
      const known = arena.read().find(({ username }) => username === arena.world.credentialOf(old)?.username);
      const input = await rotateUntilGrace(arena);
      const now = JSON.parse(arena.world.store.valueOf(SECRET, arena.current()) ?? '');
      arena.read();
      arena.write(markerOf(executionArn('none'), [old]), ['AWSCURRENT', OWNER]);
      const recovery = new RecoveryMachine(arena.world, { calls: new PortCalls() });
      await recovery.run(executionArn(arena.nextName(), 'recovery'), { secretId: SECRET });
      const retirement = new RetirementMachine(arena.world, { calls: new PortCalls() });
      await retirement.run(executionArn(arena.nextName(), 'retirement'), input);
      arena.write(now);
      expect(arena.world.logsIn(arena.current())).toBe(true);
      const told = [...recovery.notices, ...retirement.notices];
      expect(told.length > 0 || !(known && arena.world.database.accepts(known))).toBe(true);
    },
  );
});

/* What did not get in. */
describe('kept out:', () => {
  it.each(PAIRS)(
    'write: someone else’s clone, whose password I know, as AWSCURRENT of the first rotation (`@@`), and the lock, twice: %s',
    async (name) => {
      await atEachMoment(async (moment) => {
        const { arena, theirs } = besideOthersClone(name, true);
        const right = arena.current();
        const steal = () => arena.write('none', ['AWSCURRENT', OWNER]);
        arena.write(theirs);
        await arena.honest.rotate(moment, steal);
        await arena.honest.recover();
        arena.honest.putBack(right);
        await arena.honest.recover();
        await arena.honest.rotate(moment, steal);
        await arena.honest.recover();
        expect(arena.world.database.accepts(theirs)).toBe(true);
        expect(arena.world.database.user(theirs.username)?.roles).toEqual(LITTLE);
        expect(arena.world.logsIn(right)).toBe(true);
        return arena;
      });
    },
  );

  it.each(PAIRS)(
    'write: a marker with the lock that names what the first rotation began with, once it has ended: %s',
    async (name) => {
      const arena = enterNew(name, ['write'], { retirementPolicy: 'lock' });
      const old = arena.current();
      const mine = arena.world.credentialOf(old);
      await arena.honest.rotate();
      const promoted = arena.current();
      arena.write(markerOf(executionArn('none'), [old]), ['AWSCURRENT', OWNER]);
      await arena.honest.recover();
      expect(arena.current()).toBe(promoted);
      expect(mine && arena.world.database.accepts(mine)).toBe(false);
    },
  );
});
