import { SecretNotRotatableError, SecretsManagerRefusedError } from '../../functions/contract/errors.ts';
import type { LabelMove } from '../../functions/secret/secret-store.ts';
import type { StoredSecret, StoredVersion } from './stored-secret.ts';

export const CURRENT = 'AWSCURRENT';
const PENDING = 'AWSPENDING';
const PREVIOUS = 'AWSPREVIOUS';

/** "Staging labels attached across all versions of a secret": https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_limits.html */
const LABELS_PER_SECRET = 20;

/** What AWS does not document about labels, so that a test can choose. */
export interface LabelRules {
  /**
   * A version that loses AWSCURRENT because another one is written as AWSCURRENT loses AWSPENDING too: so it was
   * recorded on AWS in 2022, localstack's test_update_secret_version_stages_current_pending. Not if this is set.
   */
  keepsPendingOnLosingCurrent: boolean;
  /** Whether RemoveFromVersionId may name a version when no version has the label; it is refused otherwise. */
  acceptsFromWithoutHolder: boolean;
  /** Whether a label can't be moved to the version that has it already; that changes nothing otherwise. */
  refusesMoveToHolder: boolean;
}

/** The version that has the label. */
export const holderOf = (secret: StoredSecret, label: string): [string, StoredVersion] | undefined =>
  [...secret.versions].find(([, { labels }]) => labels.has(label));

/** Gives a version that was written its labels, each from whichever version has it. */
export const labelWritten = (
  secret: StoredSecret,
  version: StoredVersion,
  labels: readonly string[],
  { keepsPendingOnLosingCurrent }: LabelRules,
): void => {
  const current = holderOf(secret, CURRENT)?.[1];
  for (const label of labels) attach(secret, version, label);
  const lost = current !== undefined && !current.labels.has(CURRENT);
  if (lost && !keepsPendingOnLosingCurrent) current.labels.delete(PENDING);
};

/**
 * Moves a label by compare-and-set.
 * Source: https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_UpdateSecretVersionStage.html
 *
 * @returns whether that was accepted
 */
export const moveLabel = (
  secret: StoredSecret,
  label: string,
  { from, to }: LabelMove,
  rules: LabelRules,
): boolean => {
  const [holder, holding] = holderOf(secret, label) ?? [];
  if (from !== undefined && holder !== from) {
    if (holder !== undefined || !rules.acceptsFromWithoutHolder) return false;
  }
  if (to === undefined) return from !== undefined && takeOff(holding, label);
  const target = secret.versions.get(to);
  if (target === undefined) throw new SecretNotRotatableError(`there is no version ${to}`);
  if (holder === to) return !rules.refusesMoveToHolder;
  // Without RemoveFromVersionId a label that someone holds does not move.
  if (holder !== undefined && from === undefined) return false;
  assertRoomFor(secret, [label]);
  attach(secret, target, label);
  return true;
};

/** AWSCURRENT can move, but not vanish. */
const takeOff = (holding: StoredVersion | undefined, label: string): boolean => {
  if (label === CURRENT) return false;
  holding?.labels.delete(label);
  return true;
};

/** "Secrets Manager also automatically moves AWSPREVIOUS to the version that AWSCURRENT was removed from." */
const attach = (secret: StoredSecret, version: StoredVersion, label: string): void => {
  const holding = holderOf(secret, label)?.[1];
  if (holding === version) return;
  holding?.labels.delete(label);
  version.labels.add(label);
  if (label === CURRENT && holding !== undefined) attach(secret, holding, PREVIOUS);
};

/** LimitExceededException, as the port tells it. */
export const assertRoomFor = (secret: StoredSecret, labels: readonly string[]): void => {
  const attached = [...secret.versions.values()].flatMap((version) => [...version.labels]);
  if (new Set([...attached, ...labels]).size <= LABELS_PER_SECRET) return;
  throw new SecretsManagerRefusedError(`a secret can have ${LABELS_PER_SECRET} staging labels`);
};
