import { afterAll, describe, expect, it } from 'vitest';
import {
  BREAKAGES,
  breakEachCall,
  CALLS_WITH_EFFECT,
  COMBINATIONS,
  casesSoFar,
  died,
  problemsOf,
  rotate,
} from '../helpers/crash-driver.ts';
import type { Fault } from '../helpers/port-calls.ts';

/*
 * The execution is stopped right after each call that changes something, and then a call of the recovery breaks too.
 * Nobody recovers a recovery, so here nothing is stopped twice, and what is refused is left to the operators.
 */

const MENDABLE = BREAKAGES.filter(({ name, abort }) => !abort && name !== 'is refused');

const stoppedAfter = (call: number): Fault => ({ call, when: 'after', error: died });

afterAll(() => {
  console.info(`crashes of the recovery: ${casesSoFar()} cases`);
});

/** Hundreds of rotations in one test, on a machine that does other things too. */
const TIMEOUT_MS = 120_000;

describe('a rotation that was stopped, and of whose recovery one call breaks', {
  timeout: TIMEOUT_MS,
}, () => {
  it.each(COMBINATIONS)('%s, %s: is recovered', async (name, way) => {
    const clean = await rotate(name, way, []);
    for (const [index, method] of clean.calls.recorded.entries()) {
      if (!CALLS_WITH_EFFECT.has(method)) continue;
      const stop = stoppedAfter(index + 1);
      const stopped = await rotate(name, way, [stop], true);
      expect(problemsOf(stopped)).toEqual([]);

      const problems = await breakEachCall(
        stopped.calls.recorded,
        index + 2,
        async (fault) => problemsOf(await rotate(name, way, [stop, fault], true)),
        MENDABLE,
      );
      expect(problems).toEqual([]);
    }
  });
});
