import { tableLines } from '../../../statemachine/commands/terminal/table.ts';
import type { Verdict } from './demonstration/rotation-record.ts';
import type { Terminal } from './terminal.ts';

interface Column {
  readonly heading: string;
  readonly cell: (verdict: Verdict) => string;
  /** Whether it is told however narrow the terminal is. */
  readonly always?: true;
}

const loginOf = (accepted: boolean): string => (accepted ? 'logs in' : 'refused');

const COLUMNS: readonly Column[] = [
  { heading: 'rotation', cell: ({ record }) => record.name, always: true },
  { heading: 'strategy', cell: ({ record }) => record.strategy },
  { heading: 'mode', cell: ({ record }) => record.mode },
  { heading: 'ended', cell: ({ record }) => record.status, always: true },
  { heading: 'seconds', cell: ({ record }) => record.seconds.toFixed(1), always: true },
  { heading: 'AWSCURRENT', cell: ({ record }) => loginOf(record.currentLogsIn), always: true },
  { heading: 'AWSPREVIOUS', cell: ({ record }) => loginOf(record.previousLogsIn) },
  { heading: 'labels', cell: ({ record }) => (record.labelsAsBefore ? 'as before' : 'moved') },
  {
    heading: 'old user',
    cell: ({ record }) => record.retired ?? (record.strategy === 'single-user' ? '-' : 'kept'),
  },
  {
    heading: 'failed logins',
    cell: ({ record }) => (record.logins === null ? '-' : `${record.loginFailures} of ${record.logins}`),
    always: true,
  },
  { heading: 'checks', cell: ({ problems }) => (problems.length === 0 ? 'held' : 'FAILED'), always: true },
];

/** What happened, a line for each rotation. */
export const printTable = (verdicts: readonly Verdict[], terminal: Terminal): void => {
  const linesOf = (columns: readonly Column[], width: number): string[] => {
    const rows = verdicts.map((verdict) => columns.map(({ cell }) => cell(verdict)));
    return tableLines([columns.map(({ heading }) => heading), ...rows], width, 0);
  };
  const whole = linesOf(COLUMNS, Number.POSITIVE_INFINITY);
  const fits = whole.every((line) => line.length <= terminal.columns);
  const [heading = '', ...lines] = fits
    ? whole
    : linesOf(
        COLUMNS.filter(({ always }) => always),
        terminal.columns,
      );
  terminal.line(terminal.style('bold', heading));
  for (const [index, { problems }] of verdicts.entries()) {
    terminal.line(terminal.style(problems.length === 0 ? 'green' : 'red', lines[index] ?? ''));
    for (const problem of problems) terminal.line(terminal.style('red', `  ${problem}`));
  }
};
