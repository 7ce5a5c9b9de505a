import { describe, expect, it } from 'vitest';
import { Arena } from './power/arena.ts';
import { ATTACKS, type Attack } from './power/attacks.ts';
import { matrix, written } from './power/page.ts';
import { CELLS, RIGHTS, type Want } from './power/rights.ts';
import { theirsOf } from './power/theirs.ts';
import { WORLDS } from './power/worlds.ts';

/**
 * What an attacker may x what they want. Every attack runs in a fresh world of each strategy; what it came to counts for each cell
 * that has the rights it needs. The expected table is in theirs.ts, and in SECURITY.
 */

/** What each attack came to, anywhere. */
const come: { readonly attack: Attack; readonly to: ReadonlySet<Want> }[] = [];

const wantsOf = (attack: Attack): Want[] => theirsOf(attack.needs).flatMap(({ gives }) => gives);

const attempt = async (attack: Attack, world: keyof typeof WORLDS): Promise<Set<Want>> => {
  const options = WORLDS[world];
  if (options === undefined) throw new Error(`there is no world ${world}`);
  const gained = new Set<Want>();
  for (let moment = 1; moment <= (attack.runs ?? 1); moment++) {
    const arena = new Arena(attack.needs, options);
    await attack.run(arena, moment);
    if (attack.runs !== undefined && !arena.wasReached) break;
    for (const want of arena.gained()) gained.add(want);
    expect(
      [...gained].filter((want) => !wantsOf(attack).includes(want)),
      `${world}, moment ${moment}`,
    ).toEqual([]);
  }
  return gained;
};

describe('no one gains power by', () => {
  it.each(ATTACKS)(
    '$name ($needs)',
    async (attack) => {
      const gained = new Set<Want>();
      for (const world of Object.keys(WORLDS))
        for (const want of await attempt(attack, world)) gained.add(want);
      come.push({ attack, to: gained });
    },
    120_000,
  );
});

describe('what was written by hand', () => {
  const rotated = Object.entries(WORLDS).filter(([, { wasRotated }]) => wasRotated);

  it.each(rotated)(
    'twice, so that no label is on what works, a recovery puts right: %s',
    async (_name, options) => {
      const arena = new Arena(['write'], options);
      for (const _time of [1, 2]) arena.write(arena.mine());
      expect(arena.gained()).toEqual(['outage']);
      await arena.honest.recover();
      expect(arena.gained()).toEqual([]);
    },
  );

  // A pair's other user has no AWSPREVIOUS then: see the limits in README.
  const single = rotated.filter(([, { options }]) => options.strategy === 'single-user');
  it.each(single)('and logs in, the next rotation begins with: %s', async (_name, options) => {
    const arena = new Arena(['write'], options);
    const { password = '' } = arena.world.credentialOf(arena.world.current) ?? {};
    arena.write({ password, by: 'hand' });
    expect(await arena.honest.rotate()).toMatchObject({ status: 'SUCCEEDED' });
  });

  it.each(rotated)('with a slip of the pen, a revert puts right: %s', async (_name, options) => {
    const arena = new Arena(['write'], options);
    for (const slip of [{ host: 'mistyped.example' }, { password: 'mistyped' }]) {
      arena.write({ ...arena.world.credentialOf(arena.world.current), ...slip });
      expect(await arena.honest.rotate(undefined, undefined, 'revert')).toMatchObject({
        status: 'SUCCEEDED',
      });
      expect(arena.gained()).toEqual([]);
    }
  });
});

describe('the matrix', () => {
  it('has six rights, alone and in pairs, and for each an attack that needs just these', () => {
    expect(CELLS).toHaveLength(21);
    for (const right of RIGHTS)
      expect(
        ATTACKS.some(({ needs }) => needs.join() === right),
        right,
      ).toBe(true);
    expect(come).toHaveLength(ATTACKS.length);
  });

  it.each(CELLS.map((cell) => ({ cell, name: cell.join(' and ') })))('who may $name', ({ cell }) => {
    const attacks = come.filter(({ attack }) => attack.needs.every((right) => cell.includes(right)));
    expect(attacks.length).toBeGreaterThan(0);
    const gained = new Set(attacks.flatMap(({ to }) => [...to]));
    const theirs = new Set(theirsOf(cell).flatMap(({ gives }) => gives));
    // Both ways: what is said to be theirs anyway was shown, too.
    expect([...gained].sort()).toEqual([...theirs].sort());
  });

  it('is what SECURITY says', () => {
    expect(written()).toBe(matrix());
  });
});
