import type { Before, Plan } from '../contract/steps.ts';
import { CURRENT } from './labels.ts';
import {
  asPaired,
  asPromoting,
  asProven,
  isProvenEntry,
  isProvenIn,
  lastDropIn,
  onceOfPairIn,
  versionOf,
  withoutTwice,
} from './proven.ts';
import { isOfSecretsManager, isRevert } from './versions.ts';

type PlannedRecord = Pick<
  Plan,
  'lockVersion' | 'pendingVersion' | 'labelsBefore' | 'proven' | 'strategy' | 'isOfPair' | 'unknownCurrent'
>;

type Seen = Pick<Before, 'logsIn' | 'leftBehind'> & { readonly otherUser?: unknown };

/**
 * What is on record once an execution has ended. A promoted version was tested on every instance; AWSCURRENT as it was logged in before
 * anything changed. Secrets Manager tries a failed rotation again with the same token, whose version can't be written again: it stays on record
 * until the next rotation.
 *
 * @param before what CheckBefore saw; null if it did not get to its end
 */
export const provenBy = (
  plan: PlannedRecord,
  { ended, before }: { readonly ended: 'promoted' | 'restored'; readonly before: Seen | null },
): string[] => {
  const { pendingVersion, labelsBefore, proven } = plan;
  const isPair = ended === 'promoted' && (isPairOf(plan, before) || isOfSwitchedPair(plan));
  const entryOf = (version: string, isOneOfIt: boolean): string[] =>
    isPair && isOneOfIt ? asPaired(version) : asKnown(proven, version);
  const currents = wasGood(plan, before) ? entryOf(labelsBefore.current, !plan.unknownCurrent) : [];
  const promoted = ended === 'promoted' ? entryOf(pendingVersion, makesOneOfIt(plan)) : [];
  // A revert goes back by one step: what a pair's other user had before that is still needed.
  const earlier = isRevert(plan) ? proven.filter((entry) => isKept(plan, entry)) : [];
  // The retirement of a user that is left behind, and the next rotation, have to see whose it is.
  const left = before?.leftBehind === undefined ? [] : asPaired(before.leftBehind.version);
  if (promoted.length > 0)
    return withoutTwice([...promoted, ...currents, ...earlier, ...left, ...lastDropIn(proven)]);
  // Nothing is forgotten: after a value that was written by hand the record alone knows a pair's other user, or what did log in.
  return [...currents, ...proven.filter((entry) => isKept(plan, entry)), ...lastDropIn(proven)];
};

/**
 * What is on record from right before the promotion of a pair's version: who takes the lock away after it finds a pair, and the user that was
 * replaced is known. Nothing is taken back by that: a compensation or a recovery finds what was there before.
 *
 * @returns undefined where the two are no pair that CheckBefore has looked at, or a revert goes back to one who is none of it
 */
export const promotingIn = (plan: PlannedRecord, before: Seen | null): string[] | undefined => {
  if (!isPairOf(plan, before) || !makesOneOfIt(plan)) return undefined;
  const { pendingVersion, labelsBefore, proven, unknownCurrent } = plan;
  const entriesOf = unknownCurrent ? (version: string) => asKnown(proven, version) : asPaired;
  const currents = wasGood(plan, before) ? entriesOf(labelsBefore.current) : [];
  const isOther = (entry: string): boolean => versionOf(entry) !== labelsBefore.current;
  return [...asPromoting(pendingVersion), ...currents, ...proven.filter(isOther)];
};

/** CheckBefore let the two take turns: neither got roles that were not its own before. */
const isPairOf = ({ strategy }: PlannedRecord, before: Seen | null): boolean =>
  strategy !== 'single-user' && before?.otherUser !== undefined;

/**
 * A rotation makes the user one of the two, by a password of its own. A revert makes no one so: it goes back to what was one of them, or to a password that someone
 * else may have, and that user would get the roles which the pair is given later.
 */
const makesOneOfIt = (plan: PlannedRecord): boolean =>
  !isRevert(plan) || onceOfPairIn(plan.proven).includes(plan.pendingVersion);

/** A pair that was switched to single-user: who was one of the two is still, for who switches back and for what is left behind. */
const isOfSwitchedPair = (plan: PlannedRecord): boolean => plan.isOfPair === true && !isRevert(plan);

/** Whether the version that was AWSCURRENT when this execution began logged in then, or is proven. */
export const wasGood = (
  { proven, labelsBefore }: Pick<Plan, 'proven' | 'labelsBefore'>,
  before: Pick<Before, 'logsIn'> | null,
): boolean => before?.logsIn.includes(CURRENT) === true || isProvenIn(proven, labelsBefore.current);

/** What the record says of the version, where it says already that it is proven. */
const asKnown = (record: readonly string[], version: string): string[] => {
  const known = record.filter((entry) => isProvenEntry(entry) && versionOf(entry) === version);
  return known.length > 0 ? known : asProven(version);
};

/** The version of an attempt that failed counts for no more than before: where it was AWSPREVIOUS, or where Secrets Manager tries it again. */
const isKept = (
  plan: Pick<Plan, 'lockVersion' | 'pendingVersion' | 'labelsBefore'>,
  entry: string,
): boolean => {
  const isPending = versionOf(entry) === plan.pendingVersion;
  if (isProvenEntry(entry)) return !isPending || isRevert(plan);
  return isPending && isOfSecretsManager(plan);
};
