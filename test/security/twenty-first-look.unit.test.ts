import { describe, expect, it } from 'vitest';
import { SECRET } from '../support/rotation-world.ts';
import { ExecutionAbortedError } from '../support/state-machine.ts';
import type { Arena } from './power/arena.ts';
import { atEachMoment, enter, enterNew, PAIRS } from './power/enter.ts';

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
    LABELS.map((labels) => ({ name, policy, labels })),
  ),
);

const goesOn = async (arena: Arena, moment: number, labels: string[]): Promise<void> => {
  const right = arena.world.credentialOf(arena.current());
  let pending: ReturnType<typeof arena.world.credentialOf>;
  const act = () => {
    pending = arena.world.credentialOf(arena.world.store.holder(SECRET, 'AWSPENDING') ?? '');
    for (const label of labels) arena.write(planted(arena), [label]);
    throw new ExecutionAbortedError();
  };
  await arena.honest.rotate(moment, act);
  await arena.honest.recover();
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
  it.each(cases)('$name, $policy, $labels', async ({ name, policy, labels }) => {
    await atEachMoment(async (moment) => {
      const arena = enter(name, ['write'], { retirementPolicy: policy, admin: true });
      await arena.honest.rotate();
      await arena.honest.rotate();
      await goesOn(arena, moment, labels);
      return arena;
    });
  });

  it.each(cases)('$name, $policy, $labels, the first', async ({ name, policy, labels }) => {
    await atEachMoment(async (moment) => {
      const arena = enterNew(name, ['write'], { retirementPolicy: policy, admin: true });
      await goesOn(arena, moment, labels);
      return arena;
    });
  });
});
