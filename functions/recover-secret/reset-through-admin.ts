import { ResetNotAllowedError, UserNotFoundError } from '../contract/errors.ts';
import { openAdminSession } from '../database/admin-session.ts';
import type { Database } from '../database/database.ts';
import { knownRoles, mayChangeUsers } from '../database/roles.ts';
import { CURRENT, holderOf } from '../secret/labels.ts';
import type { LockPorts } from '../secret/lock.ts';
import { pairedIn, recordOf } from '../secret/proven.ts';
import type { SecretDescription } from '../secret/secret-store.ts';
import type { Login } from '../secret/secret-value.ts';
import type { RotationSettings } from '../secret/settings.ts';
import { areOfOnePair } from '../secret/user-pair.ts';
import type { NamedFor } from './named-by-deployment.ts';

export interface ResetThroughAdminPorts extends LockPorts {
  readonly database: Database;
  /** The user that the deployment named for a secret. */
  readonly userOf: NamedFor;
}

/**
 * Break glass: sets the password of AWSCURRENT by the admin's power, when no version of the secret logs in.
 *
 * Nothing proves then that the secret may speak for its user: who may write it could have anyone's password set. So the
 * deployment has to name the secret and the user. Of a pair it names one: the other counts where a rotation made AWSCURRENT for it,
 * since a user of that name may be someone else's. And a user that may change users itself is never reset this way: that would
 * be the admin, its other half, or another admin.
 *
 * Safe to repeat: the password is the same each time.
 *
 * @throws ResetNotAllowedError, UserNotFoundError, RolesUnknownError, after which nothing was changed
 * @throws AdminSecretRequiredError, AdminSecretMismatchError, AdminSecretUnavailableError
 */
export const resetThroughAdmin = async (
  ports: ResetThroughAdminPorts,
  secret: SecretDescription,
  { strategy, adminSecret }: RotationSettings,
  { username, password, ...place }: Login,
): Promise<void> => {
  const named = ports.userOf(secret.arn);
  const isPaired = pairedIn(recordOf(secret)).includes(holderOf(secret, CURRENT) ?? '');
  const isOther = strategy !== 'single-user' && isPaired && areOfOnePair(named ?? '', username);
  if (named === undefined || (named !== username && !isOther)) {
    throw new ResetNotAllowedError(
      `the deployment does not allow to reset the user "${username}" of ${secret.name} through the admin secret; if that is the secret's own user, name it by resetThroughAdmin in manage(), or among docdb-rotation:secrets, and deploy`,
    );
  }
  await using admin = await openAdminSession(ports, adminSecret, { username, password, ...place });
  const user = await admin.findUser(username);
  if (user === undefined)
    throw new UserNotFoundError(
      `the user "${username}" of ${secret.name} does not exist at ${place.host}; create it, or correct the secret`,
    );
  if (mayChangeUsers(knownRoles(user.roles, username))) {
    throw new ResetNotAllowedError(
      `"${username}" may change users itself, and such a user is never reset through an admin secret; if it is the cluster's primary user, use resetThroughCluster`,
    );
  }
  await admin.updateUser(username, { password });
};
