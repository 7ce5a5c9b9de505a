import type { FunctionError, Invocation, InvocationListener } from '../../../chaos/faults/invocations.ts';
import type { Breakpoint, Decision, Hold, MachineName, Moment } from '../model.ts';

/** Where an execution is. */
export interface Place {
  readonly machine: MachineName;
  readonly state: string;
}

export interface BreakpointPorts {
  /** Which state of which machine has called a function. */
  placeOf(executionArn: string): Promise<Place | undefined>;
  stop(executionArn: string): Promise<void>;
  /** Ends the function's process, so that what it came to is never answered. */
  kill(invocation: Invocation): void;
  changed(): void;
}

interface Waiting {
  readonly hold: Hold;
  decide(decision: Decision): void;
}

const keyOf = ({ machine, state, moment }: Breakpoint): string => `${machine} ${state} ${moment}`;

/** Holds executions before or after a state's function, until someone decides how it goes on. */
export class Breakpoints implements InvocationListener {
  readonly #ports: BreakpointPorts;
  readonly #set = new Map<string, Breakpoint>();
  readonly #waiting = new Map<number, Waiting>();
  readonly #stopped = new Set<string>();
  /** The calls whose replies are to be lost, which was decided before they began. */
  readonly #losing = new Set<Invocation>();
  /** The executions that are held at the next moment, be there a breakpoint or not. */
  readonly #stepping = new Set<string>();
  #lastId = 0;

  constructor(ports: BreakpointPorts) {
    this.#ports = ports;
  }

  get all(): readonly Breakpoint[] {
    return [...this.#set.values()];
  }

  get holds(): readonly Hold[] {
    return [...this.#waiting.values()].map(({ hold }) => hold);
  }

  set(breakpoint: Breakpoint, isOn: boolean): void {
    if (isOn) this.#set.set(keyOf(breakpoint), breakpoint);
    else this.#set.delete(keyOf(breakpoint));
    this.#ports.changed();
  }

  /** Holds an execution at the next moment at which it can be. */
  step(executionArn: string): void {
    this.#stepping.add(executionArn);
  }

  /** @returns whether there is such a hold */
  decide(id: number, decision: Decision): boolean {
    const waiting = this.#waiting.get(id);
    waiting?.decide(decision);
    return waiting !== undefined;
  }

  /** It was stopped, or timed out: nothing of it goes on. */
  ended(executionArn: string): void {
    this.#stopped.add(executionArn);
    for (const { hold, decide } of this.#waiting.values())
      if (hold.arn === executionArn) decide({ action: 'stop' });
  }

  async begins(invocation: Invocation, event: unknown): Promise<boolean | FunctionError> {
    if (this.#isStopped(invocation)) return false;
    const decision = await this.#hold(invocation, 'before', event);
    if (decision.action === 'stop') return false;
    if (decision.action === 'lose-reply') this.#losing.add(invocation);
    return decision.action === 'fail' ? errorOf(decision) : true;
  }

  async ends(invocation: Invocation, answer: unknown): Promise<FunctionError | undefined> {
    const isLosing = this.#losing.delete(invocation);
    const decision = await this.#hold(invocation, 'after', answer);
    if (isLosing || decision.action === 'lose-reply') this.#ports.kill(invocation);
    return decision.action === 'fail' ? errorOf(decision) : undefined;
  }

  #isStopped({ executionArn }: Invocation): boolean {
    return executionArn !== undefined && this.#stopped.has(executionArn);
  }

  async #hold(invocation: Invocation, moment: Moment, data: unknown): Promise<Decision> {
    const arn = invocation.executionArn;
    if (arn === undefined || this.#set.size + this.#stepping.size === 0) return { action: 'continue' };
    const place = await this.#ports.placeOf(arn);
    if (!place || !this.#isDue(arn, { ...place, moment })) return { action: 'continue' };
    const decision = await this.#decided({ ...place, moment, arn, data });
    if (decision.action === 'stop' && !this.#stopped.has(arn)) {
      this.#stopped.add(arn);
      await this.#ports.stop(arn);
    }
    if (decision.action === 'step') this.step(arn);
    return decision;
  }

  #isDue(arn: string, breakpoint: Breakpoint): boolean {
    return this.#stepping.delete(arn) || this.#set.has(keyOf(breakpoint));
  }

  async #decided(hold: Omit<Hold, 'id' | 'since'>): Promise<Decision> {
    const id = ++this.#lastId;
    const { promise, resolve } = Promise.withResolvers<Decision>();
    this.#waiting.set(id, { hold: { ...hold, id, since: Date.now() }, decide: resolve });
    this.#ports.changed();
    const decision = await promise;
    this.#waiting.delete(id);
    this.#ports.changed();
    return decision;
  }
}

const errorOf = ({ error, cause }: Extract<Decision, { action: 'fail' }>): FunctionError => ({
  errorType: error,
  errorMessage: cause,
});
