import { UserChangedError, UserNameTakenError } from '../contract/errors.ts';
import type { Login } from '../secret/secret-value.ts';
import type { Role, Session } from './database.ts';
import { assertUnchanged, sameRoles } from './roles.ts';

interface Seen {
  /** As CheckBefore saw the user; null where it was not there, or only by an earlier attempt. */
  readonly before: { readonly roles: readonly Role[] } | null;
  /** Whether the credential logs in. */
  readonly accepted: boolean;
  /** Whether it still has the password that CheckBefore saw log in, or none did; asked right before the change. */
  readonly keepsPassword: () => Promise<boolean>;
}

/**
 * Makes a user of a pair what its credential says, whether it exists or not. Roles are written only where they
 * differ: those of the cluster's primary user can't be.
 *
 * @throws UserNameTakenError if it was made in between
 * @throws UserChangedError if it got or lost roles in between, or another password, or was dropped
 */
export const writeUser = async (
  power: Session,
  { username, password }: Login,
  roles: readonly Role[],
  { before, accepted, keepsPassword }: Seen,
): Promise<'created' | 'changed'> => {
  const existing = await power.findUser(username);
  if (existing === undefined) {
    if (before !== null)
      throw new UserChangedError(
        `the user "${username}" was dropped while the rotation ran; start it again, and it is made`,
      );
    await power.createUser(username, password, roles);
    return 'created';
  }
  if (before === null && !accepted)
    throw new UserNameTakenError(
      `the user "${username}" was made by someone else while the rotation ran; if it is not needed, drop it, and rotate again`,
    );
  const hasThem = sameRoles(existing.roles, roles);
  // Where it has them already, an earlier call has written it.
  if (before !== null && !hasThem) assertUnchanged(username, before.roles, existing.roles);
  if (!(await keepsPassword()))
    throw new UserChangedError(
      `the password of "${username}" was changed while the rotation ran; start it again, and it gets a new one`,
    );
  await power.updateUser(username, { password, ...(hasThem ? {} : { roles }) });
  return 'changed';
};
