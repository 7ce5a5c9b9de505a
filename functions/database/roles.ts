import { RolesUnknownError, UserChangedError } from '../contract/errors.ts';
import type { Role } from './database.ts';

/** Roles of a user as the server tells them; undefined where it does not. An empty list is told: the user has none. */
export type ToldRoles = readonly Role[] | undefined;

/**
 * The built-in roles that may change any user.
 * https://docs.aws.amazon.com/documentdb/latest/developerguide/role_based_access_control.html
 */
const OVER_USERS = ['root', 'userAdminAnyDatabase', 'restore'];

export const mayChangeUsers = (roles: readonly Role[]): boolean =>
  roles.some(({ role, db }) => db === 'admin' && OVER_USERS.includes(role));

/** Roles that are not told are the same as no others. */
export const sameRoles = (some: ToldRoles, others: ToldRoles): boolean =>
  some !== undefined && others !== undefined && listRoles(some) === listRoles(others);

/**
 * Roles to give to another user, or to judge one by.
 *
 * @throws RolesUnknownError, where taking them for none would make or strip a user
 */
export const knownRoles = (roles: ToldRoles, username: string): readonly Role[] => {
  if (roles !== undefined) return roles;
  throw new RolesUnknownError(
    `the server tells no roles of "${username}", neither by connectionStatus nor by usersInfo: it has none, as one that a retirement stripped, or the server does not tell them, so that they can be neither copied to another user nor compared. Give it its roles, or use the strategy single-user, for which they stay as they are`,
  );
};

/**
 * Roles are given as CheckBefore compared them, or not at all: who was alike then would get what the other one is given in between, and keep what is taken from it.
 *
 * @throws UserChangedError
 */
export const assertUnchanged = (username: string, before: ToldRoles, now: ToldRoles): void => {
  if (sameRoles(before, now)) return;
  throw new UserChangedError(
    `the roles of "${username}" were changed while the rotation ran (${listRoles(now)}, and ${listRoles(before)} when it began), and the other user of the pair is not to keep those of before; start it again`,
  );
};

/**
 * The roles that a user has, without those that it was given. None that were taken come back: someone may have taken them meanwhile too, and nothing shows that of
 * one who has them no more.
 *
 * @param had before these
 * @param given in their place
 * @param now those that it has
 */
export const withoutGiven = (had: readonly Role[], given: ToldRoles, now: ToldRoles): readonly Role[] =>
  now === undefined ? had : now.filter((role) => isIn(had, role) || !isIn(given ?? [], role));

const isIn = (roles: readonly Role[], { role, db }: Role): boolean =>
  roles.some((each) => each.role === role && each.db === db);

/** Roles for a message, in an order of their own. */
export const listRoles = (roles: ToldRoles): string =>
  roles === undefined
    ? 'roles that the server does not tell'
    : [...new Set(roles.map(({ role, db }) => `${role}@${db}`))].sort().join(', ') || 'none';
