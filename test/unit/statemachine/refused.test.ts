import { describe, expect, it } from 'vitest';
import { startsRecovery } from '../../../functions/report-outcome/starts-recovery.ts';
import { definitionOf } from '../../support/definitions.ts';
import { type Ending, StateMachine, TaskError, type Tasks } from '../../support/state-machine.ts';

/*
 * A rotation that ended as Refused has touched no database and has no lock: there is nothing to recover. An error that begins
 * with "States." is that of an execution which Step Functions itself has ended, and the rule starts a recovery for it.
 */

const secretId = 'shop/app';

const fails = (error: string) => async () => {
  throw new TaskError(error, 'no answer');
};

const refusedBy = (error: string): [what: string, input: object, tasks: Tasks][] => [
  [
    'CreateSecret',
    { secretId },
    {
      CreateSecretFunctionArn: fails(error),
      ReleaseLockFunctionArn: async () => ({ outcome: 'released', pendingMoved: true }),
    },
  ],
  ['Verify', { secretId, mode: 'verify' }, { TestSecretFunctionArn: fails(error) }],
];

const endOf = async (input: object, tasks: Tasks): Promise<Ending> => {
  const ending = await new StateMachine(definitionOf('rotation'), tasks).run('arn:of:it', input);
  expect(ending.path.at(-1)).toBe('Refused');
  return ending;
};

describe.each(['States.Timeout', 'States.TaskFailed', 'States.QueryEvaluationError'])(
  'A rotation that is refused since %s came',
  (error) => {
    it.each(refusedBy(error))('of %s does not end as one that was cut off', async (state, input, tasks) => {
      const ending = await endOf(input, tasks);
      expect(ending.error).toBe('Refused');
      expect(ending.cause).toMatch(
        new RegExp(`^${state} failed with ${error}: no answer\\..*#${error.toLowerCase()}$`),
      );
      const ended = { executionArn: 'any', stateMachineArn: 'any', status: 'FAILED' as const, output: {} };
      expect(startsRecovery({ ...ended, error: ending.error, input: { secretId } })).toBe(false);
    });
  },
);

it.each(refusedBy('Lambda.Unknown'))(
  'A rotation that is refused by %s for another error ends with its name',
  async (_state, input, tasks) => {
    expect((await endOf(input, tasks)).error).toBe('Lambda.Unknown');
  },
);
