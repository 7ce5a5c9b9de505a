import type { Role } from '../../../functions/database/database.ts';
import type { Arena } from './arena.ts';

/** A role that a database administrator gives to a pair's users, and takes from them. */
export const PAYROLL: Role = { role: 'readWrite', db: 'payroll' };

export const rolesNow = (arena: Arena, username: string): readonly Role[] =>
  arena.world.database.user(username)?.roles ?? [];

export const setRoles = (arena: Arena, username: string, roles: readonly Role[]): void => {
  const { password = '' } = arena.world.database.user(username) ?? {};
  arena.world.database.addUser(username, password, roles);
};

export const grant = (arena: Arena, username: string): void =>
  setRoles(arena, username, [...rolesNow(arena, username), PAYROLL]);

export const isThere = (arena: Arena, username: string): boolean =>
  arena.world.database.user(username) !== undefined;

export const take = (arena: Arena, username: string): void => {
  const left = rolesNow(arena, username).filter(({ db }) => db !== PAYROLL.db);
  if (isThere(arena, username)) setRoles(arena, username, left);
};

/** Which of the two has it. */
export const holders = (arena: Arena): string[] =>
  [arena.user, arena.pairUser].filter((username) =>
    rolesNow(arena, username).some(({ db }) => db === PAYROLL.db),
  );
