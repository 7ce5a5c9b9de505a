/** What becomes of the user that a rotation replaced, once the grace period is over. */
export const Predecessor = {
  /** The user is dropped. */
  DELETE: 'delete',
  /** Its roles are taken away. */
  REVOKE: 'revoke',
  /** It gets a random password that nobody keeps. */
  LOCK: 'lock',
  /** Nothing is done. */
  KEEP: 'keep',
} as const;

export type Predecessor = (typeof Predecessor)[keyof typeof Predecessor];

export const PREDECESSORS = Object.values(Predecessor);
