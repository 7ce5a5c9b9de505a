import { afterAll, describe, expect, it } from 'vitest';
import { BREAKAGES, breakEachCall, COMBINATIONS, rotate } from '../../support/crash-driver.ts';
import { type Fault, PortCalls } from '../../support/port-calls.ts';
import {
  executionArn,
  RecoveryMachine,
  RotationMachine,
  stoppedEvent,
} from '../../support/rotation-machine.ts';
import { inputFor, scenario, type Way } from '../../support/rotation-scenarios.ts';
import { ExecutionAbortedError } from '../../support/state-machine.ts';

/*
 * A rotation is stopped anywhere, and someone redrives it in the console: after its recovery, or before that has begun.
 */

const STOPPED = BREAKAGES.filter(({ abort }) => abort);

let cases = 0;
afterAll(() => console.info(`redriven executions: ${cases} cases`));

const redriveAfter = async (name: string, way: Way, fault: Fault, order: Order): Promise<string[]> => {
  cases += 1;
  const world = scenario(name);
  const problems: string[] = [];
  const watch = (): void => void problems.push(...world.momentProblems());
  const machine = new RotationMachine(world, {
    calls: new PortCalls({ faults: [fault], watch }),
    abortOnDeath: true,
  });
  const again = new RotationMachine(world, { calls: new PortCalls({ watch }) });
  const recovery = new RecoveryMachine(world, { calls: new PortCalls({ watch }) });
  const arn = executionArn('one');
  const input = inputFor(way, undefined);
  const stopped = await machine.run(arn, input).then(
    () => undefined,
    (error: unknown) => error,
  );
  if (!(stopped instanceof ExecutionAbortedError)) throw stopped ?? new Error('it was not stopped');
  const steps = {
    recovery: () => recovery.run(executionArn('two', 'recovery'), stoppedEvent(arn, input)),
    redrive: () => again.redrive(stopped),
  };
  const ended: string[] = [];
  for (const step of order) ended.push((await steps[step]()).error ?? 'well');
  const notices = [...again.notices, ...recovery.notices];
  if (notices.length > 0) problems.push(`the operators were told: ${ended.join(', ')}`);
  return [...new Set([...problems, ...world.endProblems(), ...world.leaks(notices)])];
};

type Order = readonly ('recovery' | 'redrive')[];

const ORDERS: readonly [string, Order][] = [
  ['after its recovery', ['recovery', 'redrive']],
  ['before its recovery', ['redrive', 'recovery']],
];

const BY_HAND = COMBINATIONS.filter(([, way]) => way !== 'started by Secrets Manager');

/** Hundreds of rotations in one test, on a machine that does other things too. */
describe.each(ORDERS)('a stopped rotation that is redriven %s', { timeout: 120_000 }, (_when, order) => {
  it.each(BY_HAND)('%s, %s: agrees with the database in the end', async (name, way) => {
    const clean = await rotate(name, way, []);
    const problems = await breakEachCall(
      clean.calls.recorded,
      1,
      (fault) => redriveAfter(name, way, fault, order),
      STOPPED,
    );
    expect(problems).toEqual([]);
  });
});
