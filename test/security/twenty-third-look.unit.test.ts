import { describe, expect, it } from 'vitest';
import { SECRET } from '../support/rotation-world.ts';
import type { Arena } from './power/arena.ts';
import { atEachMoment, enter, PAIRS } from './power/enter.ts';
import { grant, holders, rolesNow } from './power/payroll.ts';

/*
 * A twenty-third reviewer's attacks: a revert that fails since the very value that it goes back to was written as AWSCURRENT.
 */

const previousOf = (arena: Arena) =>
  arena.world.credentialOf(arena.world.store.holder(SECRET, 'AWSPREVIOUS') ?? '') ?? { username: '' };

const HOW: Record<string, (arena: Arena) => void> = {
  'as AWSCURRENT': (arena) => void arena.write(previousOf(arena)),
  'as AWSCURRENT, twice': (arena) => {
    const value = previousOf(arena);
    for (const _time of [1, 2]) arena.write(value);
  },
  'with both labels': (arena) => void arena.write(previousOf(arena), ['AWSCURRENT', 'AWSPREVIOUS']),
  'with garbage in AWSPREVIOUS': (arena) => {
    arena.write(previousOf(arena));
    arena.write('none', 'AWSPREVIOUS');
  },
};

const cases = PAIRS.flatMap((name) => Object.keys(HOW).map((how) => [name, how] as const));

describe.each(cases)('a copy of AWSPREVIOUS at each moment of a revert: %s, %s', (name, how) => {
  it('gives no roles to one that was stripped', async () => {
    let rolledBack = 0;
    let goneBack = 0;
    await atEachMoment(async (moment) => {
      const arena = enter(name, ['write'], { retirementPolicy: 'revoke' });
      for (const _turn of [1, 2]) await arena.honest.rotate();
      const { username } = previousOf(arena);
      expect(rolesNow(arena, username)).toEqual([]);
      const inUse = arena.current();
      const { error } = await arena.honest.rotate(moment, () => HOW[how]?.(arena), 'revert');
      if (error === undefined) return arena;
      if (error === 'RolledBack') {
        rolledBack += 1;
        if (arena.current() === inUse) goneBack += 1;
      } else await arena.honest.recover();
      expect(rolesNow(arena, username), `${moment}: ${error}`).toEqual([]);
      expect(arena.world.logsIn(inUse)).toBe(true);
      return arena;
    });
    // Not where it is written before the revert begins, or after compensation's last look.
    expect(goneBack).toBeGreaterThan(rolledBack / 2);
  });

  it('gives no role to one that is kept, which only the one in use has got since', async () => {
    await atEachMoment(async (moment) => {
      const arena = enter(name, ['write'], { retirementPolicy: 'keep' });
      for (const _turn of [1, 2]) await arena.honest.rotate();
      const inUse = arena.world.usernameOf(arena.current()) ?? '';
      grant(arena, inUse);
      const { error } = await arena.honest.rotate(moment, () => HOW[how]?.(arena), 'revert');
      if (error === undefined) return arena;
      if (error !== 'RolledBack') await arena.honest.recover();
      expect(holders(arena), `${moment}: ${error}`).toEqual([inUse]);
      return arena;
    });
  });
});
