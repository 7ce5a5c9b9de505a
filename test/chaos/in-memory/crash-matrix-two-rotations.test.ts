import { describe, expect, it } from 'vitest';
import { PortCalls } from '../../support/port-calls.ts';
import { Preemption } from '../../support/preemption.ts';
import { SCENARIOS, scenario } from '../../support/rotation-scenarios.ts';
import { type FailingCheck, rotateStepByStep } from '../../support/step-by-step.ts';

/*
 * Two rotations of one secret. The second begins when the first has made some of its calls, is held after some of its
 * own while the first goes on for some more, and then each comes to its end: rotated, or back.
 *
 * It would have found what a property found by chance. AWSPENDING rested on the promoted version, and stayed there as the
 * lock of the compensation. A rotation that had looked before got that lock after AWSCURRENT had left, or in the middle
 * of it: no labelled version logged in any more, or a pair's AWSCURRENT did not.
 */

/** Which check fails in the first, and in the second. */
const FAILING: readonly (readonly [FailingCheck, FailingCheck])[] = [
  [undefined, undefined],
  ['TestSecret', undefined],
  ['CheckAfter', undefined],
  ['CheckAfter', 'CheckAfter'],
];

/**
 * Every place counts until the second has the lock; after that, and for where the first is held, every fourth; for
 * how far the first goes meanwhile, every eighth.
 */
const UNTIL_LOCKED = 7;

/** More than a rotation and its compensation make. */
const ALL_CALLS = 200;

const every = (stride: number, from: number, to: number): number[] =>
  Array.from({ length: Math.max(0, Math.ceil((to - from) / stride)) }, (_, index) => from + index * stride);

/** How many calls it makes when it is alone. */
const lengthOf = async (name: string, failing: FailingCheck): Promise<number> => {
  const calls = new PortCalls();
  await rotateStepByStep(scenario(name), calls, failing);
  return calls.recorded.length;
};

/** @param turns calls of the first, of the second, and of the first again, before the second goes on */
const problemsOf = async (
  name: string,
  [first, second]: readonly [FailingCheck, FailingCheck],
  turns: readonly [number, number, number],
): Promise<string[]> => {
  const world = scenario(name);
  const preemption = new Preemption([
    { actor: 'first', calls: turns[0] },
    { actor: 'second', calls: turns[1] },
    { actor: 'first', calls: turns[2] },
    { actor: 'second', calls: ALL_CALLS },
  ]);
  const problems = new Set<string>();
  const act = async (actor: string, failing: FailingCheck): Promise<void> => {
    const calls = new PortCalls({
      turn: () => preemption.turn(actor),
      watch: () => {
        for (const problem of world.momentProblems()) problems.add(problem);
      },
    });
    await rotateStepByStep(world, calls, failing).catch((error: unknown) => problems.add(String(error)));
    preemption.end(actor);
  };
  await Promise.all([act('first', first), act('second', second)]);
  return [...problems, ...world.endProblems()].map(
    (problem) => `${first} and ${second} fail, after ${turns.join(', ')} calls: ${problem}`,
  );
};

describe('two rotations of one secret, each held at the calls of the other', { timeout: 240_000 }, () => {
  it.each(Object.keys(SCENARIOS))('%s', async (name) => {
    const found: string[] = [];
    for (const failing of FAILING) {
      const [first, second] = [await lengthOf(name, failing[0]), await lengthOf(name, failing[1])];
      const heldAt = [
        ...Array.from({ length: UNTIL_LOCKED }, (_, index) => index + 1),
        ...every(4, UNTIL_LOCKED + 4, second),
      ];
      for (const begun of every(4, 0, first))
        for (const held of heldAt)
          for (const more of every(8, 1, first - begun))
            found.push(...(await problemsOf(name, failing, [begun, held, more])));
    }
    expect(found).toEqual([]);
  });
});
