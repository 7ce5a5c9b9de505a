import type { SecretDescription } from './ports.ts';

export const CURRENT = 'AWSCURRENT';
export const PENDING = 'AWSPENDING';
export const PREVIOUS = 'AWSPREVIOUS';

/** The three labels that Secrets Manager gives a meaning. */
export type StagingLabel = typeof CURRENT | typeof PENDING | typeof PREVIOUS;

const TICKET_PREFIX = 'docdb-rotation-';

/**
 * The label of its own under which an on-demand rotation puts its version until it has the lock. One for each
 * rotation, since a label can be on one version only.
 */
export const ticketOf = (token: string): string => `${TICKET_PREFIX}${token}`;

/**
 * The label that tells a rotation to go no further. It keeps AWSPENDING, its lock and record, so that nobody else
 * begins while a recovery waits for its last step to end.
 */
export const stopOf = (token: string): string => `${TICKET_PREFIX}stop-${token}`;

/** Whether a label is one of this project's own. */
export const isTicket = (label: string): boolean => label.startsWith(TICKET_PREFIX);

/** @returns the id of the version that holds the label, if any does */
export const holderOf = (secret: SecretDescription, label: string): string | undefined =>
  Object.entries(secret.versions).find(([, labels]) => labels.includes(label))?.[0];

export const hasLabel = (secret: SecretDescription, version: string, label: string): boolean =>
  secret.versions[version]?.includes(label) ?? false;

/**
 * AWSPENDING is the lock. On no version it is free, and where it rests on AWSCURRENT: that is how a rotation ends.
 */
export const isLockFree = (secret: SecretDescription): boolean => {
  const holder = holderOf(secret, PENDING);
  return holder === undefined || hasLabel(secret, holder, CURRENT);
};
