import type { HistoryEvent } from '@aws-sdk/client-sfn';
import { describe, expect, it } from 'vitest';
import { visitsOf } from './course.ts';

let id = 0;
const event = (type: HistoryEvent['type'], details: Partial<HistoryEvent> = {}): HistoryEvent => ({
  id: ++id,
  timestamp: new Date(id * 1000),
  type,
  ...details,
});
const entered = (name: string) =>
  event('TaskStateEntered', { stateEnteredEventDetails: { name, input: '{"secret": "demo/app"}' } });
const left = (name: string) =>
  event('TaskStateExited', {
    stateExitedEventDetails: { name, output: '{}', assignedVariables: { failed: 'true' } },
  });
const called = () => event('TaskScheduled');
const succeeded = () =>
  event('TaskSucceeded', {
    taskSucceededEventDetails: { output: '1', resource: 'f', resourceType: 'lambda' },
  });
const failed = (error: string) =>
  event('TaskFailed', {
    taskFailedEventDetails: { error, cause: 'it says', resource: 'f', resourceType: 'lambda' },
  });

describe('a history', () => {
  it('is told state by state, with what went in, was assigned and came out', () => {
    const [visit] = visitsOf([entered('SetSecret'), called(), succeeded(), left('SetSecret')]);
    expect(visit).toMatchObject({
      state: 'SetSecret',
      mark: 'done',
      input: { secret: 'demo/app' },
      variables: { failed: true },
      output: {},
      attempts: [{ output: 1 }],
    });
  });

  it('keeps each retry of a task', () => {
    const events = [entered('SetSecret'), called(), failed('DatabaseUnavailableError')];
    expect(visitsOf(events)[0]).toMatchObject({ mark: 'retrying' });
    const [visit] = visitsOf([...events, called(), succeeded(), left('SetSecret')]);
    expect(visit?.mark).toBe('done');
    expect(visit?.attempts.map(({ error }) => error)).toEqual(['DatabaseUnavailableError', undefined]);
  });

  it('fails a state whose last call failed, though its error was caught', () => {
    const [visit] = visitsOf([
      entered('SetSecret'),
      called(),
      failed('ChangeRefusedError'),
      left('SetSecret'),
    ]);
    expect(visit).toMatchObject({ mark: 'failed', error: 'ChangeRefusedError', cause: 'it says' });
  });

  it('ends where the execution was stopped, whatever the emulator still does', () => {
    const visits = visitsOf([entered('SetSecret'), called(), event('ExecutionAborted'), left('SetSecret')]);
    expect(visits.map(({ mark }) => mark)).toEqual(['stopped']);
  });
});
