import type { HistoryEvent } from '@aws-sdk/client-sfn';
import { describe, expect, it } from 'vitest';
import { findingsIn } from '../../../../statemachine/commands/execution/findings.ts';

const left = (name: string, output: unknown): HistoryEvent => ({
  id: 1,
  timestamp: new Date(0),
  type: 'TaskStateExited',
  stateExitedEventDetails: { name, output: JSON.stringify(output) },
});
const ready = { verdict: 'ready', topic: 'route', step: 'TestSecret', what: 'the database answers' };
const missing = {
  verdict: 'not-ready',
  topic: 'permissions',
  step: 'CreateSecret',
  what: 'it may not write',
  remedy: 'deploy again',
  section: 'secretsmanagerrefusederror',
};

describe('what a check found', () => {
  it('is what the last output of the state Check has: each has those before it', () => {
    const events = [
      left('Check', { findings: [ready] }),
      left('Check', { findings: [ready, missing] }),
      left('ChooseEnd', {}),
    ];
    expect(findingsIn(events)).toMatchObject([
      { verdict: 'ready', topic: 'route', what: 'the database answers', steps: ['TestSecret'] },
      {
        verdict: 'not-ready',
        topic: 'permissions',
        remedy: 'deploy again',
        section: missing.section,
        steps: ['CreateSecret'],
      },
    ]);
  });

  it('is told once, with all that say it', () => {
    const events = [left('Check', { findings: [missing, { ...missing, step: 'FinishSecret' }] })];
    expect(findingsIn(events)).toMatchObject([
      { topic: 'permissions', steps: ['CreateSecret', 'FinishSecret'] },
    ]);
  });

  it('is nothing where no function was asked, or another version says what is not known here', () => {
    expect(findingsIn([])).toEqual([]);
    expect(
      findingsIn([left('Check', { findings: [{ ...ready, verdict: 'splendid' }, 'text', null] })]),
    ).toEqual([]);
    expect(findingsIn([left('Check', 'no object')])).toEqual([]);
  });
});
