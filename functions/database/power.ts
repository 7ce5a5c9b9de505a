import { randomUUID } from 'node:crypto';
import { NotAuthorizedError, UserNotFoundError } from '../contract/errors.ts';
import type { Session } from './database.ts';

/**
 * Whether a session may change other users, asked by a change that must fail: of a user that does not exist. Who may not is refused
 * before the server looks for it, by Unauthorized; to who may it says UserNotFound. Changes nothing.
 *
 * Names of roles would say as much only of those that are built in.
 * https://www.mongodb.com/docs/manual/reference/command/updateUser/#required-access
 */
export const mayChangeUsersByTrial = async (session: Session): Promise<boolean> => {
  try {
    await session.updateUser(`docdb-rotation-check-${randomUUID()}`, { password: randomUUID() });
  } catch (error) {
    if (error instanceof NotAuthorizedError) return false;
    if (!(error instanceof UserNotFoundError)) throw error;
  }
  return true;
};
