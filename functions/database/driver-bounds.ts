import crypto from 'node:crypto';
import zlib from 'node:zlib';

/**
 * Bounds on what a server can make the MongoDB driver do before its password is proved. The driver has none, and no
 * option for one; it calls these two functions of Node.js, and nothing else in the functions here does.
 *
 * Imported before the driver, which keeps `inflate` when it is loaded.
 */

/** More than thirty times what MongoDB and its kin ask for (10,000 and 15,000), and less than a second of work. */
const MOST_ITERATIONS = 500_000;

/** The server asked for what no honest one would: see document-db-errors.ts. */
export class ExcessiveWorkError extends Error {
  override readonly name = 'ExcessiveWorkError';
}

/**
 * The number of iterations of SCRAM is the server's word. The driver does them in one go, so that no timer of this
 * process could end them: 2^31 take a quarter of an hour. https://www.rfc-editor.org/rfc/rfc5802#section-5.1
 */
const { pbkdf2Sync } = crypto;
const boundedPbkdf2Sync: typeof pbkdf2Sync = (password, salt, iterations, length, digest) => {
  if (iterations > MOST_ITERATIONS)
    throw new ExcessiveWorkError(
      `a demand for ${iterations} iterations of SCRAM, of which at most ${MOST_ITERATIONS} are done`,
    );
  return pbkdf2Sync(password, salt, iterations, length, digest);
};

/**
 * No compression is offered, but the driver would take a compressed reply, and a few megabytes can become more than a
 * function has. https://github.com/mongodb/specifications/blob/master/source/compression/OP_COMPRESSED.md
 */
const refuseToInflate = (_data: unknown, done: (error: Error) => void): void =>
  done(new ExcessiveWorkError('a compressed reply, though no compression was offered'));

Object.assign(crypto, { pbkdf2Sync: boundedPbkdf2Sync });
Object.assign(zlib, { inflate: refuseToInflate });
