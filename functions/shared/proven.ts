import type { SecretDescription, SecretStore } from './ports.ts';

/**
 * The tag with the ids of versions that are proven: this project saw them log in. Behind a plus sign stand those that it wrote and
 * that nobody has seen log in yet. Who may write values can't write it: only the functions may, and whoever may tag the secret,
 * who chooses its strategy and admin secret anyway.
 */
export const PROVEN_TAG = 'docdb-rotation:proven';

const WRITTEN = '+';

/** A version that this project wrote, as it stands in the tag until it is seen to log in. */
export const asWritten = (version: string): string => `${WRITTEN}${version}`;

/** https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_Tag.html */
const LONGEST_VALUE = 256;

/** @returns the ids of proven versions, the latest first */
export const provenVersions = (secret: Pick<SecretDescription, 'tags'>): string[] =>
  recordOf(secret).filter(isProvenEntry);

export const isProvenEntry = (entry: string): boolean => !entry.startsWith(WRITTEN);

/** @returns all that the tag holds, the latest first: ids of proven versions, and those that are only written as `asWritten` says */
export const recordOf = ({ tags }: Pick<SecretDescription, 'tags'>): string[] =>
  (tags[PROVEN_TAG] ?? '').split(' ').filter((version) => version !== '');

/**
 * Records which versions are proven from now on. Only the owner of the lock writes it: a tag has no compare-and-set.
 *
 * @param known what the tag holds
 * @param versions the latest first; the oldest are left out where the tag is full
 */
export const recordProven = async (
  secrets: SecretStore,
  secretArn: string,
  known: readonly string[],
  versions: readonly string[],
): Promise<string[]> => {
  const fits = (_: string, last: number, all: string[]): boolean =>
    all.slice(0, last + 1).join(' ').length <= LONGEST_VALUE;
  const next = [...new Set(versions)].filter(fits);
  const isSame = next.length === known.length && next.every((version) => known.includes(version));
  if (!isSame) await secrets.setTag(secretArn, PROVEN_TAG, next.join(' '));
  return next;
};

/** Whether this project wrote that version, or saw it log in. */
export const isOwnVersion = (secret: SecretDescription, version: string): boolean =>
  [version, asWritten(version)].some((entry) => recordOf(secret).includes(entry));

/** A new entry, and all versions that are proven. The next rotation that succeeds leaves only its own two. */
export const withNewest = (secret: Pick<SecretDescription, 'tags'>, newest: string): string[] => [
  newest,
  ...provenVersions(secret),
];
