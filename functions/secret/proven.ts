import { DROPPED_TAG, PROVEN_TAG } from '../contract/tags.ts';
import type { SecretDescription, SecretStore } from './secret-store.ts';

/*
 * The tag holds an entry for each version, the latest first:
 *
 * entry | what it says of the version
 * ------|------------------------------------------------------------------------------------------------------
 * id    | it was seen to log in: it is proven
 * +id   | a rotation wrote it, and has not ended well yet
 * @id   | a revert of a pair goes back to it, and has not ended well yet: who wrote it is not known
 * =id   | it is proven, and its user is one of the two that take turns: a rotation left the pair as it is
 * -id   | the same, but a retirement has dropped that user since (a tag of its own says so): one of that name is someone else's
 *
 * Only users of the kind `=` get each other's roles: that someone's password was seen to work says nothing of what they may have.
 */
const WRITTEN = '+';
const RETURNED_TO = '@';
const PAIRED = '=';
const DROPPED = '-';

/**
 * An id that can stand in the tag. Secrets Manager takes any characters, and who writes a value may choose its id: one with a mark
 * in front, or with a space in it, would be read as the entry of another version. Such a version is never proven.
 */
const PLAIN_ID = /^[\w.:/][\w.:/=@+-]*$/;

const isPlain = (version: string): boolean => PLAIN_ID.test(version);

/** A version that this project wrote, as it stands in the tag until it is seen to log in. */
export const asWritten = (version: string): string => `${WRITTEN}${version}`;

/** A version that a revert of a pair goes back to, until that has ended. */
export const asReturnedTo = (version: string): string => `${RETURNED_TO}${version}`;

/** A version that was seen to log in, as it stands in the tag; nothing for one whose id can't stand there. */
export const asProven = (version: string): string[] => (isPlain(version) ? [version] : []);

/** The same for a version whose user is one of a pair. */
export const asPaired = (version: string): string[] => asProven(version).map((id) => `${PAIRED}${id}`);

/** https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_Tag.html */
const LONGEST_VALUE = 256;

/** @returns the ids of proven versions, the latest first */
export const provenVersions = (secret: Pick<SecretDescription, 'tags'>): string[] =>
  provenIn(recordOf(secret));

/** @param record the tag's entries, or a plan's copy of them */
export const provenIn = (record: readonly string[]): string[] => record.filter(isProvenEntry).map(versionOf);

/** The same for one whose user a retirement has dropped. */
export const asDropped = (version: string): string => `${DROPPED}${version}`;

/** @returns those that are for one of a pair's two users */
export const pairedIn = (record: readonly string[]): string[] =>
  record.filter((entry) => entry.startsWith(PAIRED)).map(versionOf);

/** @returns those whose user a retirement has dropped */
export const droppedIn = (record: readonly string[]): string[] =>
  record.filter((entry) => entry.startsWith(DROPPED)).map(versionOf);

export const isProvenEntry = (entry: string): boolean =>
  !entry.startsWith(WRITTEN) && !entry.startsWith(RETURNED_TO);

export const versionOf = (entry: string): string =>
  [WRITTEN, RETURNED_TO, PAIRED, DROPPED].some((mark) => entry.startsWith(mark)) ? entry.slice(1) : entry;

/** @returns all entries of the tag, the latest first; those of a pair whose user was dropped since say so */
export const recordOf = ({ tags }: Pick<SecretDescription, 'tags'>): string[] => {
  const dropped = wordsIn(tags[DROPPED_TAG]);
  return wordsIn(tags[PROVEN_TAG]).map((entry) =>
    entry.startsWith(PAIRED) && dropped.includes(versionOf(entry)) ? asDropped(versionOf(entry)) : entry,
  );
};

const wordsIn = (tag = ''): string[] => tag.split(' ').filter((word) => word !== '');

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
  const next = [...new Set(versions)].filter(fits);
  const isSame = next.length === known.length && next.every((version) => known.includes(version));
  if (!isSame) await secrets.setTag(secretArn, PROVEN_TAG, next.join(' '));
  return next;
};

const fits = (_: string, last: number, all: string[]): boolean =>
  all.slice(0, last + 1).join(' ').length <= LONGEST_VALUE;

/** Records that a retirement has dropped the user of these versions. What is off the record is left out. */
export const recordDropped = async (
  secrets: SecretStore,
  secret: SecretDescription,
  versions: readonly string[],
): Promise<void> => {
  const known = wordsIn(secret.tags[DROPPED_TAG]);
  if (versions.every((version) => known.includes(version))) return;
  const next = [...new Set([...versions, ...droppedIn(recordOf(secret))])].filter(fits);
  await secrets.setTag(secret.arn, DROPPED_TAG, next.join(' '));
};

/** Records that the user of a version is there again: a revert has made it. */
export const recordMadeAgain = async (
  secrets: SecretStore,
  secret: SecretDescription,
  version: string,
): Promise<void> => {
  const known = wordsIn(secret.tags[DROPPED_TAG]);
  if (!known.includes(version)) return;
  await secrets.setTag(secret.arn, DROPPED_TAG, known.filter((each) => each !== version).join(' '));
};

/** Whether the tag, or a plan's copy of it, says that the version is proven. */
export const isProvenIn = (record: readonly string[], version: string | undefined): boolean =>
  version !== undefined && isPlain(version) && provenIn(record).includes(version);

/** Whether a rotation wrote that version, and did not end well since: who joins it uses its value without a question. */
export const isWrittenIn = (record: readonly string[], version: string): boolean =>
  isPlain(version) && record.includes(asWritten(version));

/** Whether a rotation wrote that version, or went back to it, and did not end well since. */
export const isUnfinishedIn = (record: readonly string[], version: string): boolean =>
  isWrittenIn(record, version) || (isPlain(version) && record.includes(asReturnedTo(version)));

/** What the tag holds of proven versions; what it says of one that it holds already stays. */
const provenEntries = (secret: SecretDescription): string[] => recordOf(secret).filter(isProvenEntry);

/** A version that was seen to log in, and after it all that are proven. The next rotation that succeeds leaves only its own two. */
export const withNewest = (secret: SecretDescription, newest: string): string[] => {
  const known = provenEntries(secret);
  const isNewest = (entry: string): boolean => versionOf(entry) === newest;
  const entry = known.filter(isNewest);
  return [...(entry.length > 0 ? entry : asProven(newest)), ...known.filter((each) => !isNewest(each))];
};

/** A version that was only written, and after it all that are proven: it is not known yet whether it will log in. */
export const withWritten = (secret: SecretDescription, written: string): string[] => [
  ...asProven(written).map(asWritten),
  ...provenEntries(secret),
];

/** The same for one that a revert goes back to. */
export const withReturnedTo = (secret: SecretDescription, target: string): string[] => [
  ...asProven(target).map(asReturnedTo),
  ...provenEntries(secret),
];
