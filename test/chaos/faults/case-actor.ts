import type { LocalStack } from '../../local-stack/deployment/index.ts';
import { momentProblemsOf } from '../../support/deployed-world.ts';
import { type Call, isWrite, nameOf } from './call.ts';
import type { Actor } from './director.ts';
import type { Effect } from './effect.ts';
import type { Invocation } from './invocations.ts';
import type { Fault } from './planned-fault.ts';
import { placeOf, type Subject, usersOf } from './strategies.ts';

/** Follows one rotation: records its calls, breaks those that are to be broken, and looks after each change. */
export class CaseActor implements Actor {
  readonly secretArn: string;
  readonly users: readonly string[];
  readonly recorded: Call[] = [];
  /** The executions that called a function for this secret, in the order they first did. */
  readonly executions = new Set<string>();
  readonly problems = new Set<string>();
  /** What happened, for the one who has to find out why a case failed. */
  readonly trace: string[] = [];
  readonly #stack: LocalStack;
  readonly #subject: Subject;
  readonly #faults: readonly Fault[];
  readonly #began = Date.now();

  constructor(stack: LocalStack, subject: Subject, faults: readonly Fault[]) {
    this.#stack = stack;
    this.#subject = subject;
    this.#faults = faults;
    this.secretArn = subject.secret.arn;
    this.users = usersOf(subject);
  }

  async before(call: Call, invocation: Invocation | undefined): Promise<Effect | undefined> {
    this.recorded.push(call);
    if (invocation?.executionArn) this.executions.add(invocation.executionArn);
    if (call.side === 'function') this.note(`${call.step} is called (${call.nth})`);
    return await this.#strike('before', call, invocation);
  }

  async after(call: Call, invocation: Invocation | undefined): Promise<Effect | undefined> {
    if (isWrite(call)) {
      this.note(`${nameOf(call)} has changed something`);
      await this.#lookAtMoment(call);
    }
    return await this.#strike('after', call, invocation);
  }

  note(what: string): void {
    this.trace.push(`${String(Date.now() - this.#began).padStart(6)} ms  ${what}`);
  }

  /** Nothing more goes wrong. */
  liftFaults(): void {
    for (const fault of this.#faults) fault.lift();
  }

  async #strike(
    moment: 'before' | 'after',
    call: Call,
    invocation: Invocation | undefined,
  ): Promise<Effect | undefined> {
    let effect: Effect | undefined;
    for (const fault of this.#faults) {
      const strike = fault.strike(moment, call);
      if (!strike) continue;
      this.note(`${nameOf(call)}: ${fault.kind.name}`);
      if (strike.abort) await this.#abort(invocation?.executionArn);
      effect ??= strike.effect;
    }
    return effect;
  }

  async #abort(executionArn: string | undefined): Promise<void> {
    if (!executionArn) return;
    try {
      await this.#stack.executions.abort(executionArn);
    } catch (error) {
      // It ended in the same moment.
      if (!(error instanceof Error) || error.name !== 'ValidationException') throw error;
    }
  }

  async #lookAtMoment(call: Call): Promise<void> {
    for (const problem of await momentProblemsOf(this.#stack, placeOf(this.#subject)))
      this.problems.add(`after ${nameOf(call)}: ${problem}`);
  }
}
