import type { Side } from './call.ts';

/** What can happen to a call. */
export type Effect =
  /** It is told that the trouble passes: throttled, or shutting down. */
  | 'refuse-for-now'
  /** It is told that it may not, or that the database takes no such thing. */
  | 'refuse'
  /** The connection breaks before it is carried out. */
  | 'cut'
  /** It is carried out, and then the connection breaks. */
  | 'lose-reply'
  /** It is carried out, but its caller has given up waiting by then. */
  | 'delay'
  /** The process that makes it dies. */
  | 'kill';

export const THROTTLED = 'ThrottlingException';

/** How long a function may run here. On AWS it is a minute, for which no test wants to wait. */
export const FUNCTION_SECONDS = 14;

/** Longer than the one who waits for it does: the emulator, the SDK (8 s), the driver (10 s). */
export const HELD_MS: Readonly<Record<Side, number>> = {
  function: FUNCTION_SECONDS * 1000 + 1000,
  'secrets-manager': 9000,
  database: 11_000,
};
