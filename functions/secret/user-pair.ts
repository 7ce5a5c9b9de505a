import { InvalidSecretError } from '../contract/errors.ts';
import type { Role } from './secret-store.ts';
import { LONGEST_USERNAME } from './secret-value.ts';

/** The name that AWS's own rotation for alternating users gives the second user. */
const SUFFIX = '_clone';

/**
 * The other of the two users that take turns: `app` and `app_clone`.
 * @throws InvalidSecretError when the name would be longer than the database takes
 */
export const otherUserOf = (username: string): string => {
  if (username.endsWith(SUFFIX) && username.length > SUFFIX.length) return username.slice(0, -SUFFIX.length);
  const clone = `${username}${SUFFIX}`;
  if (clone.length <= LONGEST_USERNAME) return clone;
  throw new InvalidSecretError(
    `the user "${username}" would get a second one named "${clone}", longer than the ${LONGEST_USERNAME} characters that DocumentDB takes; use a shorter name or the strategy single-user`,
  );
};

/** Whether two names are the same user, or the two of a pair. */
export const areOfOnePair = (one: string, other: string): boolean =>
  one === other || one === `${other}${SUFFIX}` || other === `${one}${SUFFIX}`;

/**
 * The built-in roles that may change any user.
 * https://docs.aws.amazon.com/documentdb/latest/developerguide/role_based_access_control.html
 */
const OVER_USERS = ['root', 'userAdminAnyDatabase', 'restore'];

export const mayChangeUsers = (roles: readonly Role[]): boolean =>
  roles.some(({ role, db }) => db === 'admin' && OVER_USERS.includes(role));

export const sameRoles = (some: readonly Role[], others: readonly Role[]): boolean =>
  listRoles(some) === listRoles(others);

/** Roles as a person reads them, in an order of their own. */
export const listRoles = (roles: readonly Role[]): string =>
  [...new Set(roles.map(({ role, db }) => `${role}@${db}`))].sort().join(', ') || 'none';
