import type { Verdict } from './demonstration/rotation-record.ts';
import type { Terminal } from './terminal.ts';

const HEADINGS = [
  'rotation',
  'mode',
  'ended',
  'seconds',
  'AWSCURRENT logs in',
  'AWSPREVIOUS logs in',
  'labels',
  'checks',
];

const rowOf = ({ record, problems }: Verdict): string[] => [
  record.name,
  record.mode,
  record.status,
  record.seconds.toFixed(1),
  record.currentLogsIn ? 'yes' : 'no',
  record.previousLogsIn ? 'yes' : 'no',
  record.labelsAsBefore ? 'as before' : 'moved',
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
