import { NoUsableCredentialsError } from '../contract/errors.ts';
import { openAdminSession } from '../database/admin-session.ts';
import type { Session } from '../database/database.ts';
import { holderOf, PREVIOUS } from '../secret/labels.ts';
import { isOnlyWrittenIn, isOwnVersion, recordOf } from '../secret/proven.ts';
import type { ReconcilePorts, ReconcileResult, RecoveryContext, Version } from './reconcile.ts';

/**
 * The pending credential of a pair belongs to the other user. If it logs in beside AWSCURRENT, the stopped rotation made that user
 * or changed it. One that AWSPREVIOUS is not for did not exist before (CheckBefore refuses it) and is dropped; the other
 * is locked, since it is not known with which power it was before. The next rotation, or a revert, brings it back.
 *
 * Only for a version that a rotation wrote and did not promote, or for the AWSPREVIOUS that a revert was to go back to: who may write
 * the secret names what they like in a marker, and must not have a user dropped that was in use.
 */
export const disableOtherUser = async (
  ports: ReconcilePorts,
  context: RecoveryContext,
  good: Version,
): Promise<ReconcileResult['otherUser']> => {
  const { secret, candidates } = context;
  const previous = candidates.find(({ id }) => id === holderOf(secret, PREVIOUS));
  for (const { id, was, value } of candidates) {
    const { username } = value.login;
    const mayBeHalfMade =
      isOnlyWrittenIn(recordOf(secret), id) || (id === previous?.id && isOwnVersion(secret, id));
    if (was !== 'AWSPENDING' || username === good.value.login.username || !mayBeHalfMade) continue;
    await using accepted = await ports.database.login(value.login);
    if (accepted === undefined) continue;
    await using power = await openPower(ports, context, good);
    if (previous?.value.login.username === username) {
      await power.updateUser(username, { password: await ports.secrets.newPassword() });
      return 'locked';
    }
    await power.dropUser(username);
    return 'dropped';
  }
  return undefined;
};

const openPower = async (
  ports: ReconcilePorts,
  { settings, secret }: RecoveryContext,
  good: Version,
): Promise<Session> => {
  const { login } = good.value;
  if (settings.strategy !== 'admin-clone') return await openAdminSession(ports, settings.adminSecret, login);
  const own = await ports.database.login(login);
  if (own !== undefined) return own;
  throw new NoUsableCredentialsError(
    `the version of ${secret.name} that logged in stopped logging in during the recovery; repeat it`,
  );
};
