import { afterAll, describe, expect, it } from 'vitest';
import {
  breakEachCall,
  COMBINATIONS,
  casesSoFar,
  problemsOf,
  type Run,
  refused,
  rotate,
} from '../../support/crash-driver.ts';
import type { Fault } from '../../support/port-calls.ts';

/*
 * The rotation fails for good at the worst moments (the database is changed; AWSCURRENT has moved), and then a call
 * of the compensation breaks too.
 */

/** What ReleaseLock does after the last check; of a pair it looks at the lock first. */
const OF_RELEASE = new Set(['describe', 'setTags', 'moveLabel']);

const DATABASE_CHANGES = new Set(['createUser', 'updateUser', 'dropUser']);

const failsForGood = (call: number): Fault => ({ call, when: 'before', error: refused });

/** Right after the last change of the database, and at the last call of CheckAfter: only the lock is released after it. */
const worstMoments = ({ calls: { recorded } }: Run): number[] => {
  const lastChange = recorded.findLastIndex((method) => DATABASE_CHANGES.has(method));
  const lastCheck = recorded.findLastIndex((method) => !OF_RELEASE.has(method)) + 1;
  return lastChange === -1 ? [lastCheck] : [lastChange + 2, lastCheck];
};

/** A refusal on the compensation is the one thing that it can't mend: then the operators are told. */
const problemsOfCompensation = (run: Run): string[] => {
  if (run.ending.error !== 'RollbackFailed') return problemsOf(run);
  return [...new Set([...run.problems, ...(run.notices === 1 ? [] : ['the operators were not told'])])];
};

afterAll(() => {
  console.info(`crashes on the compensation: ${casesSoFar()} cases`);
});

/** Hundreds of rotations in one test, on a machine that does other things too. */
const TIMEOUT_MS = 120_000;

describe('a rotation that failed, and of whose compensation one call breaks', { timeout: TIMEOUT_MS }, () => {
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
        return problemsOfCompensation(run);
      });
      expect(problems).toEqual([]);
    }
  });
});
