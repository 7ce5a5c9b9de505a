import { type CommandContext, HANDSHAKE_COMMANDS } from './command-event.ts';
import { isWrite } from './write-commands.ts';

/** What goes wrong. */
export type FaultAction =
  /** The server answers with this error, and does nothing. */
  | {
      readonly kind: 'refuse';
      readonly code: number;
      readonly codeName?: string;
      readonly errmsg?: string;
      readonly errorLabels?: readonly string[];
    }
  /** The command is done, and the answer is that a majority has not confirmed it. */
  | { readonly kind: 'write-concern-error'; readonly code: number }
  /** The connection breaks before the command is done. */
  | { readonly kind: 'cut-before' }
  /** The command is done, then the connection breaks: the answer is lost. */
  | { readonly kind: 'cut-after' }
  /** The command waits before it is done or, with `when: 'after'`, its answer does. */
  | { readonly kind: 'delay'; readonly ms: number; readonly when?: 'before' | 'after' }
  /** The command is not done, and nothing is ever answered. */
  | { readonly kind: 'hang' }
  /** The next write is told that this is not the primary any more. */
  | { readonly kind: 'fail-over' };

/** Which commands a fault is for. What is left out matches anything. */
export interface FaultMatch {
  /** Without it any command but `hello` and `isMaster`; of `fail-over`, any write. */
  readonly command?: string | readonly string[];
  readonly appName?: string;
  readonly user?: string;
  /** The user that a user management command is about. */
  readonly target?: string;
  readonly instance?: number;
  /**
   * How often it happens.
   *
   * @default 1
   */
  readonly times?: number;
  /**
   * How many matching commands pass first.
   *
   * @default 0
   */
  readonly skip?: number;
}

export type Fault = FaultAction & FaultMatch;

/** A fault that was asked for. */
export interface ArmedFault {
  /** How often it has happened. */
  readonly hits: number;
  /** Takes it back. */
  remove(): void;
}

/** The faults that wait for their command. */
export class Faults {
  readonly #armed = new Set<PendingFault>();

  add(fault: Fault): ArmedFault {
    const pending = new PendingFault(fault, () => this.#armed.delete(pending));
    this.#armed.add(pending);
    return pending;
  }

  clear(): void {
    this.#armed.clear();
  }

  /** The actions for this command, each counted as having happened. */
  take(context: CommandContext): FaultAction[] {
    return [...this.#armed].filter((pending) => pending.strikes(context)).map(({ fault }) => fault);
  }
}

class PendingFault implements ArmedFault {
  readonly fault: Fault;
  readonly remove: () => void;
  hits = 0;
  #passed = 0;

  constructor(fault: Fault, remove: () => void) {
    this.fault = fault;
    this.remove = remove;
  }

  strikes(context: CommandContext): boolean {
    if (!matches(this.fault, context)) return false;
    this.#passed += 1;
    if (this.#passed <= (this.fault.skip ?? 0)) return false;
    this.hits += 1;
    if (this.hits >= (this.fault.times ?? 1)) this.remove();
    return true;
  }
}

const matches = (fault: Fault, context: CommandContext): boolean =>
  matchesCommand(fault, context.command) &&
  (fault.appName === undefined || fault.appName === context.appName) &&
  (fault.user === undefined || fault.user === context.user) &&
  (fault.target === undefined || fault.target === context.target) &&
  (fault.instance === undefined || fault.instance === context.instance);

const matchesCommand = ({ kind, command }: Fault, name: string): boolean => {
  if (command !== undefined) return [command].flat().includes(name);
  return kind === 'fail-over' ? isWrite(name) : !HANDSHAKE_COMMANDS.has(name);
};
