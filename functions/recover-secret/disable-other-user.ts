import { NoUsableCredentialsError } from '../contract/errors.ts';
import { openAdminSession } from '../database/admin-session.ts';
import type { Session } from '../database/database.ts';
import { isGone } from '../secret/gone-users.ts';
import { holderOf, PREVIOUS } from '../secret/labels.ts';
import { describeAsOwner } from '../secret/lock.ts';
import {
  asProven,
  asReturnedTo,
  droppedIn,
  isPromoting,
  isPromotingIn,
  isProvenIn,
  isUnfinishedIn,
  recordOf,
  recordProven,
} from '../secret/proven.ts';
import { sameEndpoint } from '../secret/secret-value.ts';
import { areOfOnePair } from '../secret/user-pair.ts';
import type { Version } from './known-versions.ts';
import type { ReconcileResult } from './reconcile.ts';
import type { ReconcilePorts, RecoveryContext } from './recovery-context.ts';

export interface Disabled {
  readonly how: NonNullable<ReconcileResult['otherUser']>;
  /** The version that logged in, where the record has to show it from now on. */
  readonly seen?: string;
}

/**
 * The pending credential of a pair belongs to the other user. If it logs in beside AWSCURRENT, the stopped rotation made that user
 * or changed it. One that no other version is for did not exist before and is dropped; the other is locked, since it is not known with
 * which power it was before. The next rotation, or a revert, brings it back.
 *
 * Only for a version that is on record as unfinished: who may write the secret names what they like in a marker, and must not have a
 * user dropped or locked that is in use. So is one whose promotion had begun, where AWSCURRENT is for neither of the two: the rotation lost its
 * lock, and someone wrote an AWSCURRENT of theirs.
 */
export const disableOtherUser = async (
  ports: ReconcilePorts,
  context: RecoveryContext,
  good: Version,
): Promise<Disabled | undefined> => {
  const { secret, known } = context;
  if (context.settings.strategy === 'single-user') return undefined;
  for (const version of known) {
    const { login } = version.value;
    const isOther = login.username !== good.value.login.username && sameEndpoint(login, good.value.login);
    if (!isUnfinishedIn(recordOf(secret), version.id) || !isOther) continue;
    const isOfPair = areOfOnePair(login.username, good.value.login.username);
    if (!isOfPair && isPromotingIn(recordOf(secret), version.id)) continue;
    await using accepted = await ports.database.login(login);
    if (accepted === undefined) continue;
    await using power = await openPower(ports, context, good, login.username);
    const shownBy = whatShows(context, version);
    if (shownBy === 'nothing') {
      await power.dropUser(login.username);
      return { how: 'dropped' };
    }
    // Before: once it is locked, nothing tells that it was this version's.
    if (shownBy === 'AWSPREVIOUS') await recordSeen(ports, context, version.id);
    await power.updateUser(login.username, { password: await ports.secrets.newPassword() });
    return { how: 'locked', ...(shownBy === 'AWSPREVIOUS' ? { seen: version.id } : {}) };
  }
  return undefined;
};

/** Minutes may have gone by. */
const recordSeen = async (
  ports: ReconcilePorts,
  { secret, lockVersion }: RecoveryContext,
  version: string,
): Promise<void> => {
  const record = recordOf(await describeAsOwner(ports, secret.arn, lockVersion));
  await recordProven(ports.secrets, secret.arn, record, withSeen(record, version));
};

/** A version that logged in, as the last: one who is locked is the secret's own, and an AWSPREVIOUS that is not proven does not show that to the next rotation. */
export const withSeen = (record: readonly string[], version: string): readonly string[] =>
  isProvenIn(record, version) ? record : [...record, ...asProven(version)];

/**
 * What shows that there was such a user before. A revert may have made one again that a retirement had dropped, and so may a rotation: then an AWSPREVIOUS that is
 * not proven shows nothing.
 */
const whatShows = (
  { secret, known }: RecoveryContext,
  { id, value }: Version,
): 'the record' | 'AWSPREVIOUS' | 'nothing' => {
  const record = recordOf(secret).filter((entry) => !isPromoting(entry));
  if (droppedIn(record).includes(id)) return 'nothing';
  const ofThatUser = known.filter(
    (other) => other.value.login.username === value.login.username && !droppedIn(record).includes(other.id),
  );
  if (ofThatUser.some((other) => isProvenIn(record, other.id))) return 'the record';
  // Where a compensation has moved AWSCURRENT back, AWSPREVIOUS is on the very version that was promoted.
  const previous = holderOf(secret, PREVIOUS);
  const wasPrevious = previous !== id || record.includes(asReturnedTo(id));
  const isPrevious = wasPrevious && ofThatUser.some((other) => other.id === previous);
  return isPrevious && !isGone(secret, value.login) ? 'AWSPREVIOUS' : 'nothing';
};

/** Where AWSCURRENT is for someone else than the pair, the pair's own versions have the power; a host of someone else's would say that all is done. */
const openPower = async (
  ports: ReconcilePorts,
  { settings, secret, known }: RecoveryContext,
  good: Version,
  other: string,
): Promise<Session> => {
  if (settings.strategy !== 'admin-clone')
    return await openAdminSession(ports, settings.adminSecret, good.value.login);
  const isOfThePair = ({ value: { login } }: Version): boolean =>
    login.username !== other && areOfOnePair(login.username, other) && sameEndpoint(login, good.value.login);
  for (const { value } of [...known, good].filter(isOfThePair)) {
    const own = await ports.database.login(value.login);
    if (own !== undefined) return own;
  }
  throw new NoUsableCredentialsError(
    `the version of ${secret.name} that logged in stopped logging in during the recovery; repeat it`,
  );
};
