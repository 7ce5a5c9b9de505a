/** How a secret is rotated. */
export const STRATEGIES = ['single-user', 'alternating-users', 'admin-clone'] as const;
export type Strategy = (typeof STRATEGIES)[number];

/** What becomes of the user that a rotation of a pair replaced, its predecessor. */
export const RETIREMENT_POLICIES = ['delete', 'revoke', 'lock', 'keep'] as const;
export type RetirementPolicy = (typeof RETIREMENT_POLICIES)[number];

/** What the deployment says of a secret that it manages. What it leaves open, the secret's tags may say. */
export interface Declaration {
  /** Its ARN, with question marks for the six characters that a deployment may not know. */
  readonly secret: string;
  readonly strategy: Strategy;
  /** Such an ARN too. */
  readonly adminSecret?: string | undefined;
  readonly retirementPolicy?: RetirementPolicy | undefined;
  readonly graceSeconds?: number | undefined;
}
