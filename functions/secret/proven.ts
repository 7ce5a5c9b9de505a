import { PROVEN_TAG } from '../contract/tags.ts';
import type { SecretDescription, SecretStore } from './secret-store.ts';

const WRITTEN = '+';

/**
 * An id that can stand in the tag. Secrets Manager takes any characters, and who writes a value may choose its id: one with a plus
 * sign in front, or with a space in it, would be read as the entry of another version. Such a version is never proven.
 */
const PLAIN_ID = /^[\w.:/=@-][\w.:/=@+-]*$/;

const isPlain = (version: string): boolean => PLAIN_ID.test(version);

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

/** A version that was seen to log in, as it stands in the tag; nothing for one whose id can't stand there. */
export const asProven = (version: string): string[] => (isPlain(version) ? [version] : []);

/** Whether the tag, or a plan's copy of it, says that the version is proven: an id with a plus sign in front is no entry. */
export const isProvenIn = (record: readonly string[], version: string | undefined): boolean =>
  version !== undefined && isPlain(version) && record.includes(version);

/** Whether this project wrote that version, or saw it log in. */
export const isOwnVersion = (secret: SecretDescription, version: string): boolean =>
  isPlain(version) && [version, asWritten(version)].some((entry) => recordOf(secret).includes(entry));

/** A version that was seen to log in, and after it all that are proven. The next rotation that succeeds leaves only its own two. */
export const withNewest = (secret: SecretDescription, newest: string): string[] => [
  ...asProven(newest),
  ...provenVersions(secret),
];

/** A version that was only written, and after it all that are proven: it is not known yet whether it will log in. */
export const withWritten = (secret: SecretDescription, written: string): string[] => [
  ...asProven(written).map(asWritten),
  ...provenVersions(secret),
];
