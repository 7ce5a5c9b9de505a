import { describe, expect, it } from 'vitest';
import { refused } from '../helpers/crash-driver.ts';
import { ROOT } from '../helpers/in-memory-database.ts';
import { PortCalls } from '../helpers/port-calls.ts';
import { executionArn, RotationMachine } from '../helpers/rotation-machine.ts';
import { set } from '../helpers/rotation-steps.ts';
import { RotationWorld, SECRET } from '../helpers/rotation-world.ts';
import type { Ending } from '../helpers/state-machine.ts';

/*
 * Lambda makes a function inactive that was idle for weeks, and refuses its next invocation while it makes it ready
 * again. So a rotation once a month meets that at every function, and the way back always did: before the machine knew
 * this error, it ended as RollbackFailed. https://docs.aws.amazon.com/lambda/latest/dg/functions-states.html
 */

/** It took 40 to 106 seconds, within two retries: the third is allowed to fail too. */
const REFUSALS = 3;

interface Story {
  readonly world: () => RotationWorld;
  readonly input?: unknown;
  /** Whether the last of the calls that it makes is refused by its service, so that it has to go back. */
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

const play = async (story: Story, world: RotationWorld, isRefused: (invocation: number) => boolean) => {
  const clean = new PortCalls();
  if (story.failsAtItsEnd) {
    const rehearsal = new RotationMachine(story.world(), { calls: clean });
    await rehearsal.run(executionArn('one'), story.input ?? { secretId: SECRET });
  }
  const fault = { call: clean.recorded.length, when: 'before', error: refused } as const;
  const calls = new PortCalls(story.failsAtItsEnd ? { faults: [fault] } : {});
  const machine = new RotationMachine(world, { calls, isRefused });
  const ending = await machine.run(executionArn('one'), story.input ?? { secretId: SECRET });
  return { ending, machine };
};

const everyInvocationOf = async (story: Story, worldOf: () => Promise<RotationWorld>): Promise<void> => {
  const { machine } = await play(story, await worldOf(), () => false);
  const invocations = machine.invocations;
  expect(invocations).toBeGreaterThan(0);
  for (let first = 1; first <= invocations; first++) {
    const world = await worldOf();
    const { ending, machine: late } = await play(
      story,
      world,
      (invocation) => invocation >= first && invocation < first + REFUSALS,
    );
    expect(ending, `invocation ${first}: ${ending.cause}`).toMatchObject(story.ends);
    expect(late.notices).toEqual([]);
    expect(world.endProblems()).toEqual([]);
  }
};

describe('Whichever function is not ready,', () => {
  it.each<[string, Story]>([
    ['a rotation of a single user', { world: boss, ends: { status: 'SUCCEEDED' } }],
    ['a rotation of a pair', { world: pair, ends: { status: 'SUCCEEDED' } }],
    ['the way back of a single user', { world: boss, failsAtItsEnd: true, ends: { error: 'RolledBack' } }],
    ['the way back of a pair', { world: pair, failsAtItsEnd: true, ends: { error: 'RolledBack' } }],
    [
      'a verification',
      { world: boss, input: { secretId: SECRET, mode: 'verify' }, ends: { status: 'SUCCEEDED' } },
    ],
  ])('%s comes to its end', async (_what, story) => {
    await everyInvocationOf(story, async () => story.world());
  });

  it('a recovery comes to its end', async () => {
    const input = { secretId: SECRET, mode: 'recover' };
    await everyInvocationOf({ world: boss, input, ends: { status: 'SUCCEEDED' } }, stopped);
  });
});
