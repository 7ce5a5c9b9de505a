import { NotAuthorizedError, NoUsableCredentialsError } from '../contract/errors.ts';
import type { Before, Plan } from '../contract/steps.ts';
import { openAdminSession } from '../database/admin-session.ts';
import type { Database, Role, Session } from '../database/database.ts';
import { assertUnchanged, knownRoles, sameRoles } from '../database/roles.ts';
import { writeUser } from '../database/write-user.ts';
import { describeAsOwner, type LockPorts, takePending } from '../secret/lock.ts';
import type { SecretValue } from '../secret/secret-value.ts';
import { isRevert, readPending, readUsable } from '../secret/versions.ts';

export interface SetSecretPorts extends LockPorts {
  readonly database: Database;
}

export interface SetSecretResult {
  readonly outcome: 'already-set' | 'changed' | 'created';
  /** The roles that the pending credential must show from now on. */
  readonly roles: readonly Role[] | null;
}

/**
 * Step 2 of 4: makes the database accept the pending credential.
 *
 * Safe to repeat: the database is asked first, so that a call after a lost reply finds `already-set`. From here
 * on a single user's AWSCURRENT does not log in, until FinishSecret promotes the pending version; a pair's
 * current user is not touched at all.
 *
 * @throws RotationSupersededError if this execution has the lock no more; nothing was changed
 * @throws NoUsableCredentialsError if no version proves that the secret is the user's own
 * @throws RolesUnknownError if the server does not tell the roles that a pair's other user is to have
 * @throws UserChangedError if one of a pair's two users got or lost roles since CheckBefore, or another password, or was dropped; nothing was changed
 * @throws AdminSecretRequiredError, AdminSecretMismatchError, AdminSecretUnavailableError, ChangeRefusedError
 */
export const setSecret = async (
  ports: SetSecretPorts,
  plan: Plan,
  before: Before,
): Promise<SetSecretResult> => {
  const secret = await describeAsOwner(ports, plan.secretArn, plan.lockVersion);
  // The pending version is the record of the password that the database is about to get: it has to keep a label.
  await takePending(ports, secret, plan.pendingVersion);
  const pending = await readPending(ports, plan);
  // What CheckBefore left out may log in by now.
  const isLeftOut = isRevert(plan) && plan.unknownCurrent === true;
  const current = isLeftOut
    ? undefined
    : await readUsable(ports.secrets, plan.secretArn, plan.labelsBefore.current, pending);
  return await (plan.strategy === 'single-user'
    ? changePassword(ports, plan, { pending, current }, before.roles)
    : prepareOtherUser(ports, plan, { pending, current }, before));
};

interface Versions {
  readonly pending: SecretValue;
  /** Undefined where it is what people go back from: unreadable, or for another place. */
  readonly current: SecretValue | undefined;
}

/** AWSCURRENT first: it is what logs in, but for a call that comes again. */
const changePassword = async (
  ports: SetSecretPorts,
  plan: Plan,
  { pending, current }: Versions,
  roles: Before['roles'],
): Promise<SetSecretResult> => {
  const { username, password } = pending.login;
  const asCurrent = await openAs(ports.database, username, current);
  if (asCurrent === undefined && (await logsIn(ports.database, pending)))
    return { outcome: 'already-set', roles };
  await using own =
    asCurrent ?? (await openAs(ports.database, username, await previousOf(ports, plan, pending)));
  if (own === undefined) throw noUsableCredentials(plan, username);
  if (await changesItself(own, username, password)) return { outcome: 'changed', roles };

  await using admin = await openAdminSession(ports, plan.adminSecret, pending.login);
  await admin.updateUser(username, { password });
  return { outcome: 'changed', roles };
};

const logsIn = async (database: Database, { login }: SecretValue): Promise<boolean> => {
  await using session = await database.login(login);
  return session !== undefined;
};

const previousOf = async (
  { secrets }: SetSecretPorts,
  { secretArn, labelsBefore }: Plan,
  reference: SecretValue,
): Promise<SecretValue | undefined> => await readUsable(secrets, secretArn, labelsBefore.previous, reference);

/** Below userAdminAnyDatabase, restore and root no built-in role of DocumentDB may change even its own password. */
const changesItself = async (own: Session, username: string, password: string): Promise<boolean> => {
  try {
    await own.updateUser(username, { password });
    return true;
  } catch (error) {
    if (error instanceof NotAuthorizedError) return false;
    throw error;
  }
};

const prepareOtherUser = async (
  ports: SetSecretPorts,
  plan: Plan,
  { pending, current }: Versions,
  before: Before,
): Promise<SetSecretResult> => {
  await using accepted = await ports.database.login(pending.login);
  await using own = current && (await ports.database.login(current.login));
  // What CheckBefore did not look at is not changed: an AWSCURRENT may have begun to log in since.
  const mayChange = own !== undefined && before.otherUser !== undefined;
  // To go back to a user that still logs in takes no power, not even that of a broken AWSCURRENT.
  if (accepted !== undefined && !mayChange)
    return { outcome: 'already-set', roles: knownRoles(await accepted.ownRoles(), plan.users.pending) };
  if (!mayChange) throw noUsableCredentials(plan, plan.users.current);

  const roles = knownRoles(await own.ownRoles(), plan.users.current);
  assertUnchanged(plan.users.current, before.roles ?? undefined, roles);
  if (accepted !== undefined && sameRoles(await accepted.ownRoles(), roles))
    return { outcome: 'already-set', roles };

  const seen = {
    before: before.otherUser?.existed === true ? before.otherUser : null,
    accepted: accepted !== undefined,
    keepsPassword: () => keepsPassword(ports, plan, before, pending),
  };
  if (plan.strategy === 'admin-clone') {
    return { outcome: await writeUser(own, pending.login, roles, seen), roles };
  }
  await using admin = await openAdminSession(ports, plan.adminSecret, pending.login);
  return { outcome: await writeUser(admin, pending.login, roles, seen), roles };
};

/**
 * Whether the other user has the password that CheckBefore saw log in: a compensation would bring back one that someone has changed since.
 * The pending one is asked last: an earlier call may come late.
 */
const keepsPassword = async (
  ports: SetSecretPorts,
  { secretArn, labelsBefore }: Plan,
  { otherUser }: Before,
  pending: SecretValue,
): Promise<boolean> => {
  if (otherUser?.previousLoggedIn !== true) return true;
  const holder = otherUser.version ?? labelsBefore.previous;
  const previous = await readUsable(ports.secrets, secretArn, holder, pending);
  if (previous !== undefined && (await logsIn(ports.database, previous))) return true;
  return await logsIn(ports.database, pending);
};

/** A version of that very user which logs in: the proof that this secret is the user's own. */
const openAs = async (
  database: Database,
  username: string,
  version: SecretValue | undefined,
): Promise<Session | undefined> =>
  version?.login.username === username ? await database.login(version.login) : undefined;

const noUsableCredentials = (plan: Plan, username: string): NoUsableCredentialsError =>
  new NoUsableCredentialsError(
    `no labelled version of ${plan.secretName} logs in as "${username}" at ${plan.host}; an older version may: start the recovery machine, which tries those that are proven, and with "resetThroughAdmin": true sets the password where the deployment allows it; or put the right password into the secret`,
  );
