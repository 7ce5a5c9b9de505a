import type { Login } from '../secret/secret-value.ts';
import type { Role, Session } from './database.ts';
import { sameRoles } from './roles.ts';

/**
 * Makes a user of a pair what its credential says, whether it exists or not. Roles are written only where they
 * differ: those of the cluster's primary user can't be.
 */
export const writeUser = async (
  power: Session,
  { username, password }: Login,
  roles: readonly Role[],
): Promise<'created' | 'changed'> => {
  const existing = await power.findUser(username);
  if (existing === undefined) {
    await power.createUser(username, password, roles);
    return 'created';
  }
  await power.updateUser(username, { password, ...(sameRoles(existing.roles, roles) ? {} : { roles }) });
  return 'changed';
};
