import type { Gate, Processes } from '../../support/port-calls.ts';
import {
  executionArn,
  RecoveryMachine,
  RetirementMachine,
  RotationMachine,
  stoppedEvent,
} from '../../support/rotation-machine.ts';
import { begunByService } from '../../support/rotation-steps.ts';
import type { RotationWorld } from '../../support/rotation-world.ts';
import type { Ending } from '../../support/state-machine.ts';

export type Kind = 'rotation' | 'recovery' | 'retirement';

const MACHINES = { rotation: RotationMachine, recovery: RecoveryMachine, retirement: RetirementMachine };

/** Before which call an execution is held: the number of that call, or the first of that name; never, where there is none. */
export type Hold = number | { readonly before: string; readonly isLate: boolean };

/** One execution, which may be held before a call of it and let go later, or be stopped while it is held. */
class Held implements Processes {
  readonly kind: Kind;
  readonly arn: string;
  readonly input: Record<string, unknown>;
  holdAt: Hold;
  readonly #beforeFunction: (number: number) => Promise<void>;
  #calls = 0;
  #functions = 0;
  #letGo: () => void = () => {};
  #onHold: () => void = () => {};
  #isBetween = false;
  isHeld = false;
  isStopped = false;
  ended: Promise<Ending | undefined> = Promise.resolve(undefined);

  constructor(
    { kind, arn, input }: { kind: Kind; arn: string; input: Record<string, unknown> },
    holdAt: Hold,
    beforeFunction: (number: number) => Promise<void>,
  ) {
    this.kind = kind;
    this.arn = arn;
    this.input = input;
    this.holdAt = holdAt;
    this.#beforeFunction = beforeFunction;
  }

  process(): Gate {
    this.#functions += 1;
    const number = this.#functions;
    let isFirst = true;
    return async (method, apply) => {
      const isBetween = isFirst;
      isFirst = false;
      if (isBetween) await this.#beforeFunction(number);
      this.#calls += 1;
      if (this.#isHeldBefore(method, isBetween)) {
        this.#isBetween = isBetween;
        await this.#hold();
      }
      return apply();
    };
  }

  #isHeldBefore(method: string, isBetween: boolean): boolean {
    const { holdAt } = this;
    if (typeof holdAt === 'object') return holdAt.before === method;
    return this.#calls === holdAt || (isBetween && holdAt === NEXT_FUNCTION);
  }

  async #hold(): Promise<void> {
    this.isHeld = true;
    const released = new Promise<void>((resolve) => {
      this.#letGo = resolve;
    });
    this.#onHold();
    await released;
    this.isHeld = false;
  }

  /** Until it has ended, or is held. */
  async rest(): Promise<void> {
    if (this.isHeld) return;
    const onHold = new Promise<void>((resolve) => {
      this.#onHold = resolve;
    });
    await Promise.race([this.ended, onHold]);
  }

  /** @param holdAt where it is held next */
  async letGo(holdAt: Hold = 0): Promise<void> {
    if (!this.isHeld || this.isStopped) return;
    await this.#goOn(holdAt);
  }

  async #goOn(holdAt: Hold): Promise<void> {
    this.holdAt = holdAt;
    this.isHeld = false;
    this.#letGo();
    await this.rest();
  }

  /** A call that is on its way still when its function has ended. */
  get #isLate(): boolean {
    return typeof this.holdAt === 'object' && this.holdAt.isLate;
  }

  /** A function that runs ends by itself, at the latest by its time-out: a recovery waits for that. */
  async endFunction(): Promise<void> {
    if (this.isHeld && !this.#isBetween && !this.#isLate) await this.#goOn(NEXT_FUNCTION);
  }

  /** StopExecution: no further function begins. */
  async stop(): Promise<void> {
    if (!this.isHeld || this.#isLate) return;
    await this.endFunction();
    this.isStopped = this.isHeld;
  }
}

const NEXT_FUNCTION = -1;

/** What runs, is held, or waits for its grace. */
export class Executions {
  readonly #world: RotationWorld;
  readonly #onEnd: (what: string) => void;
  readonly all: Held[] = [];
  readonly #retirements: Record<string, unknown>[] = [];
  readonly arns = new Set<string>();
  readonly tokens: string[] = [];
  /** What the operators were told of retirements. */
  failedRetirements = 0;
  #number = 0;

  constructor(world: RotationWorld, onEnd: (what: string) => void) {
    this.#world = world;
    this.#onEnd = onEnd;
  }

  nextName(): string {
    this.#number += 1;
    return `honest-${this.#number}`;
  }

  /** The name that an honest execution will have: someone may guess it. */
  get guessed(): string {
    return `honest-${this.#number + 1}`;
  }

  async start(
    kind: Kind,
    name: string,
    input: Record<string, unknown>,
    holdAt: Hold = 0,
  ): Promise<Ending | undefined> {
    const arn = executionArn(name, kind);
    if (this.arns.has(arn)) return undefined;
    this.arns.add(arn);
    const drain = async (number: number): Promise<void> => {
      if (kind !== 'recovery' || number < 2) return;
      for (const other of this.all) if (other !== execution) await other.endFunction();
    };
    const execution = new Held({ kind, arn, input }, holdAt, drain);
    this.all.push(execution);
    const machine = new MACHINES[kind](this.#world, { calls: execution });
    execution.ended = machine.run(arn, input).then((ending) => this.#end(execution, machine, ending));
    await execution.rest();
    return execution.isHeld ? undefined : await execution.ended;
  }

  async #end(execution: Held, { retirements }: RotationMachine, ending: Ending): Promise<Ending> {
    const { kind, arn, input } = execution;
    this.#onEnd(
      `${arn.split(':').slice(-2).join(':')} ${ending.error ?? ending.status}${execution.isStopped ? ' (stopped)' : ''}`,
    );
    for (const request of retirements) {
      const { Input } = request as { Input: Record<string, unknown> };
      const { AWS_STEP_FUNCTIONS_STARTED_BY_EXECUTION_ID: _, ...rest } = Input;
      this.#retirements.push(rest);
    }
    if (kind === 'retirement' && ending.status === 'FAILED') this.failedRetirements += 1;
    // The rule for executions that ended without compensation.
    if (ending.error === 'RotationSupersededError')
      await this.recover({ ...stoppedEvent(arn, input, 'FAILED'), error: ending.error });
    return ending;
  }

  recover(input: object, name = this.nextName(), holdAt: Hold = 0): Promise<Ending | undefined> {
    return this.start('recovery', name, input as Record<string, unknown>, holdAt);
  }

  /** By Secrets Manager's schedule. */
  async scheduled(secretId: string, holdAt: Hold): Promise<Ending | undefined> {
    const name = `${this.nextName()}-1`;
    try {
      const token = await begunByService(this.#world, executionArn(name));
      this.tokens.push(token);
      return await this.start('rotation', name, { secretId, token }, holdAt);
    } catch {
      return undefined;
    }
  }

  get held(): Held[] {
    return this.all.filter(({ isHeld, isStopped }) => isHeld && !isStopped);
  }

  async stop(one: Held): Promise<void> {
    await one.stop();
    if (one.isStopped) await this.recover(stoppedEvent(one.arn, one.input));
  }

  /** The grace is over. */
  async retire(holdAt: Hold = 0): Promise<void> {
    const input = this.#retirements.shift();
    if (input !== undefined)
      await this.start('retirement', this.nextName(), { ...input, graceSeconds: 0 }, holdAt);
  }

  get waiting(): number {
    return this.#retirements.length;
  }

  async endAll(): Promise<void> {
    while (this.held.length > 0) await this.held[0]?.letGo();
    while (this.waiting > 0) await this.retire();
  }
}
