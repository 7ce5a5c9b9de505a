import type { SecretDescription, SecretStore } from './ports.ts';

/**
 * The tag with the ids of versions that this project wrote or saw log in. Who may write values can't write it: only the
 * functions may, and those who may tag the secret, who choose its strategy and admin secret anyway.
 */
export const PROVEN_TAG = 'docdb-rotation:proven';

/** https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_Tag.html */
const LONGEST_VALUE = 256;

/** @returns version ids, the latest first */
export const provenVersions = ({ tags }: Pick<SecretDescription, 'tags'>): string[] =>
  (tags[PROVEN_TAG] ?? '').split(' ').filter((version) => version !== '');

/**
 * Adds versions to those that are proven; the oldest are forgotten when the tag is full. Only the owner of the lock
 * writes it: a tag has no compare-and-set.
 *
 * @param known what the tag holds
 * @param versions the latest first
 */
export const recordProven = async (
  secrets: SecretStore,
  secretArn: string,
  known: readonly string[],
  versions: readonly string[],
): Promise<string[]> => {
  const all = fitting([...new Set([...versions, ...known])]);
  if (versions.every((version) => known.includes(version))) return all;
  await secrets.setTag(secretArn, PROVEN_TAG, all.join(' '));
  return all;
};

const fitting = (versions: readonly string[]): string[] => {
  const [last, ...earlier] = [...versions].reverse();
  if (last === undefined || versions.join(' ').length <= LONGEST_VALUE) return [...versions];
  return fitting(earlier.reverse());
};
