import { UntrustedVersionError, UserNameTakenError } from '../contract/errors.ts';
import type { Before, Plan } from '../contract/steps.ts';
import { DROPPED_TAG } from '../contract/tags.ts';
import { openAdminSession } from '../database/admin-session.ts';
import type { Database, Role, Session } from '../database/database.ts';
import { knownRoles, listRoles, sameRoles } from '../database/roles.ts';
import type { LockPorts } from '../secret/lock.ts';
import { droppedIn, namedIn, pairedIn } from '../secret/proven.ts';
import type { SecretValue } from '../secret/secret-value.ts';
import { isRevert, readUsable } from '../secret/versions.ts';

export interface OtherUserPorts extends LockPorts {
  readonly database: Database;
}

interface Seen {
  readonly asCurrent: Session;
  readonly current: SecretValue;
  /** Those of the current user, which the other one is to have. */
  readonly roles: readonly Role[];
  readonly previous: SecretValue | undefined;
  readonly previousLogsIn: boolean;
  /** An earlier attempt of this rotation got as far as SetSecret. */
  readonly pendingLogsIn: boolean;
}

type OtherUser = NonNullable<Before['otherUser']>;

/** One that is not there, or that an earlier attempt of this rotation made: compensation drops it. */
const NEW: OtherUser = { existed: false, roles: [], previousLoggedIn: false };

/**
 * The other user of a pair, as it stands before SetSecret makes or changes it; and whether it is this secret's own.
 *
 * @throws RolesUnknownError if the server does not tell what it may do
 * @throws UserNameTakenError, UntrustedVersionError if it belongs to someone else, or may, and would get roles
 */
export const findOtherUser = async (ports: OtherUserPorts, plan: Plan, seen: Seen): Promise<OtherUser> => {
  const { asCurrent, current } = seen;
  await using admin =
    plan.strategy === 'admin-clone'
      ? undefined
      : await openAdminSession(ports, plan.adminSecret, current.login);
  const found = await (admin ?? asCurrent).findUser(plan.users.pending);
  const paired = pairedIn(plan.proven);
  if (found === undefined) {
    // Whose the one in AWSCURRENT is, the other one would show.
    if (plan.wasDropped) throw wasDropped(plan);
    // It would be made again, with the password that AWSPREVIOUS has.
    if (isRevert(plan)) await assertTakeTurns(ports, plan, seen, [], [...paired, ...droppedIn(plan.proven)]);
    return NEW;
  }
  const roles = knownRoles(found.roles, plan.users.pending);
  // Who has the name of one whom a retirement has dropped is someone else: that a value for it logs in shows nothing.
  const evidence = plan.otherWasDropped ? undefined : await versionOfIt(ports, plan, seen);
  if (evidence === undefined && !seen.pendingLogsIn) throw nameTaken(plan);
  if (evidence === undefined && isRevert(plan)) throw isSomeoneElses(plan);
  const getsOldPassword = isRevert(plan) && !seen.pendingLogsIn;
  if (getsOldPassword || !sameRoles(roles, seen.roles))
    await assertTakeTurns(ports, plan, seen, roles, paired);
  return evidence === undefined ? NEW : { existed: true, roles: [...roles], ...evidence };
};

type Evidence = Pick<OtherUser, 'version' | 'previousLoggedIn'>;

/** AWSPREVIOUS; or, where a value that was written by hand has taken that label, a version that the record still has. */
const versionOfIt = async (
  { secrets, database }: OtherUserPorts,
  { secretArn, users, labelsBefore, proven }: Plan,
  { current, previous, previousLogsIn }: Seen,
): Promise<Evidence | undefined> => {
  const known = namedIn(proven);
  const isProven = previousLogsIn || known.includes(labelsBefore.previous ?? '');
  if (previous?.login.username === users.pending && isProven) return { previousLoggedIn: previousLogsIn };
  for (const version of known) {
    const value = await readUsable(secrets, secretArn, version, current);
    if (value?.login.username !== users.pending) continue;
    await using session = await database.login(value.login);
    return { version, previousLoggedIn: session !== undefined };
  }
  return undefined;
};

/**
 * AWSPREVIOUS proves that the other user is this secret's own, if it is proven itself: a locked predecessor does not log in, and
 * everyone who may write the secret can plant a value for someone else's user. A version without a label proves nothing: a refused
 * rotation leaves one behind, with the name that it was refused for.
 */
const nameTaken = (plan: Plan): UserNameTakenError =>
  new UserNameTakenError(
    `${plan.secretName} would take turns with "${plan.users.pending}", but a user of that name exists at ${plan.host}, and no proven version is for it. If it is someone else's, rename one of them or use the strategy single-user; if it is this secret's own, drop it`,
  );

const isSomeoneElses = ({ secretName, users, host, pendingVersion }: Plan): UntrustedVersionError =>
  new UntrustedVersionError(
    `AWSPREVIOUS of ${secretName} (version ${pendingVersion}) is for "${users.pending}", which a retirement has dropped at ${host}, and a user of that name is there: it may be someone else's by now; rename one of the two, or take the tag ${DROPPED_TAG} off if "${users.pending}" is the secret's`,
  );

const wasDropped = ({ secretName, users, host }: Plan): UntrustedVersionError =>
  new UntrustedVersionError(
    `AWSCURRENT of ${secretName} is for "${users.current}", which a retirement has dropped at ${host}, and "${users.pending}" is not there: nothing shows that this one is the secret's own, and it gets no second user; put the right value into the secret, or take the tag ${DROPPED_TAG} off if "${users.current}" is the secret's`,
  );

/**
 * A login proves whose password it is, not what its user may have: the owner of a `…_clone` who may write the secret can have their
 * version seen to log in, and would get the roles of the secret's user. So the two have the same roles already, or a rotation has left
 * both as they are: it made one from the other, or found them alike. An old password is given only to the user whose version it left.
 *
 * @param record the versions that show that
 */
const assertTakeTurns = async (
  { secrets }: OtherUserPorts,
  plan: Plan,
  { current, roles, pendingLogsIn }: Seen,
  found: readonly Role[],
  record: readonly string[],
): Promise<void> => {
  const versions = record.map((id) => readUsable(secrets, plan.secretArn, id, current));
  const names = (await Promise.all(versions)).map((value) => value?.login.username);
  const { users, secretName, pendingVersion } = plan;
  const mayReturn = !isRevert(plan) || pendingLogsIn || record.includes(pendingVersion);
  if (mayReturn && names.includes(users.current) && names.includes(users.pending)) return;
  const difference = `"${users.pending}" has other roles than "${users.current}" (${listRoles(found)} instead of ${listRoles(roles)}), and no rotation of this secret has made them a pair`;
  if (isRevert(plan)) {
    throw new UntrustedVersionError(
      `AWSPREVIOUS of ${secretName} (version ${pendingVersion}): ${difference}; if it is the right value, put it into the secret as AWSCURRENT yourself`,
    );
  }
  throw new UserNameTakenError(
    `${secretName} would take turns with "${users.pending}", but ${difference}. If it is someone else's, rename one of them or use the strategy single-user; if it is this secret's own, give it the same roles or drop it`,
  );
};
