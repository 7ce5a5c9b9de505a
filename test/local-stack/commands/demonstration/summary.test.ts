import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { printSummary } from '../summary.ts';
import { Terminal } from '../terminal.ts';
import { COLUMNS } from '../wrap.ts';
import type { RotationRecord, Verdict } from './rotation-record.ts';

const RECORD: RotationRecord = {
  name: 'on demand',
  mode: 'rotate',
  strategy: 'single-user',
  status: 'SUCCEEDED',
  error: null,
  cause: null,
  seconds: 105.5,
  states: [],
  currentLogsIn: true,
  previousLogsIn: false,
  labelsAsBefore: false,
  retired: null,
  logins: null,
  loginFailures: null,
};

const CAUSE =
  'TestSecret failed with CredentialNotPropagatedError: "app" is still refused on 127.0.0.1:43811. Everything is as before: AWSCURRENT logs in on every instance. See https://example.com/RUNBOOK.md#rolledback';

const ROLLED_BACK = {
  ...RECORD,
  name: 'test never passes',
  status: 'FAILED',
  error: 'RolledBack',
  cause: CAUSE,
};

const printed = (verdicts: readonly Verdict[]): string[] => {
  const terminal = new Terminal(new PassThrough() as unknown as NodeJS.WriteStream);
  printSummary(verdicts, terminal);
  return terminal.written.trimEnd().split('\n');
};

const held = (...records: readonly RotationRecord[]): Verdict[] =>
  records.map((record) => ({ record, problems: [] }));

describe('What npm start says below its table', () => {
  it('gives the cause of the failure that it demonstrates, and only of that, in lines of 80 columns', () => {
    const lines = printed(held(RECORD, ROLLED_BACK));
    expect(lines.filter((line) => line.includes('ended in'))).toEqual([
      'test never passes ended in RolledBack. An operator reads:',
    ]);
    expect(lines.map((line) => line.trim()).join(' ')).toContain(CAUSE);
    expect(lines.filter((line) => line.length > COLUMNS)).toEqual([]);
  });

  it('says how many rotations there were, how long all took, and where to go on', () => {
    const lines = printed(held(RECORD, ROLLED_BACK));
    expect(lines).toContain('2 rotations in 211.0 s: every check held');
    expect(lines.at(-2)).toMatch(/^npm run stack /);
    expect(printed([{ record: RECORD, problems: ['broken'] }])).toContain(
      '1 rotations in 105.5 s: checks FAILED in 1',
    );
  });
});
