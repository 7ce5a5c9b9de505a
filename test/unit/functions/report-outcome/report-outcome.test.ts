import { describe, expect, it } from 'vitest';
import { ExecutionEnded } from '../../../../functions/report-outcome/execution-ended.ts';
import {
  EndNotSettledError,
  type ExecutionDescription,
} from '../../../../functions/report-outcome/execution-result.ts';
import type { Notice } from '../../../../functions/report-outcome/notice.ts';
import { reportOutcome } from '../../../../functions/report-outcome/report-outcome.ts';

const MACHINE = 'arn:aws:states:eu-central-1:111122223333:stateMachine:rotation';
const RECOVERY = 'arn:aws:states:eu-central-1:111122223333:stateMachine:recovery';
const RETIREMENT = 'arn:aws:states:eu-central-1:111122223333:stateMachine:retirement';
const ARN = 'arn:aws:states:eu-central-1:111122223333:execution:rotation:one';
const SECRET = 'arn:aws:secretsmanager:eu-central-1:111122223333:secret:app-AbCdEf';

/** An end, as EventBridge tells it, and what is made of it. */
const told = async (
  detail: Record<string, unknown>,
  description: ExecutionDescription = { status: undefined },
) => {
  const event = {
    detail: {
      executionArn: ARN,
      stateMachineArn: MACHINE,
      input: JSON.stringify({ secretId: SECRET }),
      output: null,
      error: null,
      ...detail,
    },
  };
  const metrics: string[] = [];
  const notices: Notice[] = [];
  const events: { type: string; detail: object; resources: readonly string[] }[] = [];
  const report = await reportOutcome(
    {
      executions: {
        describe: async (arn) => {
          expect(arn).toBe(ARN);
          return description;
        },
      },
      measurements: {
        record: (metric, unit, value, machine, secret) =>
          void metrics.push([metric, unit, value, machine, ...(secret ? [secret] : [])].join(' ')),
      },
      bus: { put: async (type, resources, detail) => void events.push({ type, resources, detail }) },
      operators: { tell: async (notice) => void notices.push(notice) },
    },
    {
      recoveryStateMachineArn: RECOVERY,
      retirementStateMachineArn: RETIREMENT,
      runbookUrl: 'RUNBOOK.md',
    },
    ExecutionEnded.parse(event).detail,
  );
  return { metrics, events, report, notices };
};

const succeeded = (output: object) => ({ status: 'SUCCEEDED', output: JSON.stringify(output) });
const failed = (error: string) => ({ status: 'FAILED', error });
const input = (value: unknown) => ({ input: JSON.stringify(value) });

describe('The end of a rotation', () => {
  it.each([
    ['Rotated', succeeded({ outcome: 'rotated' }), undefined],
    ['Reverted', succeeded({ outcome: 'reverted' }), undefined],
    ['Verified', succeeded({ outcome: 'verified' }), undefined],
    ['Checked', succeeded({ outcome: 'checked' }), undefined],
    ['Refused', failed('NotReadyError'), 'RUNBOOK.md#notreadyerror'],
    ['RolledBack', failed('RolledBack'), 'RUNBOOK.md#rolledback'],
    ['RollbackFailed', failed('RollbackFailed'), 'RUNBOOK.md#rollbackfailed'],
    ['Superseded', failed('RotationSupersededError'), 'RUNBOOK.md#rotationsupersedederror'],
    ['Refused', failed('InvalidSecretError'), 'RUNBOOK.md#invalidsecreterror'],
    ['CutOff', failed('States.DataLimitExceeded'), 'RUNBOOK.md#aborted-or-timed-out'],
    ['CutOff', { status: 'ABORTED' }, 'RUNBOOK.md#aborted-or-timed-out'],
    ['Stopped', { status: 'ABORTED', ...input({ secretId: 'x', mode: 'verify' }) }, undefined],
    ['TimedOut', { status: 'TIMED_OUT' }, 'RUNBOOK.md#aborted-or-timed-out'],
  ])('is %s', async (outcome, detail, runbook) => {
    const { metrics, events, report } = await told(detail);
    expect(report).toMatchObject({ outcome, runbook });
    expect(metrics[0]).toBe(`${outcome} Count 1 rotation`);
    expect(events).toEqual([
      {
        type: 'Rotation Ended',
        resources: [ARN, SECRET].slice(0, report.secret?.startsWith('arn:') ? 2 : 1),
        detail: report,
      },
    ]);
  });

  it.each([
    [{ status: 'ABORTED' }, true],
    [{ status: 'TIMED_OUT' }, true],
    [failed('States.Runtime'), true],
    [failed('RotationSupersededError'), true],
    [failed('RolledBack'), false],
    [{ status: 'ABORTED', ...input({ secretId: 'x', mode: 'verify' }) }, false],
    [{ status: 'ABORTED', input: '{}' }, false],
  ])('%j starts a recovery: %s', async (detail, starts) => {
    const { metrics, report } = await told(detail);
    expect(report.recoveryStarted).toBe(starts);
    expect(metrics.includes('RecoveryStarted Count 1 recovery')).toBe(starts);
  });

  it.each([
    ['unknown', ['Rotated Count 1 rotation', 'RetirementUnknown Count 1 rotation']],
    [`${RETIREMENT.replace('stateMachine', 'execution')}:one`, ['Rotated Count 1 rotation']],
  ])('whose retirement is %s is counted as %j', async (retirement, counted) => {
    const { metrics, report } = await told(succeeded({ outcome: 'rotated', retirement }));
    expect(metrics).toEqual(counted);
    expect(report).toMatchObject({ outcome: 'Rotated', recoveryStarted: false });
  });

  it('tells the outage that the machine has measured, for its secret', async () => {
    const { metrics } = await told(succeeded({ outcome: 'rotated', secret: SECRET, outageMs: 740 }));
    expect(metrics).toContain(`OutageWindow Milliseconds 740 rotation ${SECRET}`);
  });

  it('repeats nothing of an input but the secret and a known mode', async () => {
    const { events } = await told({
      ...failed('InvalidInputError'),
      ...input({ secretId: SECRET, mode: 'hunter2-mode', password: 'hunter2' }),
      cause: 'hunter2',
    });
    expect(JSON.stringify(events)).not.toContain('hunter2');
  });

  it.each(['17', '[]', 'not json'])('survives an input that is %j', async (text) => {
    expect((await told({ ...failed('InvalidInputError'), input: text })).report.secret).toBeUndefined();
  });
});

describe('The end that an event tells of without input, output or error', () => {
  const bare = (status: string) => ({ status, input: undefined });

  it.each([
    ['Rotated', 'SUCCEEDED', { output: '{"outcome": "rotated"}' }],
    ['RolledBack', 'FAILED', { error: 'RolledBack' }],
    ['CutOff', 'FAILED', { error: 'States.Runtime' }],
    ['CutOff', 'FAILED', {}],
    ['CutOff', 'ABORTED', {}],
  ])('is %s, as Step Functions says', async (outcome, status, more) => {
    const description = { status, input: JSON.stringify({ secretId: SECRET }), ...more };
    const { report } = await told(bare(status), description);
    expect(report).toMatchObject({ outcome, secret: SECRET });
  });

  it.each([[{ status: 'SUCCEEDED', output: null }], [{ status: 'FAILED', error: null }]])(
    'is asked for, though the input is there: %j',
    async (detail) => {
      const description = { status: detail.status, input: '{"secretId": "asked"}' };
      expect((await told(detail, description)).report.secret).toBe('asked');
    },
  );

  it('is told later, if Step Functions does not know it yet', async () => {
    const early = told(bare('SUCCEEDED'), { status: 'RUNNING', input: '{}' });
    await expect(early).rejects.toThrow(EndNotSettledError);
  });

  it('asks no one where the event has it all', async () => {
    const description = { status: 'ABORTED', input: '{"secretId": "asked"}' };
    expect((await told({ status: 'ABORTED' }, description)).report.secret).toBe(SECRET);
  });
});

describe('The end of a recovery', () => {
  const ofRecovery = (detail: Record<string, unknown>) => told({ stateMachineArn: RECOVERY, ...detail });

  it.each([
    ['Recovered', succeeded({ outcome: 'nothing-to-do', recovery: {} }), false, undefined],
    ['NothingToRecover', succeeded({ outcome: 'nothing-to-recover' }), false, undefined],
    ['NothingToRecover', succeeded({}), false, undefined],
    ['RecoveryFailed', failed('RecoveryFailed'), false, 'RUNBOOK.md#recoveryfailed'],
    ['Refused', failed('InvalidInputError'), false, 'RUNBOOK.md#invalidinputerror'],
    ['CutOff', failed('States.Runtime'), true, 'RUNBOOK.md#aborted-or-timed-out'],
    ['Stopped', { status: 'ABORTED' }, true, 'RUNBOOK.md#stopped'],
    ['TimedOut', { status: 'TIMED_OUT' }, true, 'RUNBOOK.md#aborted-or-timed-out'],
  ])('is %s', async (outcome, detail, recoveryStarted, runbook) => {
    const { metrics, events, report } = await ofRecovery(detail);
    expect(report).toMatchObject({ outcome, mode: 'recover', secret: SECRET, recoveryStarted, runbook });
    expect(metrics).toEqual([
      `${outcome} Count 1 recovery`,
      ...(recoveryStarted ? ['RecoveryStarted Count 1 recovery'] : []),
    ]);
    expect(events[0]?.type).toBe('Recovery Ended');
  });

  it('names the version that logs in, and its user', async () => {
    const { report } = await ofRecovery(
      succeeded({ outcome: 'recovered', secret: SECRET, user: 'app', recovery: { version: 'one' } }),
    );
    expect(report).toMatchObject({ version: 'one', user: 'app', outageMs: undefined });
  });

  it('that the rule has started names the secret of the execution before', async () => {
    const event = { executionArn: ARN, status: 'ABORTED', input: JSON.stringify({ secretId: SECRET }) };
    const { report } = await ofRecovery({ ...failed('RecoveryFailed'), ...input(event) });
    expect(report).toMatchObject({ secret: SECRET, mode: 'recover' });
  });
});

describe('The end of a retirement', () => {
  it.each([
    ['Retired', succeeded({ outcome: 'locked' })],
    ['RetirementSuperseded', succeeded({ outcome: 'superseded' })],
    ['RetirementFailed', failed('RetirementFailed')],
    ['Refused', failed('InvalidInputError')],
  ])('is %s', async (outcome, detail) => {
    const { metrics, events } = await told({ stateMachineArn: RETIREMENT, ...detail });
    expect(metrics).toEqual([`${outcome} Count 1 retirement`]);
    expect(events[0]?.type).toBe('Retirement Ended');
  });

  it.each([
    ['Stopped', { status: 'ABORTED' }],
    ['TimedOut', { status: 'TIMED_OUT' }],
    ['RetirementFailed', failed('States.Runtime')],
  ])('is %s, and starts a recovery, since it may have had the lock', async (outcome, detail) => {
    const { metrics } = await told({ stateMachineArn: RETIREMENT, ...detail });
    expect(metrics).toEqual([`${outcome} Count 1 retirement`, 'RecoveryStarted Count 1 recovery']);
  });
});

describe('The operators are told which secret an alarm rings for', () => {
  it.each([
    [
      'RolledBack',
      failed('RolledBack'),
      'The rotation of the secret app-AbCdEf failed, and was rolled back.',
    ],
    ['Superseded', failed('RotationSupersededError'), 'superseded'],
    ['CutOff', { status: 'ABORTED' }, 'was cut off. A recovery was started for it.'],
    ['TimedOut', { status: 'TIMED_OUT' }, 'A recovery was started for it.'],
    [
      'Stopped',
      { status: 'ABORTED', stateMachineArn: RECOVERY },
      'The recovery of the secret app-AbCdEf was stopped.',
    ],
    ['Stopped', { status: 'ABORTED', stateMachineArn: RETIREMENT }, 'The retirement of the replaced user of'],
    ['Rotated', succeeded({ outcome: 'rotated', retirement: 'unknown' }), 'no retirement of the user'],
  ])('%s by %j', async (outcome, detail, says) => {
    const { notices } = await told(detail);
    expect(notices).toMatchObject([
      { subject: `docdb-rotation: ${outcome}`, message: expect.stringContaining(says) },
    ]);
    expect(notices[0]?.message).toContain('Execution: https://');
  });

  it.each([
    ['a success', succeeded({ outcome: 'rotated' })],
    ['a refusal, which is told to who asked', failed('InvalidSecretError')],
    ['a verification that was stopped', { status: 'ABORTED', ...input({ secretId: 'x', mode: 'verify' }) }],
    ['a check that was stopped', { status: 'ABORTED', ...input({ secretId: 'x', mode: 'check' }) }],
    ['a compensation that failed, of which the machine tells', failed('RollbackFailed')],
    ['a recovery that failed, as well', { ...failed('RecoveryFailed'), stateMachineArn: RECOVERY }],
    ['a retirement that failed, as well', { ...failed('RetirementFailed'), stateMachineArn: RETIREMENT }],
  ])('but not of %s', async (_what, detail) => {
    expect((await told(detail)).notices).toEqual([]);
  });

  it('in at most 200 characters of what a caller wrote, none of which a name can’t have', async () => {
    const secretId = `call\n<me> ${'x'.repeat(1900)}`;
    const { notices } = await told({ status: 'ABORTED', ...input({ secretId }) });
    expect(notices[0]?.message).toContain(`call??me??${'x'.repeat(190)} was cut off`);
  });
});
