import { expect } from 'vitest';
import type { Role } from '../../../functions/database/database.ts';
import { newPassword } from '../../support/in-memory-secret-store.ts';
import type { Arena } from './arena.ts';
import { LITTLE } from './gains.ts';

/** Which of the two of a pair a retirement has dropped. */
export const freeName = (arena: Arena): string | undefined =>
  [arena.user, arena.pairUser].find((name) => arena.world.database.user(name) === undefined);

/** Another team gets that name; the attacker knows the password. */
export const takeName = (arena: Arena, username: string, roles: readonly Role[] = LITTLE) => {
  const theirs = { username, password: newPassword() };
  arena.world.database.addUser(username, theirs.password, roles);
  return theirs;
};

/** Their user has its password and its roles still. */
export const isLeftAlone = (
  arena: Arena,
  theirs: { username: string; password: string },
  roles = LITTLE,
): void => {
  expect(arena.world.database.accepts(theirs)).toBe(true);
  expect(arena.world.database.user(theirs.username)?.roles).toEqual(roles);
};
