import { afterAll, describe, expect, it } from 'vitest';
import { BREAKAGES, breakEachCall } from '../../support/crash-driver.ts';
import { ROOT } from '../../support/in-memory-database.ts';
import { newPassword } from '../../support/in-memory-secret-store.ts';
import { type Fault, PortCalls } from '../../support/port-calls.ts';
import {
  executionArn,
  RecoveryMachine,
  RetirementMachine,
  RotationMachine,
  stoppedEvent,
} from '../../support/rotation-machine.ts';
import { RotationWorld, SECRET, type WorldOptions } from '../../support/rotation-world.ts';
import { type Ending, ExecutionAbortedError } from '../../support/state-machine.ts';

/*
 * Every port call of a retirement is broken in every way. AWSCURRENT logs in all the time; the predecessor is either
 * retired as the policy says, or the operators were told that it is not.
 */

const PAIR = { strategy: 'alternating-users', admin: true, username: 'app' } as const;
const CLONE = { strategy: 'admin-clone', username: 'boss', roles: ROOT } as const;
const POLICIES = ['delete', 'revoke', 'lock'] as const;

const CASES = [PAIR, CLONE].flatMap((options) =>
  POLICIES.map((retirementPolicy): [string, string, WorldOptions & { username: string }] => [
    options.strategy,
    retirementPolicy,
    { ...options, retirementPolicy },
  ]),
);

/** A world in which the rotation has just handed its predecessor over. */
const rotated = async (options: WorldOptions): Promise<{ world: RotationWorld; input: unknown }> => {
  const world = new RotationWorld(options);
  const machine = new RotationMachine(world, { calls: new PortCalls() });
  await machine.run(executionArn('one'), { secretId: SECRET });
  const [request] = machine.retirements as { Input: unknown }[];
  return { world, input: request?.Input };
};

let cases = 0;
afterAll(() => console.info(`crashes of the retirement: ${cases} cases`));

const retire = async (
  options: WorldOptions & { username: string },
  faults: readonly Fault[],
  abort = false,
) => {
  cases += 1;
  const { world, input } = await rotated(options);
  const problems: string[] = [];
  const calls = new PortCalls({ faults, watch: () => void problems.push(...world.momentProblems()) });
  const first = new RetirementMachine(world, { calls, abortOnDeath: abort });
  const again = new RetirementMachine(world, { calls });
  const arn = executionArn('one', 'retirement');
  const ending = await first.run(arn, input).catch(async (error: unknown) => {
    if (!(error instanceof ExecutionAbortedError)) throw error;
    // The recovery releases its lock; an operator starts it again with the same input.
    await new RecoveryMachine(world, { calls }).run(
      executionArn('two', 'recovery'),
      stoppedEvent(arn, input),
    );
    return await again.run(executionArn('again', 'retirement'), input);
  });
  const notices = [...first.notices, ...again.notices];
  // What is refused for good is left to the operators.
  const left = calls.wasRefused ? [] : world.endProblems();
  problems.push(...left, ...world.leaks(ending.trail), ...world.leaks(notices));
  problems.push(...predecessorProblems(world, options, ending, notices.length));
  return { calls, problems: [...new Set(problems)] };
};

const predecessorProblems = (
  world: RotationWorld,
  { username, retirementPolicy }: WorldOptions & { username: string },
  { status, error }: Ending,
  notices: number,
): string[] => {
  if (status === 'FAILED')
    return error === 'RetirementFailed' && notices === 1 ? [] : [`it ended as ${error}`];
  const user = world.database.user(username);
  const retired = {
    delete: user === undefined,
    revoke: user?.roles.length === 0,
    lock: user !== undefined && !world.logsIn(world.current),
  };
  return retired[retirementPolicy as keyof typeof retired]
    ? []
    : ['it succeeded, but the predecessor is as it was'];
};

describe('a retirement of which one call breaks', () => {
  it.each(CASES)('%s, %s: is carried out, or told', async (_strategy, _policy, options) => {
    const clean = await retire(options, []);
    expect(clean.problems).toEqual([]);
    const problems = await breakEachCall(
      clean.calls.recorded,
      1,
      async (fault, { abort }) => (await retire(options, [fault], abort)).problems,
      BREAKAGES,
    );
    expect(problems).toEqual([]);
  });

  it('ends as RetirementFailed whether or not the operators can be told', async () => {
    const { world, input } = await rotated(CLONE);
    world.database.addUser('boss_clone', newPassword(), ROOT);
    const machine = new RetirementMachine(world, { calls: new PortCalls(), topicIsGone: true });
    expect(await machine.run(executionArn('one', 'retirement'), input)).toMatchObject({
      error: 'RetirementFailed',
    });
  });
});
