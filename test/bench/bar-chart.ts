/** Bars of one group stand below each other: the same thing, measured in several ways. */
export interface BarGroup {
  readonly name: string;
  readonly bars: readonly { readonly series: number; readonly value: number; readonly label: string }[];
}

export interface BarChart {
  readonly title: string;
  /** What a bar's length says. */
  readonly unit: string;
  readonly series: readonly string[];
  readonly groups: readonly BarGroup[];
}

const WIDTH = 720;
const LEFT = 310;
const LONGEST_BAR = WIDTH - LEFT - 90;
const BAR = 14;
const GAP = 10;
const TOP = 64;

/** Read on white and on black: text takes the colour of the reader's scheme, and the bars are mid-tones that show on both. */
const STYLE = [
  'text{font:13px system-ui,sans-serif;fill:#1f2328}',
  '.t{font-size:15px;font-weight:600}.u{fill:#59636e}',
  '.s0{fill:#1f77b4}.s1{fill:#d9822b}',
  '@media(prefers-color-scheme:dark){text{fill:#e6edf3}.u{fill:#9198a1}.s0{fill:#58a6ff}.s1{fill:#e3953b}}',
].join('');

/** A picture of horizontal bars, as text of SVG. */
export const barChart = ({ title, unit, series, groups }: BarChart): string => {
  const longest = Math.max(...groups.flatMap(({ bars }) => bars.map(({ value }) => value)), Number.MIN_VALUE);
  const rows: string[] = [];
  let y = TOP;
  for (const { name, bars } of groups) {
    rows.push(text(LEFT - 8, y + (bars.length * BAR) / 2 + 4, name, ' text-anchor="end"'));
    for (const { series: index, value, label } of bars) {
      const width = Math.max(1, (value / longest) * LONGEST_BAR).toFixed(1);
      rows.push(`<rect class="s${index}" x="${LEFT}" y="${y}" width="${width}" height="${BAR - 2}" rx="2"/>`);
      rows.push(text(LEFT + Number(width) + 6, y + BAR - 3, label));
      y += BAR;
    }
    y += GAP;
  }
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${y + 6}" width="${WIDTH}" height="${y + 6}" role="img" aria-label="${escaped(title)}">`,
    `<title>${escaped(title)}</title><style>${STYLE}</style>`,
    text(12, 22, title, ' class="t"'),
    text(12, 44, unit, ' class="u"'),
    ...(series.length > 1 ? series.map(legend) : []),
    ...rows,
    '</svg>\n',
  ].join('\n');
};

const legend = (name: string, index: number): string => {
  const x = WIDTH - 170 + index * 80;
  return `<rect class="s${index}" x="${x}" y="34" width="12" height="12" rx="2"/>${text(x + 18, 44, name)}`;
};

const text = (x: number, y: number, content: string, attributes = ''): string =>
  `<text x="${x}" y="${y}"${attributes}>${escaped(content)}</text>`;

const escaped = (content: string): string =>
  content.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
