import { PassThrough } from 'node:stream';
import { stripVTControlCharacters } from 'node:util';
import { expect, it } from 'vitest';
import { printTable } from '../table.ts';
import { Terminal } from '../terminal.ts';
import type { Verdict } from './rotation-record.ts';

const verdict = (name: string, problems: string[] = []): Verdict => ({
  record: {
    name,
    mode: 'rotate',
    strategy: 'alternating-users',
    status: 'SUCCEEDED',
    error: null,
    cause: null,
    seconds: 12.34,
    states: [],
    currentLogsIn: true,
    previousLogsIn: false,
    labelsAsBefore: false,
    retired: null,
    logins: 101,
    loginFailures: 0,
  },
  problems,
});

const linesAt = (columns: number | undefined): string[] => {
  const stream = Object.assign(new PassThrough(), { isTTY: columns !== undefined, columns });
  const terminal = new Terminal(stream as never);
  printTable([verdict('primary user cloned'), verdict('on demand', ['it did not hold'])], terminal);
  return stripVTControlCharacters(terminal.written).trimEnd().split('\n');
};

it.each([[80], [120]])('tells in %i columns what counts, and breaks no line', (columns) => {
  const lines = linesAt(columns);
  expect(lines.filter((line) => line.length > columns)).toEqual([]);
  expect(lines[0]).toMatch(/rotation .*ended .*seconds .*AWSCURRENT .*failed logins .*checks/);
  expect(lines).toHaveLength(4);
  expect(lines[2]).toMatch(/on demand .*FAILED$/);
  expect(lines[3]).toBe('  it did not hold');
});

it('tells all where there is room, or no terminal', () => {
  for (const columns of [200, undefined])
    expect(linesAt(columns)[0]).toMatch(/strategy .*AWSPREVIOUS .*old user/);
});
