import {
  ChangeRefusedError,
  DatabaseUnavailableError,
  NotAuthorizedError,
  NoUsableCredentialsError,
  UntrustedVersionError,
} from '../contract/errors.ts';
import type { RetireUserInput } from '../contract/steps.ts';
import { openAdminSession } from '../database/admin-session.ts';
import type { Database, Session } from '../database/database.ts';
import { readUntil } from '../runtime/read-again.ts';
import { CURRENT, hasLabel, holderOf, PREVIOUS } from '../secret/labels.ts';
import {
  describeAsOwner,
  describeWhenFree,
  type LockPorts,
  releaseLock,
  takeLockOnce,
} from '../secret/lock.ts';
import { markerOf } from '../secret/marker.ts';
import { provenVersions } from '../secret/proven.ts';
import { assertRotatable } from '../secret/rotatable.ts';
import type { SecretDescription, SecretStore } from '../secret/secret-store.ts';
import type { SecretValue } from '../secret/secret-value.ts';
import { settingsOf } from '../secret/settings.ts';
import { areOfOnePair } from '../secret/user-pair.ts';
import { readUsable, readVersion } from '../secret/versions.ts';

export interface RetireUserPorts extends LockPorts {
  readonly database: Database;
}

export interface RetireUserResult {
  /** `superseded`: AWSCURRENT has moved on, and with it the user is in another execution's plans; nothing was done. */
  readonly outcome: 'deleted' | 'revoked' | 'locked' | 'already-gone' | 'superseded';
  readonly user: string;
  /** What was asked for, where the database allows only a lock: its primary user stays, and stays root. */
  readonly insteadOf?: 'delete' | 'revoke';
}

/**
 * Takes the power from the user that a rotation replaced. The promoted version must still be AWSCURRENT and log in. It has the
 * secret's lock meanwhile: a rotation that begins waits, or is refused, and one that came first is waited for.
 *
 * Safe to repeat.
 *
 * @throws RotationInProgressError while another execution has the lock, or another tool AWSPENDING: try again
 * @throws UntrustedVersionError if nothing shows that the predecessor is this secret's own
 * @throws SecretNotRotatableError; NoUsableCredentialsError if AWSCURRENT does not log in: then the predecessor may be all that is left
 */
export const retireUser = async (
  ports: RetireUserPorts,
  input: RetireUserInput,
): Promise<RetireUserResult> => {
  const superseded: RetireUserResult = { outcome: 'superseded', user: input.predecessor };
  const secret = await describeWhenSettled(ports, input);
  assertRotatable(secret);
  if (!hasLabel(secret, input.version, CURRENT)) return superseded;
  const free = await describeWhenFree(ports, input.secretId, input.execution);
  const lockVersion = await takeLockOnce(ports, free, input.execution, markerOf(input.execution, []));
  const result = await releasingOnRefusal(ports, secret.arn, lockVersion, async () => {
    const seen = await describeAsOwner(ports, secret.arn, lockVersion);
    return hasLabel(seen, input.version, CURRENT) ? await retireAsOwner(ports, seen, input) : superseded;
  });
  await releaseLock(ports.secrets, secret.arn, lockVersion);
  return result;
};

/** After a call whose outcome is unknown the change may still come: the lock is kept, for the retry that asks the database. */
const releasingOnRefusal = async <T>(
  { secrets }: RetireUserPorts,
  secretArn: string,
  lockVersion: string,
  act: () => Promise<T>,
): Promise<T> => {
  try {
    return await act();
  } catch (error) {
    if (!(error instanceof DatabaseUnavailableError)) await releaseLock(secrets, secretArn, lockVersion);
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
): Promise<RetireUserResult> => {
  const { predecessor: user } = input;
  const value = await readVersion(ports.secrets, secret.arn, input.version, 'the promoted version');
  await using own = await ports.database.login(value.login);
  if (own === undefined) {
    throw new NoUsableCredentialsError(
      `AWSCURRENT of ${secret.name} does not log in as "${value.login.username}", so its predecessor is left as it is; start the recovery machine for this secret`,
    );
  }
  await assertPredecessor(ports, secret, user, value);
  await using admin =
    input.strategy === 'admin-clone'
      ? undefined
      : await openAdminSession(ports, settingsOf(secret).adminSecret, value.login);
  const power = admin ?? own;
  if ((await power.findUser(user)) === undefined) return { outcome: 'already-gone', user };
  return await retire(ports.secrets, power, input);
};

/**
 * Whether the user is the promoted one's other half, and this secret's own: AWSPREVIOUS shows that, or a version that is on record, if someone
 * has given AWSPREVIOUS to another one within the grace. One that is not proven may have been planted; it counts if it logs in.
 *
 * @throws UntrustedVersionError if nothing shows it: no other secret's user is ever retired
 */
const assertPredecessor = async (
  { secrets, database }: RetireUserPorts,
  secret: SecretDescription,
  user: string,
  promoted: SecretValue,
): Promise<void> => {
  const { username } = promoted.login;
  const proven = provenVersions(secret);
  const isOther = user !== username && areOfOnePair(user, username);
  const candidates = isOther ? new Set([holderOf(secret, PREVIOUS), ...proven]) : [];
  for (const version of candidates) {
    const value = await readUsable(secrets, secret.arn, version, promoted);
    if (version === undefined || value?.login.username !== user) continue;
    if (proven.includes(version)) return;
    await using session = await database.login(value.login);
    if (session !== undefined) return;
  }
  throw new UntrustedVersionError(
    `no proven version of ${secret.name} shows that "${user}" is the predecessor of "${username}", and none that logs in, so it is left as it is, with its password; if it is this secret's own, lock or drop it in the database`,
  );
};

const retire = async (
  secrets: SecretStore,
  power: Session,
  { predecessor: user, policy }: RetireUserInput,
): Promise<RetireUserResult> => {
  if (policy !== 'lock') {
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
