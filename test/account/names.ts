/** What the kit's stacks and secrets are called, unless someone says otherwise. */
export const DEFAULT_NAME = 'docdb-rotation-conformance';

/** The stacks, in the order in which they are made. They are taken down the other way round. */
export const stacksOf = (name: string) => ({ ground: `${name}-ground`, rotation: `${name}-rotation` });

/** What stacks and secrets begin with that questions make for themselves. */
export const ownNames = (name: string): string => `${name}-own`;

/** The users whose secrets the construct rotates, each in its own way. The admin's secret is the primary user's. */
export const SECRETS = [
  { id: 'Single', user: 'kit_single', strategy: 'single-user', roles: ['readWriteAnyDatabase'] },
  { id: 'Pair', user: 'kit_pair', strategy: 'alternating-users', roles: ['readWriteAnyDatabase'] },
  { id: 'Clone', user: 'kit_admin', strategy: 'admin-clone', roles: ['root'] },
] as const;

export type SecretId = (typeof SECRETS)[number]['id'];

/** How long a replaced user stays: long enough to look at it. */
export const GRACE_SECONDS = 20;
