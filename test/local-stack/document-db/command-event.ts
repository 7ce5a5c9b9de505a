/** What a front knows of a command. There is never a password or a proof in it. */
export interface CommandContext {
  /** Index of the instance that was asked. */
  readonly instance: number;
  /** The name of the command: `updateUser`, `saslStart`, `ping`… */
  readonly command: string;
  /** Who is logged in on the connection or, during a login, who is trying to. */
  readonly user?: string;
  readonly loggedIn: boolean;
  /** The driver's appName. */
  readonly appName?: string;
  /** Tells connections apart; never used twice by one cluster. */
  readonly connection: number;
  /** The user that a user management command is about. */
  readonly target?: string;
}

/** How a command ended, as its sender saw it. */
export interface CommandOutcome {
  /** `cut` means that the connection broke instead of an answer. */
  readonly outcome: 'ok' | 'error' | 'cut';
  /** The error's code, of an `error`. */
  readonly code?: number;
}

export type CommandBefore = CommandContext & { readonly when: 'before' };
export type CommandAfter = CommandContext & CommandOutcome & { readonly when: 'after' };
export type CommandEvent = CommandBefore | CommandAfter;

/** The commands by which a driver gets to know a server; faults and records leave them out unless named. */
export const HANDSHAKE_COMMANDS: ReadonlySet<string> = new Set(['hello', 'isMaster']);
