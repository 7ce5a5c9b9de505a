/** What becomes of the user that a rotation replaced, once the grace period is over. */
export const PREDECESSORS = ['delete', 'revoke', 'lock', 'keep'] as const;

/**
 * - `delete`: the user is dropped.
 * - `revoke`: its roles are taken away.
 * - `lock`: it gets a random password that nobody keeps.
 * - `keep`: nothing is done.
 */
export type Predecessor = (typeof PREDECESSORS)[number];
