import { SecretsManagerRefusedError } from '../../functions/contract/errors.ts';

/** What stands between a step and a port: it may watch a call, delay it, or make it fail. */
export type Gate = <T>(method: string, apply: () => T) => Promise<T>;

export const openGate: Gate = async (_method, apply) => apply();

/** Lambda's own name for a process that ended in the middle of a call; the state machine retries it. */
export class ProcessDiedError extends Error {
  override readonly name = 'Runtime.ExitError';
}

export interface Fault {
  /** Which call fails, counted from 1. */
  readonly call: number;
  /** How many calls fail, from that one on: an outage. 1 by default. */
  readonly calls?: number;
  /** `after`: the call had its effect, and only its reply is lost. */
  readonly when: 'before' | 'after';
  readonly error: (method: string) => Error;
}

export interface PortCallsOptions {
  readonly faults?: readonly Fault[];
  /** Called after each call that may have had an effect, before its caller goes on. */
  readonly watch?: () => void;
  /** Awaited before each call, so that calls of several processes can take turns. */
  readonly turn?: (method: string) => Promise<unknown>;
}

/** Gives each process its gate. */
export interface Processes {
  process(): Gate;
}

/** The port calls of an execution, in their order: each is recorded, and one of them may fail. */
export class PortCalls implements Processes {
  readonly recorded: string[] = [];
  /** Whether some call was refused for good. */
  wasRefused = false;
  readonly #options: PortCallsOptions;

  constructor(options: PortCallsOptions = {}) {
    this.#options = options;
  }

  /** The gate of one process. Once it has died it lets nothing through any more, not even what code does about errors. */
  process(): Gate {
    const { faults = [], watch, turn } = this.#options;
    let dead = false;
    const fail = (error: Error): Error => {
      dead = error instanceof ProcessDiedError;
      this.wasRefused ||= error instanceof SecretsManagerRefusedError;
      return error;
    };
    return async (method, apply) => {
      await turn?.(method);
      if (dead) throw new ProcessDiedError('the process is dead');
      this.recorded.push(method);
      const due = faults.find(isDue(this.recorded.length));
      if (due?.when === 'before') throw fail(due.error(method));
      const settle = settled(apply);
      watch?.();
      // A lost reply hides what the call answered, an error too.
      if (due?.when === 'after') throw fail(due.error(method));
      return settle();
    };
  }
}

const isDue =
  (number: number) =>
  ({ call, calls = 1 }: Fault): boolean =>
    number >= call && number < call + calls;

/** Has the effect now, and gives or throws its answer later. */
const settled = <T>(apply: () => T): (() => T) => {
  try {
    const value = apply();
    return () => value;
  } catch (error) {
    return () => {
      throw error;
    };
  }
};

/** How often each method was called. */
export const count = (calls: PortCalls, method: string): number =>
  calls.recorded.filter((recorded) => recorded === method).length;
