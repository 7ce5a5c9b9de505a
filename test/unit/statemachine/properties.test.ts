import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BREAKAGES } from '../../support/crash-driver.ts';
import { type Fault, PortCalls } from '../../support/port-calls.ts';
import {
  executionArn,
  RecoveryMachine,
  RotationMachine,
  stoppedEvent,
} from '../../support/rotation-machine.ts';
import { inputFor, SCENARIOS, scenario, type Way } from '../../support/rotation-scenarios.ts';
import { type RotationWorld, SECRET } from '../../support/rotation-world.ts';
import { type Ending, ExecutionAbortedError } from '../../support/state-machine.ts';

/*
 * Two executions for one secret, whose port calls take turns in any order, and of which each may break anywhere.
 */

interface Actor {
  readonly input: Record<string, unknown>;
  readonly fault: Fault | undefined;
  readonly stopped: boolean;
  /** How many turns pass before it begins, so that the two meet in any of their states. */
  readonly late: number;
}

const late = fc.integer({ min: 0, max: 80 });

const WAYS_BY_HAND: readonly Way[] = ['on demand', 'as a revert'];

/** What is refused in compensation is left to the operators: no promise holds then, but that they are told. */
const MENDABLE = BREAKAGES.filter(({ name }) => name !== 'is refused');

/** @param breakages how it may break, if it does */
const actor = (breakages: typeof MENDABLE): fc.Arbitrary<Actor> => {
  const breakage = fc.record({ call: fc.integer({ min: 1, max: 90 }), of: fc.constantFrom(...breakages) });
  return fc
    .record({ way: fc.constantFrom(...WAYS_BY_HAND), broken: fc.option(breakage, { nil: undefined }), late })
    .map(({ way, broken, late }) => ({
      late,
      input: inputFor(way, undefined),
      fault: broken && { ...broken.of.fault, call: broken.call },
      stopped: broken?.of.abort ?? false,
    }));
};

const unbroken = fc
  .record({ way: fc.constantFrom(...WAYS_BY_HAND), late })
  .map(
    ({ way, late }): Actor => ({ late, input: inputFor(way, undefined), fault: undefined, stopped: false }),
  );

const place = fc.record({
  name: fc.constantFrom(...Object.keys(SCENARIOS)),
  lag: fc.integer({ min: 0, max: 2 }),
});

const worldOf = ({ name, lag }: { name: string; lag: number }): RotationWorld => {
  const world = scenario(name);
  world.database.lag = lag;
  return world;
};

/** One execution, and if it is stopped the recovery that follows, call by call in its turn. */
const act = async (
  world: RotationWorld,
  name: string,
  { input, fault, stopped, late }: Actor,
  turn: (method: string) => Promise<unknown>,
  problems: string[],
): Promise<Ending> => {
  for (let passed = 0; passed < late; passed += 1) await turn('waits');
  const watch = (): void => void problems.push(...world.momentProblems());
  const calls = new PortCalls({ faults: fault === undefined ? [] : [fault], turn, watch });
  const arn = executionArn(name);
  try {
    return await new RotationMachine(world, { calls, abortOnDeath: stopped }).run(arn, input);
  } catch (error) {
    if (!(error instanceof ExecutionAbortedError)) throw error;
    return await new RecoveryMachine(world, { calls }).run(
      executionArn(name, 'recovery'),
      stoppedEvent(arn, input),
    );
  }
};

/** Nothing that passes is left to the operators. */
const FOR_GOOD = ['RollbackFailed', 'RecoveryFailed'];

const failedForGood = ({ error = '', cause }: Ending): string[] =>
  FOR_GOOD.includes(error) ? [`it ended as ${error}: ${cause}`] : [];

/** No one but an operator takes the lock from a rotation that runs. */
const robbed = ({ error, cause = '' }: Ending): string[] =>
  error === 'RotationSupersededError' ? [`it lost the lock: ${cause}`] : [];

/** Lets both run at once, in the turns of the scheduler, and tells what did not hold. */
const problemsOfBoth = async (
  where: { name: string; lag: number },
  [one, other]: readonly [Actor, Actor],
  scheduler: fc.Scheduler,
): Promise<string[]> => {
  const world = worldOf(where);
  const problems: string[] = [];
  const turn = (name: string) => (method: string) =>
    scheduler.schedule(Promise.resolve(), `${name}: ${method}`);
  const endings = await scheduler.waitFor(
    Promise.all([
      act(world, 'one', one, turn('one'), problems),
      act(world, 'other', other, turn('other'), problems),
    ]),
  );
  problems.push(...endings.flatMap((ending) => [...failedForGood(ending), ...robbed(ending)]));
  problems.push(...endings.flatMap(({ trail }) => world.leaks(trail)));
  return [...new Set([...problems, ...world.endProblems()])];
};

/** Hundreds of rotations in one test, on a machine that does other things too. */
const TIMEOUT_MS = 120_000;

describe('two rotations of one secret', { timeout: TIMEOUT_MS }, () => {
  it('never disturb each other, wherever either of them breaks', async () => {
    const either = actor(MENDABLE.filter(({ abort }) => !abort));
    await fc.assert(
      fc.asyncProperty(place, either, either, fc.scheduler(), async (where, one, other, scheduler) => {
        expect(await problemsOfBoth(where, [one, other], scheduler)).toEqual([]);
      }),
      { numRuns: 150 },
    );
  });

  it('never disturb each other, wherever either of them is stopped and recovered', async () => {
    const either = actor(MENDABLE.filter(({ abort }) => abort));
    await fc.assert(
      fc.asyncProperty(place, either, either, fc.scheduler(), async (where, one, other, scheduler) => {
        expect(await problemsOfBoth(where, [one, other], scheduler)).toEqual([]);
      }),
      { numRuns: 150 },
    );
  });

  it('of which nothing breaks: the one who gets the lock rotates, and the other is told or comes after it', async () => {
    await fc.assert(
      fc.asyncProperty(place, unbroken, unbroken, fc.scheduler(), async (where, one, other, scheduler) => {
        const world = worldOf(where);
        const problems: string[] = [];
        const turn = (name: string) => (method: string) =>
          scheduler.schedule(Promise.resolve(), `${name}: ${method}`);
        const endings = await scheduler.waitFor(
          Promise.all([
            act(world, 'one', one, turn('one'), problems),
            act(world, 'other', other, turn('other'), problems),
          ]),
        );
        const told = ['RotationInProgressError', 'NothingToRevertError'];
        const unforeseen = endings.filter(
          ({ status, error }) => status === 'FAILED' && !told.includes(error ?? ''),
        );
        expect(unforeseen.map(({ error, cause }) => `${error}: ${cause}`)).toEqual([]);
        expect([...new Set([...problems, ...world.endProblems()])]).toEqual([]);
      }),
      { numRuns: 100 },
    );
  });
});

describe('a recovery by hand in the middle of a rotation that runs', { timeout: TIMEOUT_MS }, () => {
  it('stops it, or comes too late, and the promises hold all the time', async () => {
    await fc.assert(
      fc.asyncProperty(place, unbroken, late, fc.scheduler(), async (where, rotation, turns, scheduler) => {
        const world = worldOf(where);
        const problems: string[] = [];
        const watch = (): void => void problems.push(...world.momentProblems());
        const callsOf = (name: string): PortCalls =>
          new PortCalls({
            watch,
            turn: (method) => scheduler.schedule(Promise.resolve(), `${name}: ${method}`),
          });
        const rotating = new RotationMachine(world, { calls: callsOf('rotation') });
        // A step that runs when it is told to stop has ended before the recovery looks.
        const byHand = new RecoveryMachine(world, {
          calls: callsOf('recovery'),
          wait: () => rotating.stepEnded(),
        });
        const recover = async (): Promise<Ending> => {
          for (let passed = 0; passed < turns; passed += 1)
            await scheduler.schedule(Promise.resolve(), 'waits');
          return await byHand.run(executionArn('hand', 'recovery'), { secretId: SECRET });
        };
        const endings = await scheduler.waitFor(
          Promise.all([rotating.run(executionArn('one'), rotation.input), recover()]),
        );
        problems.push(...endings.flatMap(failedForGood), ...world.endProblems());
        expect([...new Set(problems)]).toEqual([]);
      }),
      { numRuns: 150 },
    );
  });
});
