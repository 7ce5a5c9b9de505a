import { openAdminSession } from '../shared/admin-session.ts';
import type { RetireUserInput } from '../shared/contract.ts';
import { ChangeRefusedError, NotAuthorizedError, NoUsableCredentialsError } from '../shared/errors.ts';
import { CURRENT, hasLabel, holderOf, PENDING, PREVIOUS } from '../shared/labels.ts';
import { assertRotatable } from '../shared/ownership.ts';
import type { Database, SecretDescription, SecretStore, Session } from '../shared/ports.ts';
import type { SecretValue } from '../shared/secret-value.ts';
import { areOfOnePair } from '../shared/users.ts';
import { readUsable, readVersion } from '../shared/versions.ts';
import { writeUser } from '../shared/write-user.ts';

export interface RetireUserPorts {
  readonly secrets: SecretStore;
  readonly database: Database;
}

export interface RetireUserResult {
  /** `superseded`: a rotation or rollback came first and has the user now; nothing was done. */
  readonly outcome: 'deleted' | 'revoked' | 'locked' | 'already-gone' | 'superseded';
  readonly user: string;
  /** What was asked for, where the database allows only a lock: its primary user stays, and stays root. */
  readonly insteadOf?: 'delete' | 'revoke';
}

/**
 * Takes the power from the user that a rotation replaced. The promoted version must still be AWSCURRENT and log in,
 * and no other rotation may have begun: that one takes the user over.
 *
 * Safe to repeat. A rotation that begins at the very moment wins too: what it set is set again.
 *
 * @throws SecretNotRotatableError; NoUsableCredentialsError if AWSCURRENT does not log in: then the predecessor may be all that is left
 */
export const retireUser = async (
  ports: RetireUserPorts,
  input: RetireUserInput,
): Promise<RetireUserResult> => {
  const { predecessor: user } = input;
  const secret = await ports.secrets.describe(input.secretId);
  assertRotatable(secret);
  const { value, session: current } = await openPromoted(ports, secret, input);
  await using own = current;
  if (own === undefined || !(await isPredecessor(ports.secrets, secret, user, value))) {
    return { outcome: 'superseded', user };
  }

  await using admin =
    input.strategy === 'admin-clone'
      ? undefined
      : await openAdminSession(ports, input.adminSecret, value.login);
  const power = admin ?? own;
  if ((await power.findUser(user)) === undefined) return { outcome: 'already-gone', user };
  if (await isSuperseded(ports.secrets, input)) return { outcome: 'superseded', user };
  const result = await retire(ports.secrets, power, input);
  return (await handOver(ports.secrets, power, own, input, value)) ? { outcome: 'superseded', user } : result;
};

const openPromoted = async (
  { secrets, database }: RetireUserPorts,
  secret: SecretDescription,
  { version }: RetireUserInput,
): Promise<{ value: SecretValue; session: Session | undefined }> => {
  const value = await readVersion(secrets, secret.arn, version, 'the promoted version');
  if (isTakenOver(secret, version)) return { value, session: undefined };
  const session = await database.login(value.login);
  if (session !== undefined) return { value, session };
  throw new NoUsableCredentialsError(
    `AWSCURRENT of ${secret.name} does not log in as "${value.login.username}", so its predecessor is left as it is; run the rotation machine with "mode": "recover"`,
  );
};

/** AWSPREVIOUS proves that the user is the promoted one's other half: nobody else's user is ever retired. */
const isPredecessor = async (
  secrets: SecretStore,
  secret: SecretDescription,
  user: string,
  promoted: SecretValue,
): Promise<boolean> => {
  const previous = await readUsable(secrets, secret.arn, holderOf(secret, PREVIOUS), promoted);
  const { username } = promoted.login;
  return previous?.login.username === user && user !== username && areOfOnePair(user, username);
};

/** A pending version of another rotation, or another AWSCURRENT, means that somebody has plans for the user. */
const isTakenOver = (secret: SecretDescription, version: string): boolean => {
  const pending = holderOf(secret, PENDING);
  return !hasLabel(secret, version, CURRENT) || (pending !== undefined && pending !== version);
};

const isSuperseded = async (secrets: SecretStore, { secretId, version }: RetireUserInput): Promise<boolean> =>
  isTakenOver(await secrets.describe(secretId), version);

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

/**
 * A rotation that took the lock after our look may have set this user's password already. It is set again, with the
 * roles: its TestSecret waits for exactly that.
 * @returns whether there was such a rotation
 */
const handOver = async (
  secrets: SecretStore,
  power: Session,
  own: Session,
  input: RetireUserInput,
  promoted: SecretValue,
): Promise<boolean> => {
  const secret = await secrets.describe(input.secretId);
  if (!isTakenOver(secret, input.version)) return false;
  const version = hasLabel(secret, input.version, CURRENT)
    ? holderOf(secret, PENDING)
    : holderOf(secret, CURRENT);
  const value = await readUsable(secrets, secret.arn, version, promoted);
  if (value?.login.username === input.predecessor) await writeUser(power, value.login, await own.ownRoles());
  return true;
};
