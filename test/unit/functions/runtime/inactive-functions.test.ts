import { describe, expect, it } from 'vitest';
import { refused } from '../../../support/crash-driver.ts';
import { ROOT } from '../../../support/in-memory-database.ts';
import { type Fault, PortCalls } from '../../../support/port-calls.ts';
import { executionArn, RecoveryMachine, RotationMachine } from '../../../support/rotation-machine.ts';
import { set } from '../../../support/rotation-steps.ts';
import { RotationWorld, SECRET } from '../../../support/rotation-world.ts';
import type { Ending } from '../../../support/state-machine.ts';

/*
 * Lambda makes a function inactive that was idle for weeks, and refuses its next invocation while it makes it ready
 * again. So a rotation once a month meets that at every function, and compensation always did: before the machine knew
 * this error, it ended as RollbackFailed. https://docs.aws.amazon.com/lambda/latest/dg/functions-states.html
 */

/** It took 40 to 106 seconds, within two retries: the third is allowed to fail too. */
const REFUSALS = 3;

interface Story {
  readonly world: () => RotationWorld | Promise<RotationWorld>;
  readonly mode?: string;
  /** Whether it is a recovery by hand. */
  readonly recovers?: boolean;
  /** Whether the last login that it makes is refused for good, so that it has to be compensated. */
  readonly failsAtItsEnd?: boolean;
  readonly ends: Partial<Ending>;
}

const boss = () => new RotationWorld({ username: 'boss', roles: ROOT });
const pair = () => new RotationWorld({ strategy: 'alternating-users', admin: true });
const stopped = async (): Promise<RotationWorld> => {
  const world = boss();
  await set(world);
  return world;
};

interface Circumstances {
  readonly faults?: readonly Fault[];
  readonly isRefused?: (invocation: number) => boolean;
}

const play = async (
  { world: worldOf, mode, recovers = false }: Story,
  { faults = [], isRefused }: Circumstances,
) => {
  const world = await worldOf();
  const calls = new PortCalls({ faults });
  const Machine = recovers ? RecoveryMachine : RotationMachine;
  const machine = new Machine(world, { calls, ...(isRefused ? { isRefused } : {}) });
  const input = { secretId: SECRET, ...(mode === undefined ? {} : { mode }) };
  const ending = await machine.run(executionArn('one'), input);
  return { world, calls, machine, ending };
};

const faultsOf = async (story: Story): Promise<Fault[]> => {
  if (!story.failsAtItsEnd) return [];
  const { calls } = await play(story, {});
  return [{ call: calls.recorded.lastIndexOf('login') + 1, when: 'before', error: refused }];
};

describe('Whichever function is not ready,', () => {
  it.each<[string, Story]>([
    ['a rotation of a single user', { world: boss, ends: { status: 'SUCCEEDED' } }],
    ['a rotation of a pair', { world: pair, ends: { status: 'SUCCEEDED' } }],
    [
      'the compensation of a single user',
      { world: boss, failsAtItsEnd: true, ends: { error: 'RolledBack' } },
    ],
    ['the compensation of a pair', { world: pair, failsAtItsEnd: true, ends: { error: 'RolledBack' } }],
    ['a verification', { world: boss, mode: 'verify', ends: { status: 'SUCCEEDED' } }],
    ['a check', { world: boss, mode: 'check', ends: { status: 'SUCCEEDED' } }],
    ['a recovery', { world: stopped, recovers: true, ends: { status: 'SUCCEEDED' } }],
  ])('%s comes to its end', async (_what, story) => {
    const faults = await faultsOf(story);
    const { invocations } = (await play(story, { faults })).machine;
    expect(invocations).toBeGreaterThan(0);
    for (let first = 1; first <= invocations; first++) {
      const isRefused = (invocation: number) => invocation >= first && invocation < first + REFUSALS;
      const { ending, machine, world } = await play(story, { faults, isRefused });
      expect(ending, `invocation ${first}: ${ending.cause}`).toMatchObject(story.ends);
      expect(machine.notices).toEqual([]);
      expect(world.endProblems()).toEqual([]);
    }
  });
});

// It asks one function after the other, and each answer is kept.
it('A check comes to its end though Lambda fails in between', async () => {
  const machine = new RotationMachine(boss(), {
    calls: new PortCalls(),
    isRefused: (invocation) => invocation % 2 === 1,
    refusal: 'Lambda.ServiceException',
  });
  const ending = await machine.run(executionArn('one'), { secretId: SECRET, mode: 'check' });
  expect(ending, ending.cause).toMatchObject({ status: 'SUCCEEDED' });
  expect(machine.invocations).toBe(14);
});
