import type { LocalStack } from '../../local-stack/deployment/index.ts';
import type { Call } from '../faults/call.ts';
import { CaseActor } from '../faults/case-actor.ts';
import type { Effect } from '../faults/effect.ts';
import type { Invocation } from '../faults/invocations.ts';
import type { Fault } from '../faults/planned-fault.ts';
import type { Subject } from '../faults/strategies.ts';

/** Someone who does something to the secret while a rotation of it is under way. */
export interface Meanwhile {
  readonly call: number;
  act(): Promise<void>;
}

/** An actor beside whom others act on the same secret. */
export class SoakActor extends CaseActor {
  readonly #meanwhile: Meanwhile | undefined;
  #calls = 0;

  constructor(
    stack: LocalStack,
    subject: Subject,
    faults: readonly Fault[],
    meanwhile: Meanwhile | undefined,
  ) {
    super(stack, subject, faults);
    this.#meanwhile = meanwhile;
  }

  override async before(call: Call, invocation: Invocation | undefined): Promise<Effect | undefined> {
    this.#calls += 1;
    if (this.#calls === this.#meanwhile?.call) await this.#meanwhile.act();
    return await super.before(call, invocation);
  }
}
