import type { HistoryEvent } from '@aws-sdk/client-sfn';

/** A state that an execution entered. */
export interface PassedState {
  readonly name: string;
  readonly entered: Date;
  /** Undefined while it is in it, and for the state in which the execution ended by force. */
  readonly left: Date | undefined;
  /** How often its call has failed so far. */
  readonly failures: number;
  /** Of the last failed call. None once a retry has succeeded. */
  readonly error: string | undefined;
}

/**
 * A function that fails is called LambdaFunction… in the history of Step Functions, a call of a service Task…
 * https://docs.aws.amazon.com/step-functions/latest/apireference/API_HistoryEvent.html
 */
const failureOf = (event: HistoryEvent): { error?: string | undefined } | undefined =>
  event.taskFailedEventDetails ??
  event.taskTimedOutEventDetails ??
  event.taskSubmitFailedEventDetails ??
  event.taskStartFailedEventDetails ??
  event.lambdaFunctionFailedEventDetails ??
  event.lambdaFunctionTimedOutEventDetails ??
  event.lambdaFunctionScheduleFailedEventDetails ??
  event.lambdaFunctionStartFailedEventDetails;

const succeeded = (event: HistoryEvent): boolean =>
  event.type === 'LambdaFunctionSucceeded' || event.type === 'TaskSucceeded';

/** The states of an execution by its history, in their order. */
export const passedStates = (events: readonly HistoryEvent[]): PassedState[] => {
  const states: PassedState[] = [];
  const change = (how: (state: PassedState) => Partial<PassedState>): void => {
    const last = states.pop();
    if (last !== undefined) states.push({ ...last, ...how(last) });
  };
  for (const event of events) {
    const at = event.timestamp ?? new Date(0);
    const failure = failureOf(event);
    if (event.stateEnteredEventDetails?.name !== undefined) {
      states.push({
        name: event.stateEnteredEventDetails.name,
        entered: at,
        left: undefined,
        failures: 0,
        error: undefined,
      });
    } else if (failure !== undefined) {
      change(({ failures }) => ({ failures: failures + 1, error: failure.error ?? 'States.TaskFailed' }));
    } else if (succeeded(event)) change(() => ({ error: undefined }));
    else if (event.stateExitedEventDetails !== undefined) change(() => ({ left: at }));
  }
  return endedBy(states, events);
};

/** A Fail state is entered and never left, and its error is that of the execution. */
const endedBy = (states: PassedState[], events: readonly HistoryEvent[]): PassedState[] => {
  const last = events.at(-1);
  const [open] = states.slice(-1);
  if (open === undefined || open.left !== undefined || last?.type !== 'ExecutionFailed') return states;
  const error = last.executionFailedEventDetails?.error;
  return [
    ...states.slice(0, -1),
    { ...open, left: last.timestamp ?? open.entered, error: error ?? open.error },
  ];
};
