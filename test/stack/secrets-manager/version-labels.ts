import type { Secret, SecretVersion } from './secret.ts';
import { ServiceError } from './service-error.ts';

export const CURRENT = 'AWSCURRENT';
export const PENDING = 'AWSPENDING';
export const PREVIOUS = 'AWSPREVIOUS';

/** https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_limits.html */
export const LABELS_PER_VERSION = 20;

/** The version that has a label. A label is on one version at most. */
export const holderOf = (secret: Secret, label: string): SecretVersion | undefined =>
  [...secret.versions.values()].find(({ labels }) => labels.has(label));

/** Whether AWSPENDING says that a rotation is under way: it is on a version other than AWSCURRENT's. */
export const pendingElsewhere = (secret: Secret): SecretVersion | undefined => {
  const pending = holderOf(secret, PENDING);
  return pending && !pending.labels.has(CURRENT) ? pending : undefined;
};

/** Refuses before anything changes, so that a refused request leaves all labels where they were. */
export const assertRoomFor = (version: SecretVersion, labels: readonly string[]): void => {
  if (new Set([...version.labels, ...labels]).size <= LABELS_PER_VERSION) return;
  throw new ServiceError(
    'LimitExceededException',
    `A version can have ${LABELS_PER_VERSION} staging labels.`,
  );
};

/**
 * Puts a label on a version and takes it from whichever has it.
 *
 * Moving AWSCURRENT moves AWSPREVIOUS to the version that AWSCURRENT left.
 * https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_UpdateSecretVersionStage.html
 */
export const attachLabel = (secret: Secret, version: SecretVersion, label: string): void => {
  const from = holderOf(secret, label);
  if (from === version) return;
  from?.labels.delete(label);
  version.labels.add(label);
  if (label === CURRENT && from) attachLabel(secret, from, PREVIOUS);
};

/** Version ids with their labels, without the deprecated versions, which have none. */
export const versionIdsToStages = (secret: Secret): Record<string, string[]> =>
  Object.fromEntries(
    [...secret.versions.values()]
      .filter(({ labels }) => labels.size > 0)
      .map(({ id, labels }) => [id, [...labels]]),
  );
