import type { Call } from '../faults/call.ts';
import type { FaultKind } from '../faults/fault-kinds.ts';
import { type Fault, PlannedFault, type Strike } from '../faults/planned-fault.ts';

/** A fault that is aimed at a number: the first call from there on to which it can happen. */
export class RandomFault implements Fault {
  readonly kind: FaultKind;
  readonly #from: number;
  #calls = 0;
  #planned: PlannedFault | undefined;
  #isLifted = false;

  constructor(kind: FaultKind, from: number) {
    this.kind = kind;
    this.#from = from;
  }

  get hits(): number {
    return this.#planned?.hits ?? 0;
  }

  strike(moment: 'before' | 'after', call: Call): Strike | undefined {
    if (moment === 'before') this.#calls += 1;
    if (this.#calls >= this.#from && moment === this.kind.when && this.kind.appliesTo(call)) {
      this.#planned ??= new PlannedFault(call, this.kind);
    }
    return this.#isLifted ? undefined : this.#planned?.strike(moment, call);
  }

  lift(): void {
    this.#isLifted = true;
    this.#planned?.lift();
  }
}
