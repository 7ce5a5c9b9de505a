import type { Verdict } from './demonstration/rotation-record.ts';
import type { Terminal } from './terminal.ts';

const HEADINGS = [
  'rotation',
  'strategy',
  'mode',
  'ended',
  'seconds',
  'AWSCURRENT',
  'AWSPREVIOUS',
  'labels',
  'old user',
  'failed logins',
  'checks',
];

const loginOf = (accepted: boolean): string => (accepted ? 'logs in' : 'refused');

const rowOf = ({ record, problems }: Verdict): string[] => [
  record.name,
  record.strategy,
  record.mode,
  record.status,
  record.seconds.toFixed(1),
  loginOf(record.currentLogsIn),
  loginOf(record.previousLogsIn),
  record.labelsAsBefore ? 'as before' : 'moved',
  record.retired ?? (record.strategy === 'single-user' ? '-' : 'kept'),
  record.logins === null ? '-' : `${record.loginFailures} of ${record.logins}`,
  problems.length === 0 ? 'held' : 'FAILED',
];

/** What happened, a line for each rotation. */
export const printTable = (verdicts: readonly Verdict[], terminal: Terminal): void => {
  const rows = [HEADINGS, ...verdicts.map(rowOf)];
  const widths = HEADINGS.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const text = rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
  terminal.line(terminal.style('bold', text[0] ?? ''));
  for (const [index, { problems }] of verdicts.entries()) {
    terminal.line(terminal.style(problems.length === 0 ? 'green' : 'red', text[index + 1] ?? ''));
    for (const problem of problems) terminal.line(terminal.style('red', `  ${problem}`));
  }
};
