import { restoreCredential } from '../restore-credential/restore-credential.ts';
import { openAdminSession } from '../shared/admin-session.ts';
import type { Before, Plan } from '../shared/contract.ts';
import { NotAuthorizedError, NoUsableCredentialsError, RotationSupersededError } from '../shared/errors.ts';
import { assertOwner } from '../shared/ownership.ts';
import type { Database, Role, SecretStore, Session } from '../shared/ports.ts';
import type { SecretValue } from '../shared/secret-value.ts';
import { sameRoles } from '../shared/users.ts';
import { type PlannedVersions, readPlannedVersions } from '../shared/versions.ts';
import { writeUser } from '../shared/write-user.ts';

export interface SetSecretPorts {
  readonly secrets: SecretStore;
  readonly database: Database;
}

export interface SetSecretResult {
  readonly outcome: 'already-set' | 'changed' | 'created';
  /** The roles that the pending credential must show from now on. */
  readonly roles: readonly Role[];
}

/**
 * Step 2 of 4: makes the database accept the pending credential.
 *
 * Safe to repeat: the database is asked first, so that a call after a lost reply finds `already-set`. From here
 * on a single user's AWSCURRENT does not log in, until FinishSecret promotes the pending version; a pair's
 * current user is not touched at all.
 *
 * @throws RotationSupersededError if the lock was lost; a change made meanwhile has been taken back
 * @throws NoUsableCredentialsError if no version proves that the secret is the user's own
 * @throws AdminSecretRequiredError, AdminSecretMismatchError, AdminSecretUnavailableError, ChangeRefusedError
 */
export const setSecret = async (
  ports: SetSecretPorts,
  plan: Plan,
  before: Before,
): Promise<SetSecretResult> => {
  await assertOwner(ports.secrets, plan);
  const versions = await readPlannedVersions(ports.secrets, plan);
  const result = await (plan.strategy === 'single-user'
    ? changePassword(ports, plan, versions, before.roles)
    : prepareOtherUser(ports, plan, versions));
  if (result.outcome !== 'already-set') await takeBackIfSuperseded(ports, plan, before);
  return result;
};

const changePassword = async (
  ports: SetSecretPorts,
  plan: Plan,
  versions: PlannedVersions,
  roles: readonly Role[],
): Promise<SetSecretResult> => {
  const { pending } = versions;
  await using accepted = await ports.database.login(pending.login);
  if (accepted !== undefined) return { outcome: 'already-set', roles };

  await using own = await openAs(ports.database, pending.login.username, [
    versions.current,
    versions.previous,
  ]);
  if (own === undefined) throw noUsableCredentials(plan, pending.login.username);
  const change = { password: pending.login.password };
  if (await changesItself(own, pending.login.username, change.password)) return { outcome: 'changed', roles };

  await using admin = await openAdminSession(ports, plan.adminSecret, pending.login);
  await admin.updateUser(pending.login.username, change);
  return { outcome: 'changed', roles };
};

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
  { pending, current }: PlannedVersions,
): Promise<SetSecretResult> => {
  await using accepted = await ports.database.login(pending.login);
  await using own = await ports.database.login(current.login);
  // A rollback to a user that still logs in needs nobody's power, not even that of a broken AWSCURRENT.
  if (accepted !== undefined && own === undefined)
    return { outcome: 'already-set', roles: await accepted.ownRoles() };
  if (own === undefined) throw noUsableCredentials(plan, current.login.username);

  const roles = await own.ownRoles();
  if (accepted !== undefined && sameRoles(await accepted.ownRoles(), roles))
    return { outcome: 'already-set', roles };

  if (plan.strategy === 'admin-clone') {
    return { outcome: await writeUser(own, pending.login, roles), roles };
  }
  await using admin = await openAdminSession(ports, plan.adminSecret, pending.login);
  return { outcome: await writeUser(admin, pending.login, roles), roles };
};

/** The first version of that user that logs in: the proof that this secret is the user's own. */
const openAs = async (
  database: Database,
  username: string,
  candidates: readonly (SecretValue | undefined)[],
): Promise<Session | undefined> => {
  for (const candidate of candidates) {
    if (candidate?.login.username !== username) continue;
    const session = await database.login(candidate.login);
    if (session !== undefined) return session;
  }
  return undefined;
};

const noUsableCredentials = (plan: Plan, username: string): NoUsableCredentialsError =>
  new NoUsableCredentialsError(
    `no labelled version of ${plan.secretName} logs in as "${username}" at ${plan.host}; correct the secret, or run this machine with "mode": "recover", "resetThroughAdmin": true`,
  );

/**
 * Whoever took the lock meanwhile (a `recover` after an abort) believes the database unchanged. A change that came
 * after its look would leave a password that no label holds, so it is taken back at once.
 */
const takeBackIfSuperseded = async (ports: SetSecretPorts, plan: Plan, before: Before): Promise<void> => {
  try {
    await assertOwner(ports.secrets, plan);
  } catch (error) {
    if (error instanceof RotationSupersededError)
      await restoreCredential(ports, plan, before, { evenIfSuperseded: true });
    throw error;
  }
};
