import { afterAll, describe, expect, it } from 'vitest';
import { breakEachCall, COMBINATIONS, casesSoFar, problemsOf, rotate } from '../../support/crash-driver.ts';

afterAll(() => {
  console.info(`crashes on the forward path: ${casesSoFar()} cases`);
});

/** Hundreds of rotations in one test, on a machine that does other things too. */
const TIMEOUT_MS = 120_000;

describe('a rotation of which one call breaks', { timeout: TIMEOUT_MS }, () => {
  it.each(COMBINATIONS)('%s, %s: is rotated or restored', async (name, way) => {
    const clean = await rotate(name, way, []);
    expect(problemsOf(clean)).toEqual([]);
    expect(clean.ending.status).toBe('SUCCEEDED');

    const problems = await breakEachCall(clean.calls.recorded, 1, async (fault, { abort }) =>
      problemsOf(await rotate(name, way, [fault], abort)),
    );
    expect(problems).toEqual([]);
  });
});
