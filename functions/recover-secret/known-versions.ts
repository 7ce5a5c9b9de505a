import { InvalidSecretError } from '../contract/errors.ts';
import { isAtItsCluster } from '../secret/cluster-on-record.ts';
import { CURRENT, holderOf, PREVIOUS } from '../secret/labels.ts';
import { provenVersions } from '../secret/proven.ts';
import type { SecretDescription, SecretStore } from '../secret/secret-store.ts';
import { parseSecretValue, type SecretValue } from '../secret/secret-value.ts';

/** How the version that is AWSCURRENT now stood before. */
export type Kept = 'AWSCURRENT' | 'AWSPENDING' | 'AWSPREVIOUS';

export interface Version {
  readonly id: string;
  readonly was: Kept;
  readonly value: SecretValue;
}

/** The order in which versions are tried. AWSCURRENT first: what logs in there stays. */
export const candidatesIn = (
  secret: SecretDescription,
  suspects: readonly string[],
): { readonly id: string; readonly was: Kept }[] => {
  const previous = holderOf(secret, PREVIOUS);
  const candidates: { readonly id: string | undefined; readonly was: Kept }[] = [
    { id: holderOf(secret, CURRENT), was: 'AWSCURRENT' },
    ...suspects.map((id) => ({ id, was: 'AWSPENDING' as const })),
    { id: previous, was: 'AWSPREVIOUS' },
  ];
  return candidates.flatMap(({ id, was }) => (id === undefined ? [] : [{ id, was }]));
};

/**
 * Two values that were written one after the other take every label from what worked before. It is tried too: else nothing would
 * log in, and a reset would set the password that someone wrote.
 */
export const provenWithoutLabel = async (
  secrets: SecretStore,
  secret: SecretDescription,
  known: readonly Version[],
): Promise<Version[]> => {
  const ids = provenVersions(secret).filter((id) => !known.some((version) => version.id === id));
  const versions = await Promise.all(ids.map((id) => usable(secrets, secret, id, 'AWSPREVIOUS')));
  return versions.filter((version) => version !== undefined);
};

/** @returns undefined for garbage, and for a value of another cluster than the one on record */
export const usable = async (
  secrets: SecretStore,
  secret: SecretDescription,
  id: string,
  was: Kept,
): Promise<Version | undefined> => {
  const version = await parsed(secrets, secret, id, was);
  return version && isAtItsCluster(secret, version.value.login) ? version : undefined;
};

/** @returns undefined for garbage, and for a version that is gone */
export const parsed = async (
  secrets: SecretStore,
  secret: SecretDescription,
  id: string,
  was: Kept,
): Promise<Version | undefined> => {
  const text = await secrets.read(secret.arn, id);
  if (text === undefined) return undefined;
  try {
    return { id, was, value: parseSecretValue(text, `${was} (version ${id})`) };
  } catch (error) {
    if (error instanceof InvalidSecretError) return undefined;
    throw error;
  }
};
