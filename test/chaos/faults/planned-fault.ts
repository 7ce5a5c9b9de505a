import type { Call } from './call.ts';
import type { Effect } from './effect.ts';
import type { FaultKind } from './fault-kinds.ts';

/** Requests that the SDK sends for one call before it gives up. */
const SDK_ATTEMPTS = 3;

/** Longer than the retries of the forward path go on for, at the pace of these tests. */
const OUTAGE_MS = 7000;

/** What is to happen to a call, and whether its execution is stopped. */
export interface Strike {
  readonly effect: Effect | undefined;
  readonly abort: boolean;
}

/** Something that goes wrong with a call. */
export interface Fault {
  readonly kind: FaultKind;
  /** How often it has struck. */
  readonly hits: number;
  /** Asked when a call begins, and when it was carried out. */
  strike(moment: 'before' | 'after', call: Call): Strike | undefined;
  /** The reason is gone: nothing more is struck. */
  lift(): void;
}

/** A fault that waits for its call. */
export class PlannedFault implements Fault {
  readonly target: Call;
  readonly kind: FaultKind;
  #hits = 0;
  #since = 0;
  #lifted = false;

  constructor(target: Call, kind: FaultKind) {
    this.target = target;
    this.kind = kind;
  }

  get hits(): number {
    return this.#hits;
  }

  strike(moment: 'before' | 'after', call: Call): Strike | undefined {
    if (this.#lifted || moment !== this.kind.when || !this.#concerns(call)) return undefined;
    if (this.#hits === 0) this.#since = Date.now();
    this.#hits += 1;
    return { effect: this.kind.effect, abort: this.kind.abort ?? false };
  }

  lift(): void {
    this.#lifted = true;
  }

  #concerns(call: Call): boolean {
    if (this.#hits === 0) return isSame(this.target, call);
    const sameOperation = call.side === this.target.side && call.operation === this.target.operation;
    const sameStep = call.step === this.target.step;
    switch (this.kind.extent) {
      case 'once':
        return false;
      case 'attempts':
        return sameOperation && sameStep && this.#hits < this.#attempts();
      case 'step':
        return sameOperation && sameStep;
      case 'operation':
        return sameOperation;
      case 'side':
        return call.side === this.target.side && Date.now() - this.#since < OUTAGE_MS;
    }
  }

  /** The driver sends a command once. */
  #attempts(): number {
    return this.target.side === 'secrets-manager' ? SDK_ATTEMPTS : 1;
  }
}

const isSame = (one: Call, other: Call): boolean =>
  one.step === other.step && one.operation === other.operation && one.nth === other.nth;
