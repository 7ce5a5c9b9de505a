import { UserNameTakenError } from '../contract/errors.ts';
import type { Login } from '../secret/secret-value.ts';
import type { Role, Session } from './database.ts';
import { sameRoles } from './roles.ts';

/**
 * Makes a user of a pair what its credential says, whether it exists or not. Roles are written only where they
 * differ: those of the cluster's primary user can't be.
 *
 * @param mayExist whether it was there when CheckBefore looked, or the credential logs in
 * @throws UserNameTakenError if it was made in between
 */
export const writeUser = async (
  power: Session,
  { username, password }: Login,
  roles: readonly Role[],
  mayExist: boolean,
): Promise<'created' | 'changed'> => {
  const existing = await power.findUser(username);
  if (existing === undefined) {
    await power.createUser(username, password, roles);
    return 'created';
  }
  if (!mayExist)
    throw new UserNameTakenError(
      `the user "${username}" was made by someone else while the rotation ran; if it is not needed, drop it, and rotate again`,
    );
  await power.updateUser(username, { password, ...(sameRoles(existing.roles, roles) ? {} : { roles }) });
  return 'changed';
};
