import type { FloorResult, FunctionResult, Results, RotationResult } from './results.ts';
import type { Summary } from './statistics.ts';

type Row = readonly string[];

/** The results as tables of Markdown, which are read as they are too. */
export const tablesOf = (results: Results): string =>
  [
    tableOf(
      [
        'strategy',
        'way in',
        'warm, × floor',
        'seconds',
        'cold, × floor',
        'seconds',
        'outage warm, × floor',
        'ms',
        'outage cold, × floor',
        'ms',
        'logins failed',
      ],
      results.rotations.map(rotationRow),
    ),
    tableOf(
      ['floor of', 'seconds', 'outage ms', 'Secrets Manager', 'logins', 'commands'],
      results.floor.map(floorRow),
    ),
    tableOf(
      ['strategy', 'way in', 'states', 'Lambda calls', 'Secrets Manager', 'logins', 'commands'],
      results.rotations.map(countRow),
    ),
    tableOf(
      ['function', 'kB', 'start, × Node alone', 'start ms', 'warm call ms', 'MB when ready', 'MB at most'],
      results.functions.map(functionRow),
    ),
  ].join('\n\n');

const rotationRow = ({ strategy, way, warm, cold }: RotationResult): Row => [
  strategy,
  way,
  times(warm.timesFloor),
  spread(warm.seconds, 2),
  times(cold.timesFloor),
  spread(cold.seconds, 2),
  times(warm.outageTimesFloor),
  spread(warm.outageMs, 0),
  times(cold.outageTimesFloor),
  spread(cold.outageMs, 0),
  `${warm.failures + cold.failures} of ${warm.logins + cold.logins}`,
];

const floorRow = ({ strategy, seconds, outageMs, counts }: FloorResult): Row => [
  strategy,
  spread(seconds, 3),
  spread(outageMs, 0),
  `${counts.secretsManagerCalls}`,
  `${counts.logins}`,
  `${counts.databaseCommands}`,
];

const countRow = ({ strategy, way, counts }: RotationResult): Row => [
  strategy,
  way,
  `${counts.states}`,
  `${counts.lambdaCalls}`,
  `${counts.secretsManagerCalls}`,
  `${counts.logins}`,
  `${counts.databaseCommands}`,
];

const functionRow = (one: FunctionResult): Row => [
  one.name,
  one.kilobytes.toFixed(0),
  times(one.startTimesNode),
  spread(one.startMs, 0),
  one.callMs ? spread(one.callMs, 0) : '-',
  one.startMegabytes.toFixed(0),
  one.peakMegabytes?.toFixed(0) ?? '-',
];

const times = (ratio: number | undefined): string => (ratio === undefined ? '-' : ratio.toFixed(1));

const spread = ({ median, min, max }: Summary, digits: number): string =>
  `${median.toFixed(digits)} (${min.toFixed(digits)}–${max.toFixed(digits)})`;

const tableOf = (headings: Row, rows: readonly Row[]): string => {
  const widths = headings.map((_, column) =>
    Math.max(...[headings, ...rows].map((row) => row[column]?.length ?? 0)),
  );
  const line = (row: Row): string =>
    `| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`;
  return [
    line(headings),
    `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`,
    ...rows.map(line),
  ].join('\n');
};
