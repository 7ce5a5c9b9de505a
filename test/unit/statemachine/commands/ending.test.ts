import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import * as errors from '../../../../functions/contract/errors.ts';
import type { Execution } from '../../../../statemachine/commands/aws/executions.ts';
import { endingOf } from '../../../../statemachine/commands/execution/ending.ts';
import { runbookSectionAt, terminalBlocks } from '../../../../statemachine/commands/execution/runbook.ts';

const RUNBOOK = readFileSync(join(import.meta.dirname, '../../../../statemachine/RUNBOOK.md'), 'utf8');

const execution = (more: Partial<Execution>): Execution => ({
  arn: 'arn:aws:states:eu-central-1:111122223333:execution:rotation:my-app',
  name: 'my-app',
  machine: 'rotation',
  machineArn: 'arn:aws:states:eu-central-1:111122223333:stateMachine:rotation',
  status: 'SUCCEEDED',
  started: new Date(0),
  stopped: new Date(1000),
  input: { secretId: 'my/app' },
  output: {},
  error: undefined,
  cause: undefined,
  ...more,
});

const failed = (error: string, more: Partial<Execution> = {}): Execution =>
  execution({
    status: 'FAILED',
    error,
    cause: `SetSecret failed with ${error}: it did. See RUNBOOK.md#x`,
    ...more,
  });

describe('how an execution ended', () => {
  it.each<[string, Execution, string, number]>([
    [
      'a rotation',
      execution({ output: { outcome: 'rotated', version: 'v2', user: 'app', instances: 2 } }),
      'Rotated',
      0,
    ],
    [
      'a verification',
      execution({ output: { outcome: 'verified', user: 'app', instances: 2 } }),
      'Verified',
      0,
    ],
    ['a check', execution({ output: { outcome: 'checked', findings: [] } }), 'Checked', 0],
    ['a revert', execution({ output: { outcome: 'reverted', version: 'v1' } }), 'Reverted', 0],
    [
      'a recovery',
      execution({ machine: 'recovery', output: { recovery: 'recovered', kept: 'v1' } }),
      'Recovered',
      0,
    ],
    ['a recovery of nothing', execution({ machine: 'recovery' }), 'NothingToRecover', 0],
    ['a compensated rotation', failed('RolledBack'), 'RolledBack', 3],
    ['a refusal', failed('InvalidSecretError'), 'Refused', 3],
    ['a compensation that failed', failed('RollbackFailed'), 'RollbackFailed', 4],
    ['a recovery that failed', failed('RecoveryFailed', { machine: 'recovery' }), 'RecoveryFailed', 4],
    ['a lost lock', failed('RotationSupersededError'), 'Superseded', 4],
    ['an abort', execution({ status: 'ABORTED' }), 'CutOff', 4],
    [
      'a stopped verification',
      execution({ status: 'ABORTED', input: { secretId: 'my/app', mode: 'verify' } }),
      'Stopped',
      3,
    ],
    [
      'a verification that shows that AWSCURRENT may not log in',
      failed('CredentialNotPropagatedError', { input: { secretId: 'my/app', mode: 'verify' } }),
      'Refused',
      4,
    ],
    [
      'a verification of another version',
      failed('CredentialNotPropagatedError', { input: { secretId: 'my/app', mode: 'verify', token: 't' } }),
      'Refused',
      3,
    ],
    ['a time-out', execution({ status: 'TIMED_OUT' }), 'TimedOut', 4],
    ['an error of Step Functions', failed('States.Runtime'), 'CutOff', 4],
    [
      'a retirement that failed',
      failed('RetirementFailed', { machine: 'retirement' }),
      'RetirementFailed',
      3,
    ],
  ])('%s', (_what, ended, outcome, exitCode) => {
    const ending = endingOf(ended);
    expect(ending).toMatchObject({ outcome, exitCode });
    expect(ending.sentence).not.toMatch(/undefined|\[object|null/);
    if (exitCode !== 0 && outcome !== 'Stopped')
      expect(runbookSectionAt(RUNBOOK, ending.section ?? '')).toBeDefined();
  });
});

describe('the runbook in a terminal', () => {
  it.each(Object.keys(errors).filter((name) => name !== 'RotationError'))(
    'has what to do about %s',
    (name) => {
      expect(runbookSectionAt(RUNBOOK, name.toLowerCase())?.text).toContain('What to do');
    },
  );

  it('leads to a section by an anchor within it', () => {
    expect(runbookSectionAt(RUNBOOK, 'lambda.unknown')?.title).toBe('Errors of Lambda and Step Functions');
    expect(runbookSectionAt(RUNBOOK, 'no-such')).toBeUndefined();
  });

  it('has commands as they are, and text without what only a browser shows', () => {
    const section = runbookSectionAt(RUNBOOK, 'break-glass')?.text ?? '';
    const blocks = terminalBlocks(section);
    const commands = blocks.filter(({ wraps }) => !wraps).map(({ text }) => text);
    for (const command of commands) expect(section).toContain(command);
    expect(commands.length).toBeGreaterThan(1);
    for (const { text } of blocks.filter(({ wraps }) => wraps))
      expect(text).not.toMatch(/\]\(|\*\*|<a id|```|\n/);
  });
});
