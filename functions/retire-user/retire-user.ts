import {
  ChangeRefusedError,
  CurrentChangedError,
  DatabaseUnavailableError,
  NotAuthorizedError,
  NoUsableCredentialsError,
  UserChangedError,
} from '../contract/errors.ts';
import type { RetireUserInput } from '../contract/steps.ts';
import { openAdminSession } from '../database/admin-session.ts';
import type { Database, Session } from '../database/database.ts';
import { readUntil } from '../runtime/read-again.ts';
import { assertAtItsCluster } from '../secret/cluster-on-record.ts';
import { canBeListed } from '../secret/gone-users.ts';
import { CURRENT, hasLabel, holderOf, lockHolder, OWNER } from '../secret/labels.ts';
import {
  describeAsOwner,
  describeWhenFree,
  type LockPorts,
  releaseLock,
  takeLockOnce,
} from '../secret/lock.ts';
import { markerOf } from '../secret/marker.ts';
import { pairedIn, recordOf } from '../secret/proven.ts';
import { assertRotatable } from '../secret/rotatable.ts';
import type { SecretDescription, SecretStore } from '../secret/secret-store.ts';
import { sameEndpoint } from '../secret/secret-value.ts';
import { settingsOf } from '../secret/settings.ts';
import { readUsable, readVersion } from '../secret/versions.ts';
import { keepsPassword, notShown, versionsOfPredecessor } from './predecessor.ts';
import { markDrop, recordDrop } from './record-dropped.ts';

export interface RetireUserPorts extends LockPorts {
  readonly database: Database;
}

export interface RetireUserResult {
  /** `superseded`: a rotation or revert has moved AWSCURRENT on, and with it the user is in its plans; nothing was done. */
  readonly outcome: 'deleted' | 'revoked' | 'locked' | 'already-gone' | 'superseded';
  readonly user: string;
  /** What was asked for, where only a lock is possible: the database's primary user stays, and stays root; and no one is dropped who can't be listed as gone. */
  readonly insteadOf?: 'delete' | 'revoke';
}

/**
 * Takes the power from the user that a rotation replaced, by the power of AWSCURRENT or of the admin secret. It has the secret's lock
 * meanwhile: a rotation that begins waits, or is refused, and one that came first is waited for.
 *
 * Safe to repeat.
 *
 * @throws RotationInProgressError while another execution has the lock, or another tool AWSPENDING: try again
 * @throws RotationSupersededError if another one took the lock away before the change: try again, too
 * @throws UntrustedVersionError if nothing shows that the predecessor is this secret's own
 * @throws UserChangedError if it has another password than the secret gave it: it may be someone else's by now
 * @throws CurrentChangedError if someone wrote an AWSCURRENT for another user
 * @throws SecretNotRotatableError; NoUsableCredentialsError if AWSCURRENT does not log in: then the predecessor may be all that is left
 */
export const retireUser = async (
  ports: RetireUserPorts,
  input: RetireUserInput,
): Promise<RetireUserResult> => {
  const superseded: RetireUserResult = { outcome: 'superseded', user: input.predecessor };
  const secret = await describeWhenSettled(ports, input);
  assertRotatable(secret);
  if (await isSuperseded(ports, secret, input)) {
    await releaseOwn(ports, secret, input.execution);
    return superseded;
  }
  const free = await describeWhenFree(ports, input.secretId, input.execution);
  const version = await takeLockOnce(ports, free, input.execution, markerOf(input.execution, []));
  const lock: Lock = { version, mayHaveChanged: hasLabel(free, version, OWNER) };
  const result = await releasingOnRefusal(ports, secret.arn, lock, async () => {
    const seen = await describeAsOwner(ports, secret.arn, version);
    return (await isSuperseded(ports, seen, input))
      ? superseded
      : await retireAsOwner(ports, seen, input, lock);
  });
  await releaseLock(ports.secrets, secret.arn, version);
  return result;
};

/** An earlier call, whose change got no answer, has left the lock behind; what it sent has come by now. */
const releaseOwn = async (
  { secrets }: LockPorts,
  secret: SecretDescription,
  execution: string,
): Promise<void> => {
  const version = holderOf(secret, OWNER);
  if (version !== undefined && lockHolder(secret, execution) === 'this execution')
    await releaseLock(secrets, secret.arn, version);
};

interface Lock {
  readonly version: string;
  /** Whether a change has been sent, by this call or by an earlier one that left the lock behind. */
  mayHaveChanged: boolean;
}

/**
 * A rotation or a revert has moved AWSCURRENT on, and answers for the user now. A value that someone wrote says nothing of that, nor does a rotation at
 * another place, which may be someone else's, or one of a single user: it leaves whom the pair had replaced as they are.
 */
const isSuperseded = async (
  { secrets }: RetireUserPorts,
  secret: SecretDescription,
  { version }: RetireUserInput,
): Promise<boolean> => {
  const current = holderOf(secret, CURRENT) ?? '';
  if (current === version || !pairedIn(recordOf(secret)).includes(current)) return false;
  const since = await readVersion(secrets, secret.arn, current, CURRENT);
  const promoted = await readUsable(secrets, secret.arn, version, since);
  if (promoted === undefined) return false;
  return settingsOf(secret).strategy !== 'single-user' || since.login.username !== promoted.login.username;
};

/** A change whose outcome is unknown may still come: the lock is kept, for the retry that asks the database. */
const releasingOnRefusal = async <T>(
  { secrets }: RetireUserPorts,
  secretArn: string,
  lock: Lock,
  act: () => Promise<T>,
): Promise<T> => {
  try {
    return await act();
  } catch (error) {
    const mayCome = lock.mayHaveChanged && error instanceof DatabaseUnavailableError;
    if (!mayCome) await releaseLock(secrets, secretArn, lock.version);
    throw error;
  }
};

/** That AWSCURRENT has moved may be an answer from before the promotion. */
const describeWhenSettled = async (
  { secrets, clock }: RetireUserPorts,
  { secretId, version }: RetireUserInput,
): Promise<SecretDescription> =>
  await readUntil(
    clock,
    () => secrets.describe(secretId),
    (answer) => hasLabel(answer, version, CURRENT),
  );

const retireAsOwner = async (
  ports: RetireUserPorts,
  secret: SecretDescription,
  input: RetireUserInput,
  lock: Lock,
): Promise<RetireUserResult> => {
  const user = input.predecessor;
  const promoted = await readVersion(ports.secrets, secret.arn, input.version, 'the promoted version');
  assertAtItsCluster(secret, `version ${input.version}`, promoted.login);
  const currentVersion = holderOf(secret, CURRENT) ?? '';
  const current = await readVersion(ports.secrets, secret.arn, currentVersion, CURRENT);
  if (!sameEndpoint(current.login, promoted.login) || current.login.username !== promoted.login.username) {
    throw new CurrentChangedError(
      `AWSCURRENT of ${secret.name} is for another user or place than the version that was promoted, so "${user}" is left as it is, with its password; if that was meant, lock or drop the user in the database`,
    );
  }
  await using own = await ports.database.login(current.login);
  if (own === undefined) {
    throw new NoUsableCredentialsError(
      `AWSCURRENT of ${secret.name} does not log in as "${current.login.username}", so its predecessor is left as it is; start the recovery machine for this secret`,
    );
  }
  const found = await versionsOfPredecessor(ports.secrets, secret, input, promoted);
  // Who has that name now is someone else.
  if (found.isGone) return { outcome: 'already-gone', user };
  await using admin =
    input.strategy === 'admin-clone'
      ? undefined
      : await openAdminSession(ports, settingsOf(secret).adminSecret, current.login);
  const power = admin ?? own;
  const isThere = (await power.findUser(user)) !== undefined;
  if (isThere && !(await keepsPassword(ports.database, found.shownBy))) {
    if (!found.isShown) throw notShown(secret, user, promoted.login.username);
    // By an earlier call, whose reply was lost.
    if (input.policy === 'lock' && lock.mayHaveChanged) return { outcome: 'locked', user };
    throw otherPassword(secret, user);
  }
  const account = { ...promoted.login, username: user };
  const mayDrop = input.policy === 'delete' && canBeListed(secret, account);
  const change = async (): Promise<RetireUserResult> => {
    lock.mayHaveChanged = true;
    return await retire(ports.secrets, power, input, mayDrop);
  };
  if (isThere && !mayDrop) return await change();
  // Before it is: whatever is cut off after the drop, the name does not count any more.
  const mark = await markDrop(ports, secret, lock.version, account);
  const result: RetireUserResult = isThere ? await change() : { outcome: 'already-gone', user };
  await recordDrop(ports, secret, mark, result.outcome === 'locked' ? [] : found.of);
  return result;
};

const otherPassword = (secret: SecretDescription, user: string): UserChangedError =>
  new UserChangedError(
    `"${user}" has none of the passwords that ${secret.name} gave it, so it is left as it is: a retirement has locked it before, someone has changed its password, or the name is someone else's by now; if it is this secret's own, lock or drop it in the database`,
  );

const retire = async (
  secrets: SecretStore,
  power: Session,
  { predecessor: user, policy }: RetireUserInput,
  mayDrop: boolean,
): Promise<RetireUserResult> => {
  if (policy === 'revoke' || mayDrop) {
    try {
      if (policy === 'delete') await power.dropUser(user);
      else await power.updateUser(user, { roles: [] });
      return { outcome: policy === 'delete' ? 'deleted' : 'revoked', user };
    } catch (error) {
      // https://docs.aws.amazon.com/documentdb/latest/developerguide/security.managing-users.html: not the primary user.
      if (!(error instanceof ChangeRefusedError) && !(error instanceof NotAuthorizedError)) throw error;
    }
  }
  await power.updateUser(user, { password: await secrets.newPassword() });
  return { outcome: 'locked', user, ...(policy === 'lock' ? {} : { insteadOf: policy }) };
};
