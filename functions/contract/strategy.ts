/** How a secret is rotated. */
export const STRATEGIES = ['single-user', 'alternating-users', 'admin-clone'] as const;
export type Strategy = (typeof STRATEGIES)[number];

/** What becomes of the user that a rotation of a pair replaced, its predecessor. */
export const RETIREMENT_POLICIES = ['delete', 'revoke', 'lock', 'keep'] as const;
export type RetirementPolicy = (typeof RETIREMENT_POLICIES)[number];
