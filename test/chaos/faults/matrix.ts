import { type Call, nameOf } from './call.ts';
import { distinctCalls } from './distinct-calls.ts';
import { WAY_NAMES, type WayName, wayNamed } from './entry-points.ts';
import { FAULT_KINDS, type FaultKind } from './fault-kinds.ts';
import { STRATEGIES, type StrategyName } from './strategies.ts';

/** One rotation with one fault. */
export interface Case {
  readonly strategy: StrategyName;
  readonly way: WayName;
  readonly target: Call;
  readonly kind: FaultKind;
}

export const idOf = ({ strategy, way, target, kind }: Case): string =>
  `${strategy}/${way}/${nameOf(target)}/${kind.name}`;

/** A strategy on a way: what a clean run is recorded for. */
export interface Combination {
  readonly strategy: StrategyName;
  readonly way: WayName;
}

export const COMBINATIONS: readonly Combination[] = STRATEGIES.flatMap((strategy) =>
  WAY_NAMES.filter((way) => wayNamed(way).isFor(strategy)).map((way) => ({ strategy, way })),
);

/** Every call of a clean run that tells something of its own, broken in every way that makes sense for it. */
export const casesOf = ({ strategy, way }: Combination, recorded: readonly Call[]): Case[] =>
  distinctCalls(recorded).flatMap((target) => {
    if (!wayNamed(way).isNewIn(target.step)) return [];
    return FAULT_KINDS.filter((kind) => kind.appliesTo(target)).map((kind) => ({
      strategy,
      way,
      target,
      kind,
    }));
  });

/** Every way with one or two strategies, every strategy on one or two ways: enough for each step to be met. */
const QUICK: readonly string[] = [
  'single-by-itself/revert',
  'single-through-admin/on-demand',
  'single-through-admin/failing',
  'alternating-first/secrets-manager',
  'alternating-first/stopped',
  'alternating-second/failing',
  'admin-clone-first/on-demand',
  'admin-clone-second/stopped-revert',
];

export const isInQuickSample = ({ strategy, way }: Combination): boolean =>
  QUICK.includes(`${strategy}/${way}`);

/** A sample: every step with every fault that it knows, usually each on another strategy and way than the one before. */
export const quickSample = (cases: readonly Case[]): Case[] => {
  const groups = Map.groupBy(cases, ({ target, kind }) => `${target.step} ${kind.name}`);
  return [...groups.values()].flatMap((group, index) => group[(index * 7919) % group.length] ?? []);
};

/** @param shard from 1 to `shards` */
export const shardOf = (cases: readonly Case[], shard: number, shards: number): Case[] =>
  cases.filter((_, index) => index % shards === shard - 1);
