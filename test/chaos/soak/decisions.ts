import { FAULT_KINDS } from '../faults/fault-kinds.ts';
import type { ByHand } from './by-hand.ts';
import { Random } from './random.ts';

/** How a rotation begins. */
export type Beginning =
  | 'on-demand'
  | 'secrets-manager'
  | 'revert'
  /** Both ways in at the same moment: one of them must lose, and harm nothing. */
  | 'both'
  | 'verify'
  | 'recover';

/** What someone does to one secret next. */
export interface Decision {
  readonly beginning: Beginning;
  /** What breaks, and at which of the calls. */
  readonly fault?: { readonly kind: string; readonly call: number };
  /** A second fault, usually met in the compensation of the first. */
  readonly second?: { readonly kind: string; readonly call: number };
  /** What someone else does to the same secret once so many calls have been made. */
  readonly meanwhile?: { readonly mode: Interference; readonly call: number };
  readonly pauseMs: number;
}

export type Interference = 'rotate' | 'verify' | 'revert' | 'recover' | ByHand;

const BEGINNINGS: Readonly<Record<Beginning, number>> = {
  'on-demand': 50,
  'secrets-manager': 25,
  revert: 10,
  both: 6,
  verify: 4,
  recover: 5,
};

/** Those that take ten seconds and more are drawn seldom. */
const SLOW = new Set(['delayed', 'timed-out-before', 'timed-out-after', 'outage', 'throttled']);

const FAULTS = Object.fromEntries(FAULT_KINDS.map(({ name }) => [name, SLOW.has(name) ? 1 : 10]));

/** Calls of a rotation and its compensation, roughly: later ones are not met. */
const CALLS = 90;

/** The decisions for one secret: the same for the same seed, whatever the clock does. */
export function* decisions(seed: number, secret: number): Generator<Decision, never> {
  const random = new Random(seed * 1_000_003 + secret * 7919);
  for (;;) {
    yield {
      beginning: random.weighted(BEGINNINGS),
      pauseMs: random.below(400),
      ...(random.chance(0.4) ? { fault: faultFrom(random) } : {}),
      ...(random.chance(0.08) ? { second: faultFrom(random) } : {}),
      ...(random.chance(0.2) ? { meanwhile: interferenceFrom(random) } : {}),
    };
  }
}

const INTERFERENCES: Readonly<Record<Interference, number>> = {
  rotate: 3,
  verify: 1,
  revert: 3,
  recover: 3,
  edit: 2,
  'take-pending-off': 2,
  'take-lock-off': 1,
  copy: 2,
  stop: 3,
};

const interferenceFrom = (random: Random): NonNullable<Decision['meanwhile']> => ({
  mode: random.weighted(INTERFERENCES),
  call: 1 + random.below(CALLS),
});

const faultFrom = (random: Random): NonNullable<Decision['fault']> => ({
  kind: random.weighted(FAULTS),
  call: 1 + random.below(CALLS),
});
