import { CURRENT, holderOf, OWNER, PENDING, PREVIOUS } from '../../../functions/secret/labels.ts';
import { versionIdsOf } from '../../../functions/secret/version-ids.ts';
import type { Secret } from '../aws/secrets.ts';

/** Those that tell where a secret stands. Who may write a version may give it any others, of any words. */
export const SHOWN_LABELS: readonly string[] = [CURRENT, PENDING, PREVIOUS, OWNER];

type Labelled = Pick<Secret, 'versions'>;

const holder = ({ versions }: Labelled, label: string): string | undefined =>
  holderOf(
    { versions: Object.fromEntries(Object.entries(versions).map(([id, labels]) => [id, [...labels]])) },
    label,
  );

export const currentVersion = (secret: Labelled): string | undefined => holder(secret, CURRENT);

/** Whether the lock is held by none of the executions that run: what should have released it has failed, or never started. */
export const isLockLost = (secret: Labelled, running: readonly { readonly arn: string }[]): boolean => {
  const owner = holder(secret, OWNER);
  return owner !== undefined && !running.some(({ arn }) => versionIdsOf(arn).includes(owner));
};

export const isLocked = (secret: Labelled): boolean => holder(secret, OWNER) !== undefined;

/** AWSPENDING keeps the next rotation from starting where it is neither parked on AWSCURRENT nor stranded on AWSPREVIOUS. */
export const hasPending = (secret: Labelled): boolean => {
  const pending = holder(secret, PENDING);
  return pending !== undefined && pending !== currentVersion(secret) && pending !== holder(secret, PREVIOUS);
};
