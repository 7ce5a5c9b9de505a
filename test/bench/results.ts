import type { Counts } from './counts.ts';
import type { Way } from './entry-points.ts';
import type { FloorCounts } from './floor-contract.ts';
import type { Summary } from './statistics.ts';
import type { StrategyName } from './strategies.ts';

/** Milliseconds are for those who want to look closer. What is quoted is a ratio to the floor of the same run. */
export interface Results {
  readonly at: string;
  readonly rounds: number;
  readonly machine: { readonly node: string; readonly platform: string; readonly processors: number };
  readonly floor: readonly FloorResult[];
  readonly rotations: readonly RotationResult[];
  /** A start of Node with nothing to load: the floor of all starts. */
  readonly node: { readonly startMs: Summary; readonly peakMegabytes: number };
  readonly functions: readonly FunctionResult[];
  /** What must not be: a login that failed while a pair rotated, a count that is not the one in memory. */
  readonly problems: readonly string[];
}

export interface Measured {
  readonly seconds: Summary;
  readonly outageMs: Summary;
  /** Of the client that watched, over all rounds. */
  readonly logins: number;
  readonly failures: number;
}

export interface FloorResult extends Measured {
  readonly strategy: StrategyName;
  readonly counts: FloorCounts;
}

export interface Rated extends Measured {
  readonly timesFloor: number;
  /** None where the floor has no outage either. */
  readonly outageTimesFloor: number | undefined;
}

export interface RotationResult {
  readonly strategy: StrategyName;
  readonly way: Way;
  readonly warm: Rated;
  readonly cold: Rated;
  readonly counts: Counts;
}

export interface FunctionResult {
  readonly name: string;
  readonly kilobytes: number;
  readonly startMs: Summary;
  readonly startTimesNode: number;
  /** Of the handler, by its own log; none of those that no rotation calls, or that do not log it. */
  readonly callMs: Summary | undefined;
  /** When it was ready. */
  readonly startMegabytes: number;
  /** After its calls, where it was called and the system tells. */
  readonly peakMegabytes: number | undefined;
}
