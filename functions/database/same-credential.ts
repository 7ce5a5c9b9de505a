import { saslprep } from '@mongodb-js/saslprep';
import { type Login, sameEndpoint } from '../secret/secret-value.ts';

/**
 * Whether two versions are one credential at one place: one is a copy of the other, as the server sees it. SCRAM-SHA-256 prepares passwords, and takes two
 * for the same that differ by a soft hyphen: https://www.rfc-editor.org/rfc/rfc5802#section-2.2
 */
export const sameCredential = (one: Login, other: Login): boolean =>
  one.username === other.username &&
  sameEndpoint(one, other) &&
  prepared(one.password) === prepared(other.password);

/** One that can't be prepared logs in nowhere by SCRAM-SHA-256. */
const prepared = (password: string): string => {
  try {
    return saslprep(password);
  } catch {
    return password;
  }
};
