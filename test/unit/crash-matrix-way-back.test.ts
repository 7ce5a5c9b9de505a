import { afterAll, describe, expect, it } from 'vitest';
import {
  breakEachCall,
  COMBINATIONS,
  casesSoFar,
  problemsOf,
  type Run,
  refused,
  rotate,
} from '../helpers/crash-driver.ts';
import type { Fault } from '../helpers/port-calls.ts';

/*
 * The rotation fails for good at the worst moments (the database is changed; AWSCURRENT has moved), and then a call
 * of the way back breaks too.
 */

const DATABASE_CHANGES = new Set(['createUser', 'updateUser', 'dropUser']);

const failsForGood = (call: number): Fault => ({ call, when: 'before', error: refused });

/** Right after the last change of the database, and at the very last call. */
const worstMoments = ({ calls: { recorded } }: Run): number[] => {
  const lastChange = recorded.findLastIndex((method) => DATABASE_CHANGES.has(method));
  return lastChange === -1 ? [recorded.length] : [lastChange + 2, recorded.length];
};

/** A refusal on the way back is the one thing that it can't mend: then the operators are told. */
const problemsOfWayBack = (run: Run): string[] => {
  if (run.ending.error !== 'RollbackFailed') return problemsOf(run);
  return [...new Set([...run.problems, ...(run.notices === 1 ? [] : ['the operators were not told'])])];
};

afterAll(() => {
  console.info(`crashes on the way back: ${casesSoFar()} cases`);
});

/** Hundreds of rotations in one test, on a machine that does other things too. */
const TIMEOUT_MS = 120_000;

describe('a rotation that failed, and of whose way back one call breaks', { timeout: TIMEOUT_MS }, () => {
  it.each(COMBINATIONS)('%s, %s: is restored', async (name, way) => {
    const clean = await rotate(name, way, []);
    for (const moment of worstMoments(clean)) {
      const failed = await rotate(name, way, [failsForGood(moment)]);
      expect(problemsOf(failed)).toEqual([]);
      expect(failed.ending.error).toBe('RolledBack');

      const problems = await breakEachCall(failed.calls.recorded, moment + 1, async (fault, { abort }) => {
        const run = await rotate(name, way, [failsForGood(moment), fault], abort);
        if (run.ending.error === 'RollbackFailed' && fault.error !== refused)
          return [`it ended as RollbackFailed: ${run.ending.cause}`];
        return problemsOfWayBack(run);
      });
      expect(problems).toEqual([]);
    }
  });
});
