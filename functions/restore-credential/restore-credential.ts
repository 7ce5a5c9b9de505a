import { NotAuthorizedError, NoUsableCredentialsError } from '../contract/errors.ts';
import type { Before, Plan } from '../contract/steps.ts';
import { openAdminSession } from '../database/admin-session.ts';
import type { Database, Session } from '../database/database.ts';
import { sameRoles, type ToldRoles, withoutGiven } from '../database/roles.ts';
import { sameCredential } from '../database/same-credential.ts';
import { CURRENT, holderOf, PENDING } from '../secret/labels.ts';
import { describeAsOwner, type LockPorts } from '../secret/lock.ts';
import { wasGood } from '../secret/proven-by.ts';
import type { SecretValue } from '../secret/secret-value.ts';
import { readPending, readUsable, readVersion } from '../secret/versions.ts';

export interface RestoreCredentialPorts extends LockPorts {
  readonly database: Database;
}

export interface RestoreCredentialResult {
  readonly outcome: 'untouched' | 'password-restored' | 'user-dropped' | 'user-restored' | 'user-locked';
  /** A version that someone made AWSCURRENT meanwhile, and that logs in: it stays. */
  readonly currentStays?: string | undefined;
}

/**
 * First half of compensation: the last good version logs in again, and no user that this rotation made or enabled logs in
 * with more than it had.
 *
 * The last good version is the one that was AWSCURRENT when this execution began, if it logged in then or is proven; never
 * AWSCURRENT as it is now, which someone may have written meanwhile.
 *
 * Safe to repeat: the database is asked first.
 *
 * @param before null where CheckBefore came to no end
 * @throws RotationSupersededError if this execution has the lock no more
 * @throws NoUsableCredentialsError if neither the versions nor the admin secret give a way in
 */
export const restoreCredential = async (
  ports: RestoreCredentialPorts,
  plan: Plan,
  before: Before | null,
): Promise<RestoreCredentialResult> => {
  const secret = await describeAsOwner(ports, plan.secretArn, plan.lockVersion);
  const pending = await readPending(ports, plan);
  const found = await writtenMeanwhile(ports, plan, holderOf(secret, CURRENT), pending);
  const written = isOurs(found, before, pending) ? undefined : found;
  const isSameUser = written?.value.login.username === pending.login.username;
  // Who wrote it changed the database too: to set a password now would break what works.
  if (isSameUser && (await logsIn(ports, written)))
    return { outcome: 'untouched', currentStays: written.version };
  const result =
    plan.strategy === 'single-user'
      ? await restorePassword(ports, plan, before, pending)
      : await restoreOtherUser(ports, plan, before, { pending, written: written?.value });
  // An edit of another key has the password of before, and logs in since it is back.
  return (await logsIn(ports, written)) ? { ...result, currentStays: written?.version } : result;
};

interface WrittenVersion {
  readonly version: string;
  readonly value: SecretValue;
}

/** An AWSCURRENT of someone else's, for the same place. */
const writtenMeanwhile = async (
  { secrets }: RestoreCredentialPorts,
  { secretArn, pendingVersion, labelsBefore }: Plan,
  version: string | undefined,
  pending: SecretValue,
): Promise<WrittenVersion | undefined> => {
  if (version === undefined || [pendingVersion, labelsBefore.current].includes(version)) return undefined;
  const value = await readUsable(secrets, secretArn, version, pending);
  return value === undefined ? undefined : { version, value };
};

/**
 * Whether it is a copy of the pending value that logs in by what this execution does alone, or did so beside AWSCURRENT, as the other user of a pair: that one
 * gets back what it had, and AWSCURRENT the one that was in use.
 */
const isOurs = (
  written: WrittenVersion | undefined,
  before: Before | null,
  { login }: SecretValue,
): boolean =>
  written !== undefined &&
  sameCredential(written.value.login, login) &&
  before !== null &&
  (!before.logsIn.includes(PENDING) || before.logsIn.includes(CURRENT));

const logsIn = async (
  { database }: RestoreCredentialPorts,
  written: WrittenVersion | undefined,
): Promise<boolean> => {
  if (written === undefined) return false;
  await using session = await database.login(written.value.login);
  return session !== undefined;
};

const restorePassword = async (
  ports: RestoreCredentialPorts,
  plan: Plan,
  before: Before | null,
  pending: SecretValue,
): Promise<RestoreCredentialResult> => {
  // What did not log in before this rotation is not made to: someone may have planted it.
  if (!wasGood(plan, before)) return { outcome: 'untouched' };
  const { secretArn, labelsBefore } = plan;
  const good = await readUsable(ports.secrets, secretArn, labelsBefore.current, pending);
  if (good === undefined) return { outcome: 'untouched' };
  await using accepted = await ports.database.login(good.login);
  if (accepted !== undefined) return { outcome: 'untouched' };

  const previous = await readUsable(ports.secrets, secretArn, labelsBefore.previous, pending);
  for (const candidate of [pending, previous]) {
    if (candidate?.login.username !== good.login.username) continue;
    await using own = await ports.database.login(candidate.login);
    if (own === undefined) continue;
    await setPassword(ports, plan, own, good);
    return { outcome: 'password-restored' };
  }
  throw new NoUsableCredentialsError(
    `no version of ${plan.secretName} logs in as "${good.login.username}" at ${plan.host}, so the password of AWSCURRENT can't be put back`,
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
  before: Before | null,
  { pending, written }: { readonly pending: SecretValue; readonly written: SecretValue | undefined },
): Promise<RestoreCredentialResult> => {
  // Nothing was changed before CheckBefore had looked at that user.
  if (before?.otherUser === undefined) return { outcome: 'untouched' };
  const { otherUser } = before;
  const current = await readVersion(ports.secrets, plan.secretArn, plan.labelsBefore.current, 'AWSCURRENT');
  const holder = otherUser.version ?? plan.labelsBefore.previous;
  const previous = await readUsable(ports.secrets, plan.secretArn, holder, current);
  const versions = { pending, previous };
  const seen = { otherUser, given: before.roles ?? undefined };
  await using own = await openAsCurrent(ports, [current, written], current.login.username);
  // Someone has changed its password, or dropped it: the other one may be all that is left.
  if (own === undefined)
    throw new NoUsableCredentialsError(
      `the version of ${plan.secretName} that was AWSCURRENT does not log in as "${plan.users.current}" at ${plan.host}, so "${plan.users.pending}" is not put back`,
    );
  if (plan.strategy === 'admin-clone') return await putBack(own, ports, versions, seen);
  await using admin = await openAdminSession(ports, plan.adminSecret, current.login);
  return await putBack(admin, ports, versions, seen);
};

/** As the user that was in use: by the version of then, or by what someone wrote for it since. */
const openAsCurrent = async (
  { database }: RestoreCredentialPorts,
  values: readonly (SecretValue | undefined)[],
  username: string,
): Promise<Session | undefined> => {
  for (const value of values) {
    const session = value?.login.username === username ? await database.login(value.login) : undefined;
    if (session !== undefined) return session;
  }
  return undefined;
};

interface SeenBefore {
  readonly otherUser: NonNullable<Before['otherUser']>;
  /** The roles that SetSecret gives it. */
  readonly given: ToldRoles;
}

/** The database is asked first: a user that SetSecret did not get to is left as it is, also with roles that someone has changed since. */
const putBack = async (
  power: Session,
  { secrets, database }: RestoreCredentialPorts,
  { pending, previous }: { readonly pending: SecretValue; readonly previous: SecretValue | undefined },
  { otherUser, given }: SeenBefore,
): Promise<RestoreCredentialResult> => {
  const { username } = pending.login;
  const existing = await power.findUser(username);
  if (existing === undefined) return { outcome: 'untouched' };
  await using accepted = await database.login(pending.login);
  if (!otherUser.existed) {
    // One that this rotation did not make, someone has made meanwhile.
    if (accepted === undefined) return { outcome: 'untouched' };
    await power.dropUser(username);
    return { outcome: 'user-dropped' };
  }
  const hasItsOwn = sameRoles(existing.roles, otherUser.roles);
  const gotRoles = !hasItsOwn && sameRoles(existing.roles, given);
  if (accepted === undefined && !gotRoles) return { outcome: 'untouched' };
  const enabled = otherUser.previousLoggedIn && previous !== undefined;
  // Whose password is another one by now, someone has changed: none is brought back.
  const password = enabled ? previous.login.password : await secrets.newPassword();
  const roles = withoutGiven(otherUser.roles, given, existing.roles);
  await power.updateUser(username, {
    ...(accepted === undefined ? {} : { password }),
    ...(sameRoles(existing.roles, roles) ? {} : { roles }),
  });
  return { outcome: enabled || accepted === undefined ? 'user-restored' : 'user-locked' };
};
