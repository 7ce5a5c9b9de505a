import elkjs, { type ElkNode } from 'elkjs/lib/elk.bundled.js';
import { type Definition, failuresOf, flowOf } from './definition.ts';

const CHARACTER = 7.6;
const HEIGHT = 34;
/** Pointed sides, a clock, and bold letters take room of their own. */
const PADDING: Readonly<Record<string, number>> = { Choice: 42, Wait: 42, Succeed: 32, Fail: 32 };
const GAP = { layers: 34, nodes: 16 };

export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export interface Point {
  readonly x: number;
  readonly y: number;
}

export interface Line {
  readonly points: readonly Point[];
  readonly main: boolean;
  readonly failure: boolean;
}

/** States that belong together: those of the forward path, those of compensation, those that call for the operators. */
export interface Column {
  readonly boxes: ReadonlyMap<string, Box>;
  readonly lines: readonly Line[];
  readonly width: number;
  readonly height: number;
}

/** The path that is taken when nothing is asked for and nothing fails. */
export const mainPath = ({ StartAt, States }: Definition): readonly string[] => {
  const path: string[] = [];
  for (let name: string | undefined = StartAt; name !== undefined && !path.includes(name); ) {
    path.push(name);
    const state: Definition['States'][string] | undefined = States[name];
    name = state?.Next ?? state?.Default;
  }
  return path;
};

/**
 * States that only failures of several states lead to begin a level of their own; but not one that leads back to those
 * states, which would stand below itself.
 */
const meetingPoints = (definition: Definition): ReadonlySet<string> => {
  const catchers = new Map<string, string[]>();
  for (const name of Object.keys(definition.States)) {
    for (const to of failuresOf(definition, name)) catchers.set(to, [...(catchers.get(to) ?? []), name]);
  }
  const next = new Set(Object.values(definition.States).map(({ Next }) => Next));
  const leadsBack = (to: string, names: readonly string[]): boolean => {
    const reached = reachableFrom(definition, to);
    return names.some((name) => reached.has(name));
  };
  const meeting = [...catchers].filter(
    ([to, names]) => names.length > 1 && !next.has(to) && !leadsBack(to, names),
  );
  return new Set(meeting.map(([to]) => to));
};

/** How many meeting points of failures lie at most on the way to each state. */
export const levelsOf = (definition: Definition): ReadonlyMap<string, number> => {
  const meeting = meetingPoints(definition);
  const names = Object.keys(definition.States);
  const levels = new Map(names.map((name) => [name, 0]));
  const raise = (to: string, level: number): boolean => {
    if ((levels.get(to) ?? 0) >= level) return false;
    levels.set(to, level);
    return true;
  };
  for (let changed = true, rounds = 0; changed && rounds < names.length; rounds++) {
    changed = false;
    for (const name of names) {
      const level = levels.get(name) ?? 0;
      for (const to of [...flowOf(definition, name), ...failuresOf(definition, name)]) {
        changed = raise(to, level + (meeting.has(to) ? 1 : 0)) || changed;
      }
    }
  }
  return levels;
};

/** All states that can come after this one. */
const reachableFrom = (definition: Definition, start: string): ReadonlySet<string> => {
  const reached = new Set<string>();
  const visit = (name: string): void => {
    for (const to of [...flowOf(definition, name), ...failuresOf(definition, name)]) {
      if (reached.has(to)) continue;
      reached.add(to);
      visit(to);
    }
  };
  visit(start);
  return reached;
};

/** How many steps from the start each state is, at least. */
const depthsOf = (definition: Definition): ReadonlyMap<string, number> => {
  const depths = new Map([[definition.StartAt, 0]]);
  // A map goes on to what is added while it is walked through.
  for (const [name, depth] of depths) {
    for (const to of [...flowOf(definition, name), ...failuresOf(definition, name)])
      if (!depths.has(to)) depths.set(to, depth + 1);
  }
  return depths;
};

/** The side of the target on which a line back goes up: the source's, unless another state stands beside the source there. */
const sideOf = (boxes: ReadonlyMap<string, Box>, source: Box, middle: number): 1 | -1 => {
  const side = source.x > middle ? 1 : -1;
  const isBeside = (box: Box): boolean => box.y < source.y + source.height && box.y + box.height > source.y;
  const blocked = [...boxes.values()].some((box) => isBeside(box) && side * (box.x - source.x) > 0);
  return blocked ? (-side as 1 | -1) : side;
};

/** A line back, around all that stands between its ends on that side of the target. */
const lineBack = (boxes: ReadonlyMap<string, Box>, from: string, to: string): Line => {
  const [source, target] = [boxes.get(from), boxes.get(to)];
  if (source === undefined || target === undefined)
    throw new Error(`no place for a line from ${from} to ${to}`);
  const middle = target.x + target.width / 2;
  const side = sideOf(boxes, source, middle);
  /** A box's outer edge, counted away from the target. */
  const edge = ({ x, width }: Box): number => (side === 1 ? x + width : -x);
  const between = [...boxes.values()].filter(
    (box) => box.y >= target.y && box.y <= source.y && edge(box) > side * middle,
  );
  const aside = side * (Math.max(...between.map(edge)) + 11);
  const y = source.y + source.height / 2;
  const above = target.y - 13;
  const points = [
    { x: side * edge(source), y },
    { x: aside, y },
    { x: aside, y: above },
    { x: middle + 14 * side, y: above },
    { x: middle + 14 * side, y: target.y },
  ];
  return { points, main: false, failure: false };
};

const widthOf = (name: string, type: string): number =>
  Math.ceil(name.length * CHARACTER) + (PADDING[type] ?? 26);

/** Lays out one column by ELK: only what happens when nothing fails, and failures that stay among its states. */
export const layOut = async (definition: Definition, names: readonly string[]): Promise<Column> => {
  const main = mainPath(definition);
  const inside = (to: string): boolean => names.includes(to);
  const edges = names.flatMap((name) => {
    const flow = flowOf(definition, name).filter(inside);
    const local = failuresOf(definition, name).filter((to) => inside(to) && !flow.includes(to));
    // What is listed last comes to stand rightmost, where the main path is.
    const targets = [...local, ...flow.toReversed()];
    return targets.map((to) => ({ from: name, to, failure: local.includes(to) }));
  });
  const depths = depthsOf(definition);
  const isBack = ({ from, to }: { from: string; to: string }): boolean =>
    (depths.get(to) ?? 0) < (depths.get(from) ?? 0) && reachableFrom(definition, to).has(from);
  const onMainPath = ({ from, to }: { from: string; to: string }): boolean =>
    main.includes(from) && main[main.indexOf(from) + 1] === to;
  const graph: ElkNode = {
    id: 'column',
    layoutOptions: {
      'elk.algorithm': 'layered',
      'elk.direction': 'DOWN',
      'elk.edgeRouting': 'ORTHOGONAL',
      'elk.randomSeed': '1',
      'elk.layered.mergeEdges': 'true',
      'elk.layered.considerModelOrder.strategy': 'NODES_AND_EDGES',
      'elk.layered.nodePlacement.strategy': 'NETWORK_SIMPLEX',
      'elk.layered.spacing.nodeNodeBetweenLayers': String(GAP.layers),
      'elk.spacing.nodeNode': String(GAP.nodes),
      'elk.padding': '[top=0,left=0,bottom=0,right=0]',
    },
    children: names.map((name) => ({
      id: name,
      width: widthOf(name, definition.States[name]?.Type ?? ''),
      height: HEIGHT,
    })),
    edges: edges
      .filter((edge) => !isBack(edge))
      .map((edge) => ({
        id: `${edge.from} ${edge.to} ${edge.failure}`,
        sources: [edge.from],
        targets: [edge.to],
        layoutOptions: onMainPath(edge)
          ? { 'elk.layered.priority.straightness': '100', 'elk.layered.priority.direction': '100' }
          : {},
      })),
  };
  const laidOut = await new elkjs.default().layout(graph);
  const boxes = new Map(
    (laidOut.children ?? []).map(({ id, x = 0, y = 0, width = 0, height = 0 }) => [
      id,
      { x, y, width, height },
    ]),
  );
  const lines: Line[] = (laidOut.edges ?? []).flatMap(({ id, sections = [] }) => {
    const [from = '', to = '', failure] = id.split(' ');
    return sections.map(({ startPoint, bendPoints = [], endPoint }) => ({
      points: [startPoint, ...bendPoints, endPoint],
      main: onMainPath({ from, to }),
      failure: failure === 'true',
    }));
  });
  for (const { from, to } of edges.filter(isBack)) lines.push(lineBack(boxes, from, to));
  return { boxes, lines, width: laidOut.width ?? 0, height: laidOut.height ?? 0 };
};
