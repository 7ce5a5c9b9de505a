import { openAdminSession } from '../shared/admin-session.ts';
import type { Before, Plan } from '../shared/contract.ts';
import { NotAuthorizedError, NoUsableCredentialsError } from '../shared/errors.ts';
import { CURRENT, hasLabel, holderOf } from '../shared/labels.ts';
import { ownsSecret } from '../shared/ownership.ts';
import type { Database, SecretDescription, SecretStore, Session } from '../shared/ports.ts';
import type { SecretValue } from '../shared/secret-value.ts';
import { sameRoles } from '../shared/users.ts';
import { type PlannedVersions, readPlannedVersions, readVersion } from '../shared/versions.ts';

export interface RestoreCredentialPorts {
  readonly secrets: SecretStore;
  readonly database: Database;
}

export interface RestoreCredentialResult {
  /** `superseded`: the secret is somebody else's now, and nothing was touched. */
  readonly outcome:
    | 'untouched'
    | 'password-restored'
    | 'user-dropped'
    | 'user-restored'
    | 'user-locked'
    | 'superseded';
}

/**
 * First half of the way back: the last good version logs in again, and no user that this rotation made or enabled
 * logs in with more than it had.
 *
 * The last good version is the one that was AWSCURRENT, if the pending one was promoted; else AWSCURRENT as it is
 * now. It and the pending version stay labelled meanwhile, so that the password is always on record.
 *
 * Safe to repeat: the database is asked first.
 *
 * @throws NoUsableCredentialsError if neither the versions nor the admin secret give a way in
 */
export const restoreCredential = async (
  ports: RestoreCredentialPorts,
  plan: Plan,
  before: Before,
  { evenIfSuperseded = false } = {},
): Promise<RestoreCredentialResult> => {
  const secret = await ports.secrets.describe(plan.secretArn);
  if (!evenIfSuperseded && !ownsSecret(secret, plan)) return { outcome: 'superseded' };
  const versions = await readPlannedVersions(ports.secrets, plan);
  const good = await lastGoodVersion(ports.secrets, secret, plan);
  return plan.strategy === 'single-user'
    ? await restorePassword(ports, plan, versions, good)
    : await restoreOtherUser(ports, plan, versions, before);
};

const lastGoodVersion = async (
  secrets: SecretStore,
  secret: SecretDescription,
  plan: Plan,
): Promise<SecretValue> => {
  const current = holderOf(secret, CURRENT) ?? plan.labelsBefore.current;
  const version = hasLabel(secret, plan.target, CURRENT) ? plan.labelsBefore.current : current;
  return await readVersion(secrets, plan.secretArn, version, 'the last good version');
};

const restorePassword = async (
  ports: RestoreCredentialPorts,
  plan: Plan,
  { pending, previous }: PlannedVersions,
  good: SecretValue,
): Promise<RestoreCredentialResult> => {
  await using accepted = await ports.database.login(good.login);
  if (accepted !== undefined) return { outcome: 'untouched' };

  for (const candidate of [pending, previous]) {
    if (candidate?.login.username !== good.login.username) continue;
    await using own = await ports.database.login(candidate.login);
    if (own === undefined) continue;
    await setPassword(ports, plan, own, good);
    return { outcome: 'password-restored' };
  }
  throw new NoUsableCredentialsError(
    `neither AWSCURRENT nor AWSPENDING of ${plan.secretName} logs in as "${good.login.username}" at ${plan.host}, so the password can't be put back`,
  );
};

const setPassword = async (
  ports: RestoreCredentialPorts,
  plan: Plan,
  own: Session,
  { login }: SecretValue,
): Promise<void> => {
  try {
    await own.updateUser(login.username, { password: login.password });
  } catch (error) {
    if (!(error instanceof NotAuthorizedError)) throw error;
    await using admin = await openAdminSession(ports, plan.adminSecret, login);
    await admin.updateUser(login.username, { password: login.password });
  }
};

/** The current user of a pair was never touched; what is put back is the other one. */
const restoreOtherUser = async (
  ports: RestoreCredentialPorts,
  plan: Plan,
  versions: PlannedVersions,
  before: Before,
): Promise<RestoreCredentialResult> => {
  await using own =
    plan.strategy === 'admin-clone' ? await ports.database.login(versions.current.login) : undefined;
  if (own !== undefined) return await putBack(own, ports, versions, before);
  if (plan.strategy === 'admin-clone') {
    throw new NoUsableCredentialsError(
      `AWSCURRENT of ${plan.secretName} does not log in as "${plan.users.current}" at ${plan.host}, so "${plan.users.pending}" can't be put back`,
    );
  }
  await using admin = await openAdminSession(ports, plan.adminSecret, versions.current.login);
  return await putBack(admin, ports, versions, before);
};

/** The database is asked first: a user that SetSecret did not get to is left as it is. */
const putBack = async (
  power: Session,
  { secrets, database }: RestoreCredentialPorts,
  { pending, previous }: PlannedVersions,
  { otherUser }: Before,
): Promise<RestoreCredentialResult> => {
  const { username } = pending.login;
  const existing = await power.findUser(username);
  if (existing === undefined || otherUser === undefined) return { outcome: 'untouched' };
  if (!otherUser.existed) {
    await power.dropUser(username);
    return { outcome: 'user-dropped' };
  }
  const roles = sameRoles(existing.roles, otherUser.roles) ? {} : { roles: otherUser.roles };
  await using accepted = await database.login(pending.login);
  if (accepted === undefined && roles.roles === undefined) return { outcome: 'untouched' };
  const enabled = otherUser.previousLoggedIn && previous !== undefined;
  await power.updateUser(username, {
    password: enabled ? previous.login.password : await secrets.newPassword(),
    ...roles,
  });
  return { outcome: enabled ? 'user-restored' : 'user-locked' };
};
