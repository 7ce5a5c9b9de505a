import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Definition, definitionNames, failuresOf, flowOf, readDefinition } from './definition.ts';
import { type Box, type Column, layOut, levelsOf, mainPath, type Point } from './picture-layout.ts';
import { writeStatesReadme } from './state-table.ts';

const GAP = { margin: 24, columns: 22, lane: 15, rows: 70, stub: 9, legend: 44 };

/** The dashed lines to one state have one colour, so that they can be followed. */
const LANE_COLOURS = ['#c0392b', '#a86400', '#7d3c98', '#1f6f8b'];
const LOCAL_FAILURE = '#c0392b';

const PAPER = { fill: '#fbfbfd', stroke: '#d5d8e0' };
const INK = { line: '#6b7486', main: '#16213a', text: '#16213a' };

/** Fill, outline, and what the legend says. */
const KINDS: Readonly<Record<string, readonly [string, string, string]>> = {
  Task: ['#e3ecfa', '#35588f', 'does something'],
  Choice: ['#fff4d6', '#9a7412', 'chooses'],
  Wait: ['#ece6f8', '#6a4ea3', 'waits'],
  Pass: ['#f0f1f4', '#7b8190', 'remembers'],
  Succeed: ['#d3f0dc', '#1e7d43', 'good end'],
  Fail: ['#fbdad7', '#b3261e', 'failed end'],
};

/** A column in its place. */
interface Placed extends Column {
  readonly left: number;
  readonly top: number;
}

/** The dashed line by which the failures of several states come to one; or the main path, where it changes its level. */
interface Lane {
  readonly main: boolean;
  readonly target: string;
  readonly sources: readonly string[];
  readonly x: number;
  readonly colour: string;
}

class Picture {
  readonly #definition: Definition;
  readonly #boxes = new Map<string, Box>();
  readonly #columns: Placed[] = [];
  #lanes: readonly Lane[] = [];

  private constructor(definition: Definition) {
    this.#definition = definition;
  }

  static async of(definition: Definition): Promise<Picture> {
    const picture = new Picture(definition);
    await picture.#place();
    return picture;
  }

  /** The forward path stands left; what failures lead to stands right of it, one below the other. */
  async #place(): Promise<void> {
    const levels = levelsOf(this.#definition);
    const crossing = this.#crossing(levels);
    let right = GAP.margin;
    let top = GAP.margin + 22;
    for (let level = 0; ; level++) {
      const names = Object.keys(this.#definition.States).filter((name) => levels.get(name) === level);
      if (names.length === 0) break;
      const column = await layOut(this.#definition, names);
      const placed = { ...column, left: right, top };
      this.#columns.push(placed);
      for (const [name, box] of column.boxes)
        this.#boxes.set(name, { ...box, x: box.x + placed.left, y: box.y + placed.top });
      if (level === 0) right += column.width + 2 * GAP.columns + (crossing.size - 1) * GAP.lane;
      else top += column.height + GAP.rows;
    }
    this.#lanes = this.#makeLanes(crossing);
  }

  /** What leads from one level to another, by its target. */
  #crossing(levels: ReadonlyMap<string, number>): ReadonlyMap<string, readonly string[]> {
    const crossing = new Map<string, string[]>();
    for (const name of Object.keys(this.#definition.States)) {
      const targets = new Set([...flowOf(this.#definition, name), ...failuresOf(this.#definition, name)]);
      for (const to of targets) {
        if (levels.get(to) === levels.get(name)) continue;
        crossing.set(to, [...(crossing.get(to) ?? []), name]);
      }
    }
    return crossing;
  }

  /** The highest target's lane stands leftmost: so the fewest lines cross. */
  #makeLanes(crossing: ReadonlyMap<string, readonly string[]>): Lane[] {
    const first = this.#columns[0];
    const from = (first?.left ?? 0) + (first?.width ?? 0) + GAP.columns;
    const byHeight = [...crossing].sort(([one], [other]) => this.#box(one).y - this.#box(other).y);
    const main = mainPath(this.#definition);
    return byHeight.map(([target, sources], index) => {
      const isMain = sources.every(
        (source) => main.includes(source) && main[main.indexOf(source) + 1] === target,
      );
      return {
        main: isMain,
        target,
        sources,
        x: from + index * GAP.lane,
        colour: isMain ? INK.main : (LANE_COLOURS[index % LANE_COLOURS.length] ?? LOCAL_FAILURE),
      };
    });
  }

  #box(name: string): Box {
    const box = this.#boxes.get(name);
    if (box === undefined) throw new Error(`the definition has no state ${name}`);
    return box;
  }

  /** From a state's side to a lane: straight on if no other state stands in between, else below its row. */
  #stub(name: string, lane: Lane): Point[] {
    const index = this.#lanes.filter(({ sources }) => sources.includes(name)).indexOf(lane);
    const box = this.#box(name);
    const rightwards = lane.x > box.x;
    const start = rightwards ? box.x + box.width : box.x;
    const y = box.y + box.height * (0.35 + 0.3 * index);
    const [from, to] = rightwards ? [start, lane.x] : [lane.x, start];
    const blocked = [...this.#boxes].some(
      ([other, { x, width, y: top, height }]) =>
        other !== name && x < to && x + width > from && top - 3 < y && top + height + 3 > y,
    );
    if (!blocked)
      return [
        { x: start, y },
        { x: lane.x, y },
      ];
    const aside = start + (rightwards ? GAP.stub : -GAP.stub);
    const below = box.y + box.height + GAP.stub - 3 + 5 * this.#lanes.indexOf(lane);
    return [
      { x: start, y },
      { x: aside, y },
      { x: aside, y: below },
      { x: lane.x, y: below },
    ];
  }

  #drawLane(lane: Lane): string {
    const target = this.#box(lane.target);
    const entry = { x: target.x + target.width / 2, y: target.y };
    const above = target.y - 14;
    const stubs = lane.sources.map((name) => this.#stub(name, lane));
    const heights = [...stubs.map((points) => points.at(-1)?.y ?? above), above];
    const trunk = [
      { x: lane.x, y: Math.min(...heights) },
      { x: lane.x, y: Math.max(...heights) },
    ];
    const style = `fill="none" stroke="${lane.colour}" ${lane.main ? 'stroke-width="2.6"' : 'stroke-width="1.1" stroke-dasharray="4 3"'}`;
    const lines = [...stubs, trunk, [{ x: lane.x, y: above }, { x: entry.x, y: above }, entry]];
    const joints = stubs.map((points) => points.at(-1)).filter((point) => point !== undefined);
    return [
      ...lines.map((points) => `<path d="${path(points)}" ${style}/>`),
      ...joints.map(({ x, y }) => `<circle cx="${x}" cy="${n(y)}" r="2.2" fill="${lane.colour}"/>`),
      arrow(entry, lane.colour, lane.main ? 1.3 : 1),
    ].join('\n');
  }

  #drawLines({ lines, left, top }: Placed): string[] {
    const shift = ({ x, y }: Point): Point => ({ x: x + left, y: y + top });
    const ordered = [...lines].sort((one, other) => Number(one.main) - Number(other.main));
    return ordered.map(({ points, main, failure }) => {
      const shifted = points.map(shift);
      const colour = failure ? LOCAL_FAILURE : main ? INK.main : INK.line;
      const width = main ? 2.6 : 1.1;
      const dashes = failure ? ' stroke-dasharray="4 3"' : '';
      const [last = { x: 0, y: 0 }] = shifted.slice(-1);
      return `<path d="${path(shifted)}" fill="none" stroke="${colour}" stroke-width="${width}"${dashes}/>\n${arrow(last, colour, main ? 1.3 : 1)}`;
    });
  }

  svg(title: string): string {
    const boxes = [...this.#boxes.values()];
    const bottom = Math.max(...boxes.map((box) => box.y + box.height));
    const legend = drawLegend(this.#definition, bottom + GAP.legend);
    const right = Math.max(legend.right, ...boxes.map((box) => box.x + box.width));
    const width = Math.ceil(right + GAP.margin);
    const height = Math.ceil(legend.bottom + GAP.margin);
    const start = this.#box(this.#definition.StartAt);
    const middle = start.x + start.width / 2;
    const states = [...this.#boxes].map(([name, box]) =>
      drawState(name, this.#definition.States[name]?.Type ?? '', box, this.#definition.States[name]?.Comment),
    );
    return [
      `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" font-family="ui-sans-serif, system-ui, 'Segoe UI', 'DejaVu Sans', sans-serif" font-size="13">`,
      `<title>${escapeXml(title)}</title>`,
      `<rect x="0.5" y="0.5" width="${width - 1}" height="${height - 1}" rx="10" fill="${PAPER.fill}" stroke="${PAPER.stroke}"/>`,
      `<circle cx="${n(middle)}" cy="${GAP.margin - 2}" r="5" fill="${INK.main}"/>`,
      `<path d="${path([
        { x: middle, y: GAP.margin },
        { x: middle, y: start.y },
      ])}" stroke="${INK.main}" stroke-width="2.6"/>`,
      arrow({ x: middle, y: start.y }, INK.main, 1.3),
      ...this.#lanes.map((lane) => this.#drawLane(lane)),
      ...this.#columns.flatMap((column) => this.#drawLines(column)),
      ...states,
      legend.svg,
      '</svg>',
      '',
    ].join('\n');
  }
}

const n = (value: number): string => String(Math.round(value * 10) / 10);

const path = (points: readonly Point[]): string =>
  points.map(({ x, y }, index) => `${index === 0 ? 'M' : 'L'}${n(x)} ${n(y)}`).join(' ');

/** Points down: every line ends at the top of a state. */
const arrow = ({ x, y }: Point, colour: string, scale = 1): string =>
  `<path d="M${n(x)} ${n(y)} l${n(-4 * scale)} ${n(-7 * scale)} h${n(8 * scale)} z" fill="${colour}"/>`;

const escapeXml = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

const outline = (type: string, { x, y, width, height }: Box): string => {
  const [fill, stroke] = KINDS[type] ?? ['#ffffff', INK.line];
  const style = `fill="${fill}" stroke="${stroke}" stroke-width="1.4"`;
  if (type === 'Choice') {
    const tip = 13;
    return `<path d="M${n(x)} ${n(y + height / 2)} l${tip} ${n(-height / 2)} h${n(width - 2 * tip)} l${tip} ${n(height / 2)} l${-tip} ${n(height / 2)} h${n(2 * tip - width)} z" ${style}/>`;
  }
  const radius = type === 'Task' ? 7 : type === 'Pass' ? 2 : height / 2;
  return `<rect x="${n(x)}" y="${n(y)}" width="${n(width)}" height="${n(height)}" rx="${radius}" ${style}/>`;
};

/** A clock's face, for a state that waits. */
const clock = ({ x, y, height }: Box): string => {
  const [cx, cy] = [x + 17, y + height / 2];
  return `<circle cx="${n(cx)}" cy="${n(cy)}" r="6.5" fill="none" stroke="#6a4ea3" stroke-width="1.4"/><path d="M${n(cx)} ${n(cy - 4)} V${n(cy)} h3" fill="none" stroke="#6a4ea3" stroke-width="1.4"/>`;
};

const drawState = (name: string, type: string, box: Box, comment = ''): string => {
  const middle = box.x + box.width / 2 + (type === 'Wait' ? 9 : 0);
  const weight = type === 'Succeed' || type === 'Fail' ? ' font-weight="600"' : '';
  return [
    `<g><title>${escapeXml(comment)}</title>${outline(type, box)}`,
    type === 'Wait' ? clock(box) : '',
    `<text x="${n(middle)}" y="${n(box.y + box.height / 2 + 4.5)}" text-anchor="middle" fill="${INK.text}"${weight}>${name}</text></g>`,
  ].join('');
};

/** Only the kinds that the picture has, three in a row. */
const drawLegend = ({ States }: Definition, top: number): { svg: string; right: number; bottom: number } => {
  const used = new Set(Object.values(States).map(({ Type }) => Type));
  const kinds = Object.entries(KINDS).filter(([type]) => used.has(type));
  const place = (index: number): Point => ({
    x: GAP.margin + 142 * (index % 3),
    y: top + 24 * Math.floor(index / 3),
  });
  const says = ({ x, y }: Point, text: string): string =>
    `<text x="${n(x + 37)}" y="${n(y + 4)}" fill="${INK.text}" font-size="13">${text}</text>`;
  const items = kinds.map(([type, [, , text]], index) => {
    const { x, y } = place(index);
    return outline(type, { x, y: y - 8, width: 30, height: 16 }) + says({ x, y }, text);
  });
  const last = place(kinds.length);
  const dashed = `<path d="M${n(last.x)} ${n(last.y)} h30" stroke="${LOCAL_FAILURE}" stroke-width="1.1" stroke-dasharray="4 3"/>`;
  return {
    svg: [...items, dashed + says(last, 'on failure; one colour for each state that is gone to')].join('\n'),
    right: GAP.margin + 3 * 142 - 10,
    bottom: last.y + 8,
  };
};

/** The picture of a state machine, as SVG text; the same definition always gives the same text. */
export const pictureOf = async (definition: Definition, title: string): Promise<string> =>
  (await Picture.of(definition)).svg(title);

export const titleOf = (machine: string): string => `The states of the ${machine}`;

if (import.meta.main) {
  for (const machine of definitionNames()) {
    const svg = await pictureOf(readDefinition(machine), titleOf(machine));
    writeFileSync(join(import.meta.dirname, `${machine}.svg`), svg);
  }
  writeStatesReadme();
}
