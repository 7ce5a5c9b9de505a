import type { CommandAfter, CommandEvent } from './command-event.ts';
import type { EngineVersion } from './engine-version.ts';
import { type FaultAction, Faults } from './faults.ts';

/** Sees every command. What it returns happens to that command, as a fault would. */
export type CommandHook = (event: CommandEvent) => HookAnswer | Promise<HookAnswer>;

// A hook that only watches returns nothing.
// biome-ignore lint/suspicious/noConfusingVoidType: undefined would force watchers to return it
type HookAnswer = FaultAction | void;

/** How `connectionStatus` tells the roles of the connection. AWS documents that DocumentDB has the command, not what it answers. */
export type RolesInStatus = 'told' | 'empty' | 'absent';

/** What the fronts of one cluster share. */
export class Cluster {
  readonly faults = new Faults();
  readonly hooks = new Set<CommandHook>();
  /** What hooks threw; a failed expectation in one must not pass for a broken connection. */
  readonly hookErrors: unknown[] = [];
  /** Every command but handshakes, in the order of their ends. */
  readonly observed: CommandAfter[] = [];
  readonly primaryUser: string;
  engineVersion: EngineVersion;
  /** `host:port` of every instance. */
  hosts: string[] = [];
  /** Index of the primary instance. */
  primary = 0;
  /** Whether no instance takes writes: in a fail-over, or in a secondary cluster of a global cluster. */
  readOnly = false;
  rolesInStatus: RolesInStatus = 'told';
  /** Indexes of the instances that can't be reached. */
  readonly down = new Set<number>();
  /** Where SecantusDB listens; another port after each restart. */
  upstreamPort = 0;
  #lastConnection = 0;

  constructor(primaryUser: string, engineVersion: EngineVersion) {
    this.primaryUser = primaryUser;
    this.engineVersion = engineVersion;
  }

  nextConnection(): number {
    this.#lastConnection += 1;
    return this.#lastConnection;
  }

  /** Tells the hooks, in order, and gathers what they want to happen. */
  async tell(event: CommandEvent): Promise<FaultAction[]> {
    const actions: FaultAction[] = [];
    for (const hook of this.hooks) {
      try {
        const action = await hook(event);
        if (action) actions.push(action);
      } catch (error) {
        this.hookErrors.push(error);
        throw error;
      }
    }
    return actions;
  }
}
