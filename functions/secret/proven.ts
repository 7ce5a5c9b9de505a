import { DROPPED_TAG, PROVEN_TAG } from '../contract/tags.ts';
import { CURRENT, hasLabel } from './labels.ts';
import type { SecretDescription, SecretStore } from './secret-store.ts';

/*
 * The tag docdb-rotation:proven holds an entry for each version, the latest first:
 *
 * entry | what it says of the version
 * ------|------------------------------------------------------------------------------------------------------
 * id    | it was seen to log in: it is proven
 * +id   | a rotation wrote it, and has not ended well yet
 * @id   | a revert of a pair goes back to it, and has not ended well yet, or not by itself: who wrote it is not known
 * @@id  | it was AWSCURRENT when the first rotation of a pair began: a recovery tries it, if someone took its label
 * =id   | it is proven, and its user is one of the two that take turns: a rotation left the pair as it is
 * =+id  | the same, of the version that is being promoted: where that came to nothing, its user is to be disabled
 * -id   | it was =id, but a retirement has dropped that user since: one of that name is someone else's
 * /mark | the last retirement that dropped a user, as known to the one who wrote this record
 * :id   | it was =id in a record whose mark was not the last, or a promotion that came to nothing: proven, but its user may have been dropped
 * ::id  | it was id in such a record, or a retirement has dropped its user since
 *
 * Only users of the kind `=` get each other's roles: that someone's password was seen to work says nothing of what they may have.
 *
 * A tag has no compare-and-set, and an execution that lost the lock may still write. So each retirement that drops a user leaves a mark of
 * its own in the tag docdb-rotation:dropped, and then here. Where the two differ, who wrote the record did not know of that: it makes no pair.
 */
const WRITTEN = '+';
const RETURNED_TO = '@';
const BEGUN_WITH = '@@';
const PAIRED = '=';
const PROMOTING = '=+';
const DROPPED = '-';
const LAST_DROP = '/';
const OUTDATED = ':';
const OUTDATED_LOGIN = '::';

/** The longer ones first. */
const MARKS = [
  PROMOTING,
  BEGUN_WITH,
  OUTDATED_LOGIN,
  WRITTEN,
  RETURNED_TO,
  PAIRED,
  DROPPED,
  LAST_DROP,
  OUTDATED,
];

/**
 * An id that can stand in the tag. Secrets Manager takes any characters, and who writes a value may choose its id: one with a mark
 * in front, or with a space in it, would be read as the entry of another version. Such a version is never proven.
 */
const PLAIN_ID = /^[\w.][\w.:/=@+-]*$/;

const isPlain = (version: string): boolean => PLAIN_ID.test(version);

/** A version that this project wrote, as it stands in the tag until it is seen to log in. */
export const asWritten = (version: string): string => `${WRITTEN}${version}`;

/** A version that a revert of a pair goes back to, until that has ended. */
export const asReturnedTo = (version: string): string => `${RETURNED_TO}${version}`;

/** A version that was seen to log in, as it stands in the tag; nothing for one whose id can't stand there. */
export const asProven = (version: string): string[] => (isPlain(version) ? [version] : []);

/** The same for a version whose user is one of a pair. */
export const asPaired = (version: string): string[] => asProven(version).map((id) => `${PAIRED}${id}`);

/** The same from right before its promotion until that has ended well. */
export const asPromoting = (version: string): string[] => asProven(version).map((id) => `${PROMOTING}${id}`);

/** The same entry once a retirement has dropped its user. What was only seen to log in was of no pair: it shows no one as one of it. */
export const asDropped = (entry: string): string =>
  isLogin(entry) ? `${OUTDATED_LOGIN}${versionOf(entry)}` : `${DROPPED}${versionOf(entry)}`;

/** Whether it says of the version no more than that it was seen to log in. */
const isLogin = (entry: string): boolean => entry === versionOf(entry) || entry.startsWith(OUTDATED_LOGIN);

/** @returns those that were only seen to log in, and whose user may have been dropped since */
export const outdatedLoginsIn = (record: readonly string[]): string[] =>
  record.filter((entry) => entry.startsWith(OUTDATED_LOGIN)).map(versionOf);

/** The same where the user may have been dropped since. */
const asOutdated = (version: string): string => `${OUTDATED}${version}`;

/** @returns the ids of proven versions, the latest first */
export const provenVersions = (secret: Pick<SecretDescription, 'tags'>): string[] =>
  provenIn(recordOf(secret));

/** @param record the tag's entries, or a plan's copy of them */
export const provenIn = (record: readonly string[]): string[] => [
  ...new Set(record.filter(isProvenEntry).map(versionOf)),
];

/** @returns those that are for one of a pair's two users */
export const pairedIn = (record: readonly string[]): string[] =>
  record.filter((entry) => entry.startsWith(PAIRED)).map(versionOf);

/** @returns those whose user a retirement has dropped, and that no revert has made again */
export const droppedIn = (record: readonly string[]): string[] =>
  record
    .filter((entry) => entry.startsWith(DROPPED))
    .map(versionOf)
    .filter((version) => !record.includes(`${PROMOTING}${version}`));

/** @returns those that are for one of a pair's two users, or were until a retirement dropped that one */
export const onceOfPairIn = (record: readonly string[]): string[] => [
  ...pairedIn(record),
  ...droppedIn(record),
];

/** @returns the proven ones that show whose a user's name is: as far as the record knows, that user was not dropped since */
export const namedIn = (record: readonly string[]): string[] => {
  const notNamed = [...droppedIn(record), ...record.filter(isOutdated).map(versionOf)];
  return provenIn(record).filter((version) => !notNamed.includes(version));
};

const isOutdated = (entry: string): boolean => entry.startsWith(OUTDATED);

/** @returns those that were for one of a pair's two users, who may have been dropped since: no one knows */
export const outdatedIn = (record: readonly string[]): string[] =>
  record.filter((entry) => isOutdated(entry) && !entry.startsWith(OUTDATED_LOGIN)).map(versionOf);

/** @returns those that a rotation wrote, and that have not ended well yet: a user may have its password, also where the lock's version says nothing of it */
export const writtenIn = (record: readonly string[]): string[] =>
  record.filter((entry) => entry.startsWith(WRITTEN)).map(versionOf);

/** Whether a revert of a pair goes back to that version: what it was on record as before stands beside this entry, and says nothing of how that ends. */
export const isReturnedTo = (entry: string): boolean =>
  entry.startsWith(RETURNED_TO) && !entry.startsWith(BEGUN_WITH);

/** @returns what was AWSCURRENT when the first rotation of a pair began, which has not ended since */
export const begunWithIn = (record: readonly string[]): string[] =>
  record.filter((entry) => entry.startsWith(BEGUN_WITH)).map(versionOf);

/** What is left of an entry at the start of an execution where the promotion came to nothing: what was said of the version before. */
export const withoutPromotion = (entry: string): string[] => (isOutdated(entry) ? [] : [entry]);

/** @returns the mark of the last retirement that dropped a user, as an entry; nothing where none did */
export const lastDropIn = (record: readonly string[]): string[] => record.filter(isLastDrop);

export const isLastDrop = (entry: string): boolean => entry.startsWith(LAST_DROP);

/** @param mark of one drop, and of no other */
export const asLastDrop = (mark: string): string => `${LAST_DROP}${mark}`;

export const isProvenEntry = (entry: string): boolean =>
  ![WRITTEN, RETURNED_TO, LAST_DROP].some((mark) => entry.startsWith(mark));

/** Whether an execution that has not ended well wrote the entry, and a recovery has to see to it. */
export const isUnsettled = (entry: string): boolean => !isProvenEntry(entry) && !isLastDrop(entry);

/** Whether that version's promotion has not ended yet, or was not seen to. */
export const isPromoting = (entry: string): boolean => entry.startsWith(PROMOTING);

export const versionOf = (entry: string): string =>
  entry.slice(MARKS.find((mark) => entry.startsWith(mark))?.length ?? 0);

/** @returns all entries of the tag, the latest first, with the mark of the last drop as it is now; of a record from before that none makes a pair */
export const recordOf = ({ tags }: Pick<SecretDescription, 'tags'>): string[] => {
  const record = wordsIn(tags[PROVEN_TAG]);
  const lastDrop = wordsIn(tags[DROPPED_TAG]).slice(0, 1).map(asLastDrop);
  const entries = record.filter((entry) => !isLastDrop(entry));
  const isOfNow = lastDropIn(record).join() === lastDrop.join();
  return [...(isOfNow ? entries : entries.map(withoutPair)), ...lastDrop];
};

const wordsIn = (tag = ''): string[] => tag.split(' ').filter((word) => word !== '');

const withoutPair = (entry: string): string => {
  if (isPromoting(entry)) return asWritten(versionOf(entry));
  if (entry.startsWith(PAIRED)) return asOutdated(versionOf(entry));
  return isLogin(entry) ? asDropped(entry) : entry;
};

/**
 * Records which versions are proven from now on. Only the owner of the lock writes it: a tag has no compare-and-set.
 *
 * @param known what the tag holds
 * @param entries the latest first, with the mark of the last drop that the caller knew of when it began
 * @param also tags that are written by the same call
 */
export const recordProven = async (
  secrets: SecretStore,
  secretArn: string,
  known: readonly string[],
  entries: readonly string[],
  also: Readonly<Record<string, string>> = {},
): Promise<string[]> => {
  const next = fitting(entries);
  const isSame = next.length === known.length && next.every((entry) => known.includes(entry));
  if (!isSame) await secrets.setTags(secretArn, { [PROVEN_TAG]: next.join(' '), ...also });
  return next;
};

/** https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_Tag.html */
const LONGEST_VALUE = 256;

/**
 * What the tag has room for. Versions that were only seen to log in go first: anyone who may write values can have theirs seen, and a pair that is not on
 * record is refused from then on.
 *
 * @returns each entry once, in the order given
 */
export const fitting = (entries: readonly string[]): string[] => {
  const isMarked = (entry: string): boolean => versionOf(entry) !== entry;
  const all = [...new Set(entries)];
  const byWeight = [...all.filter(isMarked), ...all.filter((entry) => !isMarked(entry))];
  const kept = byWeight.filter((_, last) => byWeight.slice(0, last + 1).join(' ').length <= LONGEST_VALUE);
  return all.filter((entry) => kept.includes(entry));
};

/** Whether the tag, or a plan's copy of it, says that the version is proven. */
export const isProvenIn = (record: readonly string[], version: string | undefined): boolean =>
  version !== undefined && isPlain(version) && provenIn(record).includes(version);

/** Whether a rotation wrote that version, and did not end well since: who joins it uses its value without a question. */
export const isWrittenIn = (record: readonly string[], version: string): boolean =>
  isPlain(version) && record.includes(asWritten(version));

/** Whether that version's promotion had begun. */
export const isPromotingIn = (record: readonly string[], version: string): boolean =>
  isPlain(version) && asPromoting(version).some((entry) => record.includes(entry));

/** Whether a rotation wrote that version, or went back to it, and did not end well since. */
export const isUnfinishedIn = (record: readonly string[], version: string): boolean =>
  isWrittenIn(record, version) ||
  isPromotingIn(record, version) ||
  (isPlain(version) && record.includes(asReturnedTo(version)));

/**
 * The record as one who begins takes it: a promotion that was not seen to end has ended well where AWSCURRENT is. Anywhere else its user may have
 * been dropped since.
 */
export const recordAtStart = (secret: SecretDescription): string[] => {
  const record = recordOf(secret);
  const isPromoted = (entry: string): boolean => hasLabel(secret, versionOf(entry), CURRENT);
  const promoted = record.filter((entry) => isPromoting(entry) && isPromoted(entry)).map(versionOf);
  const settle = (entry: string): string[] => {
    const version = versionOf(entry);
    if (!isPromoting(entry)) return isProvenEntry(entry) && promoted.includes(version) ? [] : [entry];
    if (isPromoted(entry)) return asPaired(version);
    const isSaidToo = record.some(
      (other) => isProvenEntry(other) && other !== entry && versionOf(other) === version,
    );
    return isSaidToo ? [] : [asOutdated(version)];
  };
  return record.flatMap(settle);
};

/** All of that but what is unfinished. */
const settledEntries = (secret: SecretDescription): string[] =>
  recordAtStart(secret).filter((entry) => isProvenEntry(entry) || isLastDrop(entry));

/** One entry for each version: the first. */
export const withoutTwice = (entries: readonly string[]): string[] =>
  entries.filter(
    (entry, index) => entries.findIndex((each) => versionOf(each) === versionOf(entry)) === index,
  );

/** A version that was seen to log in, and after it all that are proven. The next rotation that succeeds leaves only its own two. */
export const withNewest = (secret: SecretDescription, newest: string): string[] => {
  const known = settledEntries(secret);
  const isNewest = (entry: string): boolean => versionOf(entry) === newest;
  const entry = known.filter(isNewest);
  return [...(entry.length > 0 ? entry : asProven(newest)), ...known.filter((each) => !isNewest(each))];
};

/** A version that was only written, and after it all that are proven: it is not known yet whether it will log in. */
export const withWritten = (secret: SecretDescription, written: string): string[] => [
  ...asProven(written).map(asWritten),
  ...settledEntries(secret),
];

/**
 * The same in a pair's rotation. In the first one nothing shows AWSCURRENT: if someone takes its label and the lock, a recovery has to know what to go back to.
 *
 * @param current AWSCURRENT
 */
export const withWrittenOfPair = (secret: SecretDescription, written: string, current: string): string[] => {
  const isKnown = isProvenIn(recordAtStart(secret), current);
  const begun = isKnown ? [] : asProven(current).map((id) => `${BEGUN_WITH}${id}`);
  return [...withWritten(secret, written), ...begun, ...leftUnfinished(secret, written)];
};

/** What another rotation wrote, and someone took the lock from: a recovery has to disable its user still. One, for want of room. */
const leftUnfinished = (secret: SecretDescription, written: string): string[] =>
  recordAtStart(secret)
    .filter((entry) => entry.startsWith(WRITTEN) && versionOf(entry) !== written)
    .slice(0, 1);

/** The same for one that a revert goes back to. */
export const withReturnedTo = (secret: SecretDescription, target: string): string[] => [
  ...asProven(target).map(asReturnedTo),
  ...settledEntries(secret),
];
