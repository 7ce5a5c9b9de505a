import type { Secret, SecretVersion } from './secret.ts';
import { ServiceError } from './service-error.ts';

export const CURRENT = 'AWSCURRENT';
export const PENDING = 'AWSPENDING';
export const PREVIOUS = 'AWSPREVIOUS';

/**
 * "Staging labels attached across all versions of a secret".
 * Source: https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_limits.html
 */
const LABELS_PER_SECRET = 20;

/** What AWS does not document about labels, so that a test can choose. */
export interface LabelBehaviour {
  /**
   * Whether PutSecretValue that moves AWSCURRENT takes AWSPENDING off the version that loses it. Recorded on AWS on
   * 2022-09-28: https://github.com/localstack/localstack/blob/8181a8e972403fe42c6fba8b1b5c6ae60c7bcf45/tests/aws/services/secretsmanager/test_secretsmanager.snapshot.json,
   * test_update_secret_version_stages_current_pending
   *
   * @default 'remove'
   */
  readonly pendingOfLastCurrent?: 'remove' | 'keep';
  /**
   * What UpdateSecretVersionStage does about RemoveFromVersionId when no version has the label.
   *
   * @default 'refuse'
   */
  readonly removeFromNobody?: 'refuse' | 'accept';
  /**
   * What it does about MoveToVersionId when that version has the label already; to accept it changes nothing.
   *
   * @default 'accept'
   */
  readonly moveToHolder?: 'refuse' | 'accept';
}

/** The version that has a label. A label is on one version at most. */
export const holderOf = (secret: Secret, label: string): SecretVersion | undefined =>
  [...secret.versions.values()].find(({ labels }) => labels.has(label));

/** Whether AWSPENDING says that a rotation is under way: it is on a version other than AWSCURRENT's. */
export const pendingElsewhere = (secret: Secret): SecretVersion | undefined => {
  const pending = holderOf(secret, PENDING);
  return pending && !pending.labels.has(CURRENT) ? pending : undefined;
};

/** Refuses before anything changes, so that a refused request leaves all labels where they were. */
export const assertRoomFor = (secret: Secret, labels: readonly string[]): void => {
  const attached = [...secret.versions.values()].flatMap((version) => [...version.labels]);
  if (new Set([...attached, ...labels]).size <= LABELS_PER_SECRET) return;
  throw new ServiceError('LimitExceededException', `A secret can have ${LABELS_PER_SECRET} staging labels.`);
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

/** Gives a version that PutSecretValue has written its labels. */
export const labelWritten = (
  secret: Secret,
  version: SecretVersion,
  labels: readonly string[],
  { pendingOfLastCurrent = 'remove' }: LabelBehaviour,
): void => {
  const current = holderOf(secret, CURRENT);
  for (const label of labels) attachLabel(secret, version, label);
  const lost = current !== undefined && !current.labels.has(CURRENT);
  if (lost && pendingOfLastCurrent === 'remove') current.labels.delete(PENDING);
};

/** Version ids with their labels, without the deprecated versions, which have none. */
export const versionIdsToStages = (secret: Secret): Record<string, string[]> =>
  Object.fromEntries(
    [...secret.versions.values()]
      .filter(({ labels }) => labels.size > 0)
      .map(({ id, labels }) => [id, [...labels]]),
  );
