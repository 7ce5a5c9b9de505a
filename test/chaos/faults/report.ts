import type { Case } from './matrix.ts';
import type { CaseResult } from './run-case.ts';
import { STRATEGIES } from './strategies.ts';
import type { Outcome } from './verdict.ts';

export interface Finished {
  readonly broken: Case;
  readonly result: CaseResult;
}

const LETTERS: Readonly<Record<Outcome, string>> = {
  rotated: 'rotated',
  'rolled back': 'back',
  refused: 'refused',
  recovered: 'recovered',
  'recovered by hand': 'by hand',
};

/** How often cases ended in which way: "12 rotated 3 back". */
const summaryOf = (finished: readonly Finished[]): string => {
  const counts = Map.groupBy(finished, ({ result }) => labelOf(result));
  return [...counts]
    .sort(([, one], [, other]) => other.length - one.length)
    .map(([label, group]) => `${group.length} ${label}`)
    .join(', ');
};

const labelOf = ({ problems, struck, outcome }: CaseResult): string => {
  if (problems.length > 0) return 'VIOLATED';
  return struck && outcome ? LETTERS[outcome] : 'not met';
};

/** A line for each step and fault, a column for each strategy. */
export const tableOf = (finished: readonly Finished[]): string => {
  const columns = STRATEGIES.filter((name) => finished.some(({ broken }) => broken.strategy === name));
  const rows = [...Map.groupBy(finished, ({ broken }) => `${broken.target.step}\t${broken.kind.name}`)].map(
    ([key, group]) => [
      ...key.split('\t'),
      ...columns.map((name) => summaryOf(group.filter(({ broken }) => broken.strategy === name))),
    ],
  );
  return aligned([['step', 'fault', ...columns], ...rows]);
};

export const aligned = (rows: readonly (readonly string[])[]): string => {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
};
