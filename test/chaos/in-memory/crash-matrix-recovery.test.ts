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
} from '../../support/crash-driver.ts';
import { CLUSTER_IDENTIFIER } from '../../support/in-memory-clusters.ts';
import { ROOT } from '../../support/in-memory-database.ts';
import { newPassword } from '../../support/in-memory-secret-store.ts';
import { type Fault, PortCalls } from '../../support/port-calls.ts';
import { executionArn, RecoveryMachine } from '../../support/rotation-machine.ts';
import { RotationWorld, SECRET } from '../../support/rotation-world.ts';

/*
 * The execution is stopped right after each call that changes something, and then a call of the recovery breaks too.
 * No one recovers a recovery, so here nothing is stopped twice, and what is refused is left to the operators.
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

/** An operator starts it, and one call of it breaks. */
const recoverByHand = async (world: RotationWorld, faults: readonly Fault[], more: object = {}) => {
  const calls = new PortCalls({ faults });
  const input = { secretId: SECRET, ...more };
  const ending = await new RecoveryMachine(world, { calls }).run(executionArn('one', 'recovery'), input);
  const problems = [
    ...(ending.status === 'FAILED' ? [`it ended as ${ending.error}: ${ending.cause}`] : []),
    ...world.endProblems(),
    ...world.leaks(ending.trail),
  ];
  return { calls, problems };
};

const recoverPromoted = async (faults: readonly Fault[]) => {
  const world = new RotationWorld({
    username: 'boss',
    roles: ROOT,
    previous: { username: 'boss', state: 'locked' },
    pendingOnCurrent: true,
  });
  world.database.addUser('boss', world.credentialOf(world.previous ?? '')?.password ?? '', ROOT);
  const { calls, problems } = await recoverByHand(world, faults);
  if (world.store.holder(SECRET, 'AWSCURRENT') !== world.previous) {
    problems.push('AWSCURRENT is not what logs in');
  }
  return { calls, problems };
};

describe('a recovery of an AWSCURRENT that has AWSPENDING too and does not log in, of which one call breaks', () => {
  it('makes AWSPREVIOUS AWSCURRENT, and leaves no lock', { timeout: TIMEOUT_MS }, async () => {
    const clean = await recoverPromoted([]);
    expect(clean.problems).toEqual([]);
    const problems = await breakEachCall(
      clean.calls.recorded,
      1,
      async (fault) => (await recoverPromoted([fault])).problems,
      MENDABLE,
    );
    expect(problems).toEqual([]);
  });
});

/** An operator asks for it; no one recovers it. An API that is away, or refuses, for good ends it: the operators are told. */
const PASSING = MENDABLE.filter(({ name }) => name !== 'fails for longer');

const breakGlass = async (faults: readonly Fault[]) => {
  const world = new RotationWorld({ username: 'dbadmin', roles: ROOT, cluster: CLUSTER_IDENTIFIER });
  world.database.addUser('dbadmin', newPassword(), ROOT, true);
  const { calls, problems } = await recoverByHand(world, faults, { resetThroughCluster: true });
  return { calls, problems: [...problems, ...world.restoredProblems()] };
};

describe('a reset of the primary user through its cluster, of which one call breaks', () => {
  it('is done all the same', { timeout: TIMEOUT_MS }, async () => {
    const clean = await breakGlass([]);
    expect(clean.problems).toEqual([]);
    expect(clean.calls.recorded).toContain('askForPassword');
    const problems = await breakEachCall(
      clean.calls.recorded,
      1,
      async (fault) => (await breakGlass([fault])).problems,
      PASSING,
    );
    expect(problems).toEqual([]);
  });
});
