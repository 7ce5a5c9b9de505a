import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { describe, expect, it } from 'vitest';
import { CALLS_WITH_EFFECT } from '../../support/crash-driver.ts';
import { definitionOf } from '../../support/definitions.ts';
import { PortCalls } from '../../support/port-calls.ts';
import { executionArn, RotationMachine } from '../../support/rotation-machine.ts';
import { FILLED, RUNS, type Run } from './runs.ts';

/* The page says which Task states may be run alone with a real role. Here each of them is run once more, alone. */

const PAGE = readFileSync(join(import.meta.dirname, '../../../statemachine/STEP-THROUGH.md'), 'utf8');

/** `yes`: changes nothing; `afterwards`: is refused once the execution of its plan has released the lock; `no`. */
const said = new Map(
  [...PAGE.matchAll(/^\| (\w+) \| (\w+) \| (yes|afterwards|no) \|/gm)].map(([, machine, state, verdict]) => [
    `${machine} ${state}`,
    verdict,
  ]),
);

/** A state that was performed in the run, once more when the run is over, as "Test state" runs it. */
const verdictOn = async (name: string, { world, ending }: Run, index: number): Promise<string> => {
  const { state = '', arguments: sent } = ending.performed[index] ?? {};
  const calls = new PortCalls();
  const machine = new RotationMachine(world, { calls, filled: FILLED });
  const before = world.snapshot();
  const resource = definitionOf(name, FILLED).States[state]?.Resource ?? '';
  const error = await machine
    .perform(resource, { ...(sent as object), execution: executionArn('alone') })
    .then(
      () => undefined,
      (reason: Error) => reason.name,
    );
  if (machine.notices.length + machine.retirements.length > 0) return 'no';
  if (error === 'RotationSupersededError') return 'afterwards';
  const isProbe = state === 'Check' && isDeepStrictEqual(world.snapshot(), before);
  // A run that keeps its lock shows nothing of what comes once that is released.
  const isHeld = ending.error === 'RollbackFailed' || ending.error === 'RecoveryFailed';
  return isProbe || isHeld || !calls.recorded.some((call) => CALLS_WITH_EFFECT.has(call)) ? 'yes' : 'no';
};

/** Of each state the worst that any run shows. */
const found = async (name: string): Promise<Record<string, string>> => {
  const verdicts: Record<string, string> = {};
  for (const run of RUNS[name] ?? [])
    for (const [index, { state }] of (await run()).ending.performed.entries()) {
      const both = [await verdictOn(name, await run(), index), verdicts[`${name} ${state}`]];
      verdicts[`${name} ${state}`] = both.includes('no')
        ? 'no'
        : both.includes('afterwards')
          ? 'afterwards'
          : 'yes';
    }
  return verdicts;
};

describe.each(Object.keys(RUNS))('what the page says of the states of the %s', (name) => {
  it('is what they do alone', async () => {
    const told = [...said].filter(([key]) => key.startsWith(`${name} `));
    expect(await found(name)).toEqual(Object.fromEntries(told));
  });
});
