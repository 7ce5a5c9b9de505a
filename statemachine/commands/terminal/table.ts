import Table from 'cli-table3';

const GAP = '  ';

/** Cells and gaps, and no lines. */
const NO_LINES = {
  ...Object.fromEntries(
    ['top', 'bottom', 'left', 'right', 'mid'].flatMap((side) =>
      ['', '-mid', '-left', '-right'].map((part) => [`${side}${part}`, '']),
    ),
  ),
  'mid-mid': '',
  'left-mid': '',
  'right-mid': '',
  middle: GAP,
};

/** Narrower than this a column can't be read. */
const NARROWEST = 10;

/**
 * A table's lines, in columns as wide as they need to be.
 *
 * @param rows the head is the first
 * @param width what there is room for
 * @param widest which column gives way where that is too little, by breaking its cells
 */
export const tableLines = (rows: readonly (readonly string[])[], width: number, widest: number): string[] => {
  const table = new Table({
    chars: NO_LINES,
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
    colWidths: widthsOf(rows, width, widest),
    wordWrap: true,
    wrapOnWordBoundary: false,
  });
  table.push(...rows.map((row) => [...row]));
  return table.toString().replaceAll(/ +$/gm, '').split('\n');
};

const widthsOf = (rows: readonly (readonly string[])[], width: number, widest: number): number[] => {
  const natural = (rows[0] ?? []).map((_, column) =>
    Math.max(1, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  const total = natural.reduce((sum, each) => sum + each, 0) + GAP.length * (natural.length - 1);
  const excess = Math.max(0, total - width);
  return natural.map((each, column) =>
    column === widest && excess > 0 ? Math.max(NARROWEST, each - excess) : each,
  );
};
