import { InvalidSecretError } from '../contract/errors.ts';
import { holdsPassword, percentDecoded } from './password-traces.ts';
import { isPlaceholder } from './placeholders.ts';
import type { Login } from './secret-value.ts';
import { isUserKey } from './user-keys.ts';

type Credential = Pick<Login, 'username' | 'password'>;

/** What is changed: from which credential of which host, to which one. */
interface Change {
  readonly from: Login;
  readonly to: Credential;
}

/** Keys of AWS's own that say where and who, at the top of the value. The credential itself is written apart. */
const NOT_SEARCHED = new Set(['engine', 'host', 'username', 'password', 'masterarn', 'dbClusterIdentifier']);

/** Deeper than anybody writes by hand. The stack of a function has room for more. */
const DEEPEST = 200;

/** In a message. */
const LONGEST_PATH = 100;

/**
 * Scheme, user and password of a connection string. What is special in a URI is percent-encoded there, so that the
 * first `:` and the first `@` are separators: https://www.mongodb.com/docs/manual/reference/connection-string/
 */
const CONNECTION_STRING = /^(mongodb(?:\+srv)?:\/\/)([^:@/?#]+):([^@/]*)(@.*)$/s;

/**
 * Brings what a value says of its credential outside of `username` and `password` in step with a new one. The user and the
 * password of a connection string are replaced, percent-encoded; all else of it stays byte for byte. A key that looks like a
 * user's name and holds that of this one follows too: an old name beside a new password would log no one in.
 *
 * @param where which secret and version, for the message
 * @throws InvalidSecretError with the name of a key that holds the password in any other way: it would be wrong after
 *   the rotation, and how to write it is not known here
 */
export const updateEmbeddedCredentials = (
  json: Readonly<Record<string, unknown>>,
  change: Change,
  where: string,
): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(json).map(([key, value]) => [
      key,
      NOT_SEARCHED.has(key) ? value : replaceAt(json, key, change, { where, path: [key] }),
    ]),
  );

interface Place {
  readonly where: string;
  readonly path: readonly string[];
}

const replaceAt = (
  object: Readonly<Record<string, unknown>>,
  key: string,
  change: Change,
  place: Place,
): unknown => {
  refuseKey(change, place);
  const { from, to } = change;
  const passwordKey = place.path.length === 1 ? 'password' : undefined;
  const isUser = object[key] === from.username && isUserKey(key, object, passwordKey);
  return isUser ? to.username : replaceIn(object[key], change, place);
};

const replaceIn = (value: unknown, change: Change, place: Place): unknown => {
  if (typeof value === 'string') return replaceText(value, change, place);
  if (typeof value !== 'object' || value === null || isRawJson(value)) return value;
  if (place.path.length >= DEEPEST) {
    throw new InvalidSecretError(
      `${place.where} is nested more than ${DEEPEST} levels deep; make it flatter`,
    );
  }
  const object = value as Readonly<Record<string, unknown>>;
  const inner = Object.keys(object).map((key): [string, unknown] => [
    key,
    replaceAt(object, key, change, { ...place, path: [...place.path, key] }),
  ]);
  return Array.isArray(value) ? inner.map(([, item]) => item) : Object.fromEntries(inner);
};

const replaceText = (text: string, change: Change, place: Place): string => {
  const [, scheme, user = '', password = '', rest = ''] = CONNECTION_STRING.exec(text) ?? [];
  if (scheme === undefined || !isOwn({ user, password, rest }, change.from)) {
    if (holdsPassword(text, change.from.password)) throw refusal(place);
    return text;
  }
  if (holdsPassword(rest, change.from.password)) throw refusal(place);
  const { from, to } = change;
  const newUser = to.username === from.username ? user : encode(to.username);
  return `${scheme}${newUser}:${encode(to.password)}${rest}`;
};

/**
 * Another cluster may have a user of the same name: only its password, or the host, shows that it is this one. A placeholder
 * is not filled in: the program that reads it does that, and who wrote it wanted no password there.
 *
 * One with an older password shows nothing of who wrote it: it must be for this host alone, and send the password to no other.
 */
const isOwn = (
  { user, password, rest }: { readonly user: string; readonly password: string; readonly rest: string },
  { username, password: own, host }: Login,
): boolean => {
  const [, hosts = ''] = /^@([^/?]*)/.exec(rest) ?? [];
  const names = hosts.split(',').map((name) => name.replace(/:\d*$/, '').toLowerCase());
  const isPlain = PLAIN_REST.test(rest) && !ENDS_LATER.test(rest) && !TELLS_OTHERS.test(rest);
  const isHere = isPlain && names.every((name) => name === host.toLowerCase());
  const isOutdated = !isPlaceholder(password) && isHere;
  return isWritten(user, username) && (isWritten(password, own) || isOutdated);
};

/** Hosts, database and options as they are read by every driver alike: some decode the names of options, some take `;` for `&`. */
const PLAIN_REST = /^@[^/?%;]*(\/[^/,@?%;]*)?(\?([a-z]+=[^@&;%]*(&|$))*)?$/i;

/**
 * What is behind a comma is another host for drivers that take the last `/` for the end of the hosts (mongo-java-driver 3.6), or the last `.sock`
 * (PyMongo 2.9).
 */
const ENDS_LATER = /[/?].*(,.*\/|\.sock)/i;

/**
 * Options by which a driver sends the password itself, or what follows the login by way of another host; SCRAM proves that it is known.
 * https://www.mongodb.com/docs/manual/reference/connection-string-options/
 */
const TELLS_OTHERS = /[?&](proxy|authMechanism=(?!SCRAM-SHA-(1|256)(&|$)))/i;

const isWritten = (part: string, text: string): boolean => part === text || percentDecoded(part) === text;

const refuseKey = ({ from }: Change, { where, path }: Place): void => {
  if (!holdsPassword(path.at(-1) ?? '', from.password)) return;
  throw new InvalidSecretError(`${where} holds the password in the name of a key; take it out of there`);
};

const refusal = ({ where, path }: Place): InvalidSecretError =>
  new InvalidSecretError(
    `${where}: the key "${path.join('.').slice(0, LONGEST_PATH)}" holds the password too (as it is, percent-encoded, in base64 or in hexadecimal), and not as a connection string (mongodb://…) that could be kept in step; take it out of there`,
  );

const encode = (text: string): string => encodeURIComponent(text.toWellFormed());

/** A number that is kept as it was written; see secret-value.ts. */
const isRawJson = (JSON as unknown as { isRawJSON(value: unknown): boolean }).isRawJSON;
