import type { HistoryEvent } from '@aws-sdk/client-sfn';
import type { Attempt, Mark, Visit } from '../model.ts';

type Open = { -readonly [K in keyof Visit]: Visit[K] } & {
  attempts: Attempt[];
  variables: Record<string, unknown>;
};

/** The history of an execution as the states that it went through, each with the calls of its task. */
export const visitsOf = (events: readonly HistoryEvent[]): Visit[] => {
  const visits: Open[] = [];
  for (const event of events) {
    // What the emulator still does for an execution that was stopped is no part of it.
    if (event.type === 'ExecutionAborted' || event.type === 'ExecutionTimedOut') {
      stop(visits.at(-1));
      break;
    }
    if (event.stateEnteredEventDetails) visits.push(entered(event));
    const visit = visits.at(-1);
    if (visit) happen(visit, event);
  }
  return visits;
};

const timeOf = ({ timestamp }: HistoryEvent): number => timestamp?.getTime() ?? 0;

const entered = (event: HistoryEvent): Open => ({
  state: event.stateEnteredEventDetails?.name ?? '',
  mark: 'running',
  enteredAt: timeOf(event),
  input: parsed(event.stateEnteredEventDetails?.input),
  variables: {},
  attempts: [],
});

const stop = (visit: Open | undefined): void => {
  if (visit && visit.leftAt === undefined) visit.mark = 'stopped';
};

const happen = (visit: Open, event: HistoryEvent): void => {
  const at = timeOf(event);
  const { taskSucceededEventDetails: succeeded, stateExitedEventDetails: left } = event;
  const failed = event.taskFailedEventDetails ?? event.taskTimedOutEventDetails;
  if (event.type === 'TaskScheduled') {
    visit.attempts.push({ begunAt: at });
    visit.mark = 'running';
  }
  if (succeeded) end(visit, { endedAt: at, output: parsed(succeeded.output) });
  if (failed) {
    end(visit, { endedAt: at, ...given({ error: failed.error, cause: failed.cause }) });
    visit.mark = 'retrying';
  }
  if (left) leave(visit, event);
  if (event.executionFailedEventDetails) fail(visit, event);
};

const end = (visit: Open, how: Partial<Attempt>): void => {
  const last = visit.attempts.pop();
  visit.attempts.push({ begunAt: how.endedAt ?? visit.enteredAt, ...last, ...how });
};

const leave = (visit: Open, event: HistoryEvent): void => {
  const { output, assignedVariables = {} } = event.stateExitedEventDetails ?? {};
  visit.leftAt = timeOf(event);
  visit.output = parsed(output);
  for (const [name, value] of Object.entries(assignedVariables)) visit.variables[name] = parsed(value);
  const { error, cause } = visit.attempts.at(-1) ?? {};
  visit.mark = markOf(error);
  Object.assign(visit, given({ error, cause }));
};

const markOf = (error: string | undefined): Mark => (error === undefined ? 'done' : 'failed');

/** A Fail state is never left. */
const fail = (visit: Open, event: HistoryEvent): void => {
  const { error, cause } = event.executionFailedEventDetails ?? {};
  visit.leftAt = timeOf(event);
  visit.mark = 'failed';
  Object.assign(visit, given({ error, cause }));
};

/** What Step Functions has as a text, as JSON where it is. */
export const parsed = (text: string | undefined): unknown => {
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
};

/** Leaves out what there is none of. */
export const given = <T extends object>(values: T) =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
