import type { HistoryEvent } from '@aws-sdk/client-sfn';
import { describe, expect, it } from 'vitest';
import { passedStates } from '../../../../statemachine/commands/execution/passed-states.ts';

const at = (second: number): Date => new Date(Date.UTC(2026, 0, 1, 0, 0, second));
const event = (
  second: number,
  type: HistoryEvent['type'],
  more: Partial<HistoryEvent> = {},
): HistoryEvent => ({
  id: second,
  timestamp: at(second),
  type,
  ...more,
});
const entered = (second: number, name: string) =>
  event(second, 'TaskStateEntered', { stateEnteredEventDetails: { name } });
const left = (second: number, name: string) =>
  event(second, 'TaskStateExited', { stateExitedEventDetails: { name } });
const failed = { error: 'DatabaseUnavailableError', cause: '{}', resourceType: 'sns', resource: 'publish' };

describe('the states that an execution has passed', () => {
  it.each<[string, HistoryEvent]>([
    [
      'a function, as Step Functions writes it',
      event(2, 'LambdaFunctionFailed', { lambdaFunctionFailedEventDetails: failed }),
    ],
    [
      'a function that took too long',
      event(2, 'LambdaFunctionTimedOut', { lambdaFunctionTimedOutEventDetails: failed }),
    ],
    [
      'a function that could not be called',
      event(2, 'LambdaFunctionScheduleFailed', { lambdaFunctionScheduleFailedEventDetails: failed }),
    ],
    ['a call of a service', event(2, 'TaskFailed', { taskFailedEventDetails: failed })],
  ])('have the error of %s', (_what, failure) => {
    const states = passedStates([
      entered(1, 'SetSecret'),
      failure,
      left(3, 'SetSecret'),
      entered(3, 'ChooseCompensation'),
    ]);
    expect(states).toEqual([
      { name: 'SetSecret', entered: at(1), left: at(3), failures: 1, error: 'DatabaseUnavailableError' },
      { name: 'ChooseCompensation', entered: at(3), left: undefined, failures: 0, error: undefined },
    ]);
  });

  it('count attempts, and have no error once one succeeded', () => {
    const [state] = passedStates([
      entered(1, 'SetSecret'),
      event(2, 'LambdaFunctionFailed', { lambdaFunctionFailedEventDetails: failed }),
      event(3, 'LambdaFunctionFailed', { lambdaFunctionFailedEventDetails: failed }),
      event(4, 'LambdaFunctionSucceeded'),
      left(4, 'SetSecret'),
    ]);
    expect(state).toMatchObject({ failures: 2, error: undefined, left: at(4) });
  });

  it('end with the one that is never left', () => {
    const states = passedStates([
      entered(1, 'RolledBack'),
      event(2, 'ExecutionFailed', { executionFailedEventDetails: { error: 'RolledBack' } }),
    ]);
    expect(states).toEqual([
      { name: 'RolledBack', entered: at(1), left: at(2), failures: 0, error: 'RolledBack' },
    ]);
  });

  it('are open where the execution was aborted', () => {
    expect(passedStates([entered(1, 'SetSecret'), event(2, 'ExecutionAborted')])).toMatchObject([
      { left: undefined },
    ]);
  });
});
