import { createHash } from 'node:crypto';
import { hasLabel, PENDING } from './labels.ts';
import type { SecretDescription } from './ports.ts';

/**
 * The id of the version that holds the lock of a rotation on its way back, after it had promoted its own. Made from
 * the token, so that whoever finds the execution stopped can tell whose lock it is.
 */
export const lockVersionOf = (token: string): string => createHash('sha256').update(token).digest('hex');

/** The version under which the rotation of this token has the lock, if it has it. */
export const pendingVersionOf = (secret: SecretDescription, token: string): string =>
  hasLabel(secret, lockVersionOf(token), PENDING) ? lockVersionOf(token) : token;
