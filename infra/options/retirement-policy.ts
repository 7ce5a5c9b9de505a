import type { RetirementPolicy as Name } from '../../functions/contract/strategy.ts';

/** What becomes of the user that a rotation replaced, once the grace period is over. */
export const RetirementPolicy = {
  /** The user is dropped. */
  DELETE: 'delete',
  /** Its roles are taken away. */
  REVOKE: 'revoke',
  /** It gets a random password that is kept nowhere. */
  LOCK: 'lock',
  /** Nothing is done. */
  KEEP: 'keep',
} as const satisfies Record<string, Name>;

export type RetirementPolicy = Name;
