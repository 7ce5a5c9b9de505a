import type { SecretDescription } from './secret-store.ts';
import { versionIdsOf } from './version-ids.ts';

export const CURRENT = 'AWSCURRENT';
export const PENDING = 'AWSPENDING';
export const PREVIOUS = 'AWSPREVIOUS';

/** The three labels that Secrets Manager gives a meaning. */
export type StagingLabel = typeof CURRENT | typeof PENDING | typeof PREVIOUS;

/** On a version of the execution that has the lock. */
export const OWNER = 'docdb-rotation-owner';

/** Lets a version exist before it has another label. It says nothing, is stolen freely and never removed. */
export const CLAIM = 'docdb-rotation-claim';

/** Whether a label is one that this project used before 0.2, for each rotation another. */
export const isOldLabel = (label: string): boolean =>
  label.startsWith('docdb-rotation-') && label !== OWNER && label !== CLAIM;

/** @returns the id of the version that holds the label, if any does */
export const holderOf = (secret: Pick<SecretDescription, 'versions'>, label: string): string | undefined =>
  Object.entries(secret.versions).find(([, labels]) => labels.includes(label))?.[0];

export const hasLabel = (
  secret: Pick<SecretDescription, 'versions'>,
  version: string,
  label: string,
): boolean => Object.hasOwn(secret.versions, version) && secret.versions[version]?.includes(label) === true;

/** Who has the lock, as an execution sees it. */
export const lockHolder = (
  secret: SecretDescription,
  execution: string,
): 'none' | 'this execution' | 'another' => {
  const holder = holderOf(secret, OWNER);
  if (holder === undefined) return 'none';
  return versionIdsOf(execution).includes(holder) ? 'this execution' : 'another';
};
