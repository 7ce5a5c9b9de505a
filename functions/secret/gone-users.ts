import { createHash } from 'node:crypto';
import { DROPPED_TAG } from '../contract/tags.ts';
import type { SecretDescription } from './secret-store.ts';
import type { Login } from './secret-value.ts';

/*
 * Whom retirements have dropped, behind the mark of the last drop in the tag docdb-rotation:dropped: a hash for each user and place. Their names are free, and may be someone
 * else's by now. None is ever taken off: where a rotation has made such a user again, the record shows it as one of the pair.
 */

type Account = Pick<Login, 'username' | 'host' | 'port'>;

const asGone = ({ username, host, port }: Account): string =>
  createHash('sha256').update(`${host.toLowerCase()}:${port} ${username}`).digest('hex').slice(0, 16);

const wordsIn = ({ tags }: Pick<SecretDescription, 'tags'>): string[] =>
  (tags[DROPPED_TAG] ?? '').split(' ').filter((word) => word !== '');

export const isGone = (secret: Pick<SecretDescription, 'tags'>, account: Account): boolean =>
  wordsIn(secret).slice(1).includes(asGone(account));

/** What the tag has room for beside the mark. The two of a pair are two; each other place where a secret was adds as many. */
const MOST = 14;

/** Whether a retirement may drop that user: one who is gone and not on the list would count again. */
export const canBeListed = (secret: Pick<SecretDescription, 'tags'>, account: Account): boolean =>
  isGone(secret, account) || wordsIn(secret).length <= MOST;

/** @returns the tag with a new mark, and with that user among those who are gone */
export const droppedTag = (secret: Pick<SecretDescription, 'tags'>, mark: string, account: Account): string =>
  [mark, ...new Set([...wordsIn(secret).slice(1), asGone(account)])].slice(0, MOST + 1).join(' ');
