import type { Role } from './database.ts';

/**
 * The built-in roles that may change any user.
 * https://docs.aws.amazon.com/documentdb/latest/developerguide/role_based_access_control.html
 */
const OVER_USERS = ['root', 'userAdminAnyDatabase', 'restore'];

export const mayChangeUsers = (roles: readonly Role[]): boolean =>
  roles.some(({ role, db }) => db === 'admin' && OVER_USERS.includes(role));

export const sameRoles = (some: readonly Role[], others: readonly Role[]): boolean =>
  listRoles(some) === listRoles(others);

/** Roles for a message, in an order of their own. */
export const listRoles = (roles: readonly Role[]): string =>
  [...new Set(roles.map(({ role, db }) => `${role}@${db}`))].sort().join(', ') || 'none';
