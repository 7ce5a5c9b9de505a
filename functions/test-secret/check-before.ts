import { NoUsableCredentialsError, UntrustedVersionError, UserNotFoundError } from '../contract/errors.ts';
import type { Before, Plan } from '../contract/steps.ts';
import { openAdminSession } from '../database/admin-session.ts';
import type { Database, Session } from '../database/database.ts';
import { isSameInstance, loginsOnInstances } from '../database/instances.ts';
import { knownRoles, listRoles, sameRoles, type ToldRoles } from '../database/roles.ts';
import { assertTakesWrites } from '../database/takes-writes.ts';
import { CURRENT, PENDING, PREVIOUS } from '../secret/labels.ts';
import type { LockPorts } from '../secret/lock.ts';
import { isProvenIn, lastDropIn, pairedIn } from '../secret/proven.ts';
import type { Login, SecretValue } from '../secret/secret-value.ts';
import { isRevert, readPending, readUsable, readVersion } from '../secret/versions.ts';
import { type EndpointPorts, loginWherePossible } from './endpoint-mistake.ts';
import { findLeftBehind } from './left-behind.ts';
import { findOtherUser } from './other-user.ts';

export type CheckBeforePorts = LockPorts & EndpointPorts;

/**
 * Looks before anything changes: is every instance of the database there, which versions log in, and what will there be to
 * put back? What it finds is the record that RestoreCredential goes by. Changes nothing, so it needs no lock.
 *
 * It tries no more than it has to: a pending value that no step can have used is not tried.
 *
 * @throws NoUsableCredentialsError if no version logs in as the user that the rotation is for
 * @throws UntrustedVersionError if an AWSPREVIOUS to go back to is not proven, or an AWSCURRENT that does not log in
 * @throws UserNotFoundError if the admin secret shows that this user does not exist
 * @throws RolesUnknownError if the server does not tell the roles that a pair's other user is to have
 * @throws UserNameTakenError if the other user of a pair belongs to someone else, or may: it would get roles
 * @throws DatabaseUnavailableError if the host takes no writes: during a fail-over that passes
 * @throws DatabaseUnavailableError, HostNotFoundError, CertificateNotTrustedError, InstanceNotTrustedError if an
 *   instance of the cluster can't be asked
 */
export const checkBefore = async (ports: CheckBeforePorts, plan: Plan): Promise<Before> => {
  const { pending, current } = await loadVersions(ports, plan);
  const { secretArn, secretName, labelsBefore } = plan;
  const tried = { what: `AWSCURRENT of ${secretName}`, secretArn, previous: labelsBefore.previous };
  await using asCurrent = current && (await loginWherePossible(ports, current.login, tried));
  await using asPending = pending && (await ports.database.login(pending.login));
  if (isRevert(plan)) assertTrusted(plan, current, asPending);
  const reference = current ?? pending;
  const previous =
    isRevert(plan) || (plan.strategy === 'single-user' && (asCurrent ?? asPending) !== undefined)
      ? undefined
      : await readUsable(ports.secrets, plan.secretArn, plan.labelsBefore.previous, reference as SecretValue);
  await using asPrevious = previous && (await ports.database.login(previous.login));

  const logsIn: Before['logsIn'] = [
    ...(asCurrent === undefined ? [] : ([CURRENT] as const)),
    ...(asPending === undefined ? [] : ([PENDING] as const)),
    ...(asPrevious === undefined ? [] : ([PREVIOUS] as const)),
  ];
  const own = ownLogin(plan, [
    [current, asCurrent],
    [pending, asPending],
    [previous, asPrevious],
  ]);
  if (own === undefined) throw await whyNoneLogsIn(ports, plan, (reference as SecretValue).login);
  if (!isRevert(plan) && (asCurrent ?? asPending) === undefined) assertMayBeCopied(plan);
  await assertAtAdminsPlace(ports, plan, own.login);
  // A credential that logs in already needs no write.
  if (asPending === undefined) await assertTakesWrites(own.session, own.login.host);
  await assertInstancesAnswer(ports.database, own);
  const told = await own.session.ownRoles();
  if (plan.strategy !== 'single-user') knownRoles(told, own.login.username);
  const ofPending = isRevert(plan) ? await asPending?.ownRoles() : undefined;
  if (isRevert(plan) && asPending !== undefined) {
    assertGainsNothing(plan, ofPending, told);
    assertHasRoles(plan, ofPending);
  }
  const roles = rolesToKeep(plan, { login: own.login, told }, ofPending);
  // Without AWSCURRENT only a revert to a user that still logs in is possible, and that changes no user.
  if (plan.strategy === 'single-user' || asCurrent === undefined)
    return { logsIn, roles, ...(await findLeftBehind(ports, plan, reference as SecretValue)) };
  const otherUser = await findOtherUser(ports, plan, {
    asCurrent,
    current: current as SecretValue,
    roles: knownRoles(told, own.login.username),
    previous: isRevert(plan) ? pending : previous,
    pendingLogsIn: asPending !== undefined,
    previousLogsIn: (isRevert(plan) ? asPending : asPrevious) !== undefined,
  });
  return { logsIn, roles, otherUser };
};

/**
 * A user that was one of a pair, or may be: its end names it in a tag, and takes others off the record. So it is at the admin secret's place, also where it
 * could change itself: at a host of their own anyone is whom they like.
 *
 * @throws AdminSecretMismatchError
 */
const assertAtAdminsPlace = async (ports: CheckBeforePorts, plan: Plan, login: Login): Promise<void> => {
  const wasPair = [...pairedIn(plan.proven), ...lastDropIn(plan.proven)].length > 0;
  if (isRevert(plan) || plan.strategy !== 'single-user' || plan.adminSecret === undefined || !wasPair) return;
  await using _admin = await openAdminSession(ports, plan.adminSecret, login);
};

interface Versions {
  /** Undefined where no step can have used it yet. */
  readonly pending: SecretValue | undefined;
  /** Undefined where it is what people go back from: unreadable, for another place, or for someone else, whose roles say nothing of this user's. */
  readonly current: SecretValue | undefined;
}

const loadVersions = async (ports: CheckBeforePorts, plan: Plan): Promise<Versions> => {
  const { secretArn, labelsBefore } = plan;
  if (!isRevert(plan)) {
    const current = await readVersion(ports.secrets, secretArn, labelsBefore.current, CURRENT);
    return { current, pending: plan.outcome === 'created' ? undefined : await readPending(ports, plan) };
  }
  const pending = await readPending(ports, plan);
  const current = await readUsable(ports.secrets, secretArn, labelsBefore.current, pending);
  return { pending, current: plan.unknownCurrent ? undefined : current };
};

/**
 * Anybody who may write the secret can give AWSPREVIOUS to a value of theirs. It is gone back to if this project wrote it or saw it
 * log in, or if it logs in now, in the same place and as the same user as AWSCURRENT, or as its other half: another user would get
 * the roles of this one.
 */
const assertTrusted = (
  plan: Plan,
  current: SecretValue | undefined,
  asPending: Session | undefined,
): void => {
  if (isProvenIn(plan.proven, plan.pendingVersion)) return;
  if (current !== undefined && asPending !== undefined) return;
  throw new UntrustedVersionError(
    `AWSPREVIOUS of ${plan.secretName} (version ${plan.pendingVersion}) was neither written by a rotation nor seen to log in, and ${whyNotTrusted(asPending)}; if it is the right value, put it into the secret as AWSCURRENT yourself`,
  );
};

const whyNotTrusted = (asPending: Session | undefined): string =>
  asPending === undefined
    ? 'does not log in now'
    : 'AWSCURRENT is unreadable, for another place or for another user, so that nothing shows whose it is, though it logs in now';

/**
 * A new version keeps all that AWSCURRENT has beside the credential: connection strings, and keys that applications know. Who writes a value
 * without knowing the password would have the new one put beside their own host.
 */
const assertMayBeCopied = ({ secretName, labelsBefore, proven }: Plan): void => {
  if (isProvenIn(proven, labelsBefore.current)) return;
  throw new UntrustedVersionError(
    `AWSCURRENT of ${secretName} (version ${labelsBefore.current}) does not log in, and was never seen to: a rotation would take over what else it says; go back to AWSPREVIOUS ("mode": "revert"), or put the right value into the secret`,
  );
};

/**
 * A login shows whose an unproven AWSPREVIOUS is, not that the user is to have what AWSCURRENT's has: who may write the secret
 * could plant one for a user of their own, and have it get these roles.
 */
const assertGainsNothing = (plan: Plan, own: ToldRoles, roles: ToldRoles): void => {
  if (isProvenIn(plan.proven, plan.pendingVersion) || sameRoles(own, roles)) return;
  throw new UntrustedVersionError(
    `AWSPREVIOUS of ${plan.secretName} (version ${plan.pendingVersion}) was neither written by a rotation nor seen to log in, and "${plan.users.pending}" has other roles than "${plan.users.current}": ${listRoles(own)} instead of ${listRoles(roles)}; if it is the right value, put it into the secret as AWSCURRENT yourself`,
  );
};

/**
 * A revert of a pair gives its user the roles back that a retirement took. Where the pair was switched to single-user nothing does, and the next retirement would
 * take the other one's too.
 */
const assertHasRoles = (plan: Plan, own: ToldRoles): void => {
  const { strategy, users } = plan;
  if (strategy !== 'single-user' || users.current === users.pending) return;
  if (own === undefined || own.length > 0) return;
  throw new UntrustedVersionError(
    `AWSPREVIOUS of ${plan.secretName} (version ${plan.pendingVersion}) is for "${users.pending}", which has no roles, as a retirement with the policy "revoke" leaves it: a revert of a single user gives none; grant it those of "${users.current}" first`,
  );
};

interface OwnLogin {
  readonly session: Session;
  readonly login: Login;
}

/** What proves that the secret is its user's own, and shows the roles to keep: the first version that logs in as a user of it. */
const ownLogin = (
  { strategy, users }: Plan,
  candidates: readonly [SecretValue | undefined, Session | undefined][],
): OwnLogin | undefined => {
  const [, , [previous] = []] = candidates;
  for (const [value, session] of candidates) {
    if (value === undefined || session === undefined) continue;
    // A pair's AWSPREVIOUS is for the other user.
    const isOther =
      value === previous && (strategy !== 'single-user' || value.login.username !== users.pending);
    if (!isOther) return { session, login: value.login };
  }
  return undefined;
};

/**
 * An instance that can't be asked would fail TestSecret, in the middle of a single user's outage window, and then the check of
 * the compensation. Whether it accepts the credential does not matter yet: it may lag, and TestSecret gives it time.
 */
const assertInstancesAnswer = async (database: Database, { session, login }: OwnLogin): Promise<void> => {
  const instances = await loginsOnInstances(session, login);
  if (isSameInstance(instances, login)) return;
  await Promise.all(
    instances.map(async (instance) => {
      await using _answered = await database.login(instance);
    }),
  );
};

/** Tells a wrong password from a missing user, where the admin secret allows to ask. */
const whyNoneLogsIn = async (ports: CheckBeforePorts, plan: Plan, login: Login): Promise<Error> => {
  const { username } = login;
  if (plan.adminSecret !== undefined) {
    await using admin = await openAdminSession(ports, plan.adminSecret, login);
    if ((await admin.findUser(username)) === undefined) {
      return new UserNotFoundError(
        `the user "${username}" of ${plan.secretName} does not exist at ${plan.host}; create it, or correct the secret`,
      );
    }
  }
  return new NoUsableCredentialsError(
    `no labelled version of ${plan.secretName} logs in as "${username}" at ${plan.host}; an older version may: start the recovery machine, which tries those that are proven, and with "resetThroughAdmin": true sets the password where the deployment allows it; or put the right password into the secret`,
  );
};

/** Of a single user those of the one that is promoted: a revert may go back from someone else's. */
const rolesToKeep = (
  { strategy, users }: Plan,
  { login, told }: { readonly login: Login; readonly told: ToldRoles },
  ofPending: ToldRoles,
): Before['roles'] => {
  const isOther = strategy === 'single-user' && login.username !== users.pending;
  const roles = isOther ? ofPending : told;
  return roles === undefined ? null : [...roles];
};
