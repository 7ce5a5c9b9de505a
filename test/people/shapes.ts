import type { Keys, Place } from './any-person.ts';

/** What a shape is made of: AWSCURRENT as it was, of a secret that was rotated before. */
export interface Before {
  readonly text: string;
  readonly keys: Keys & { readonly username: string; readonly password: string; readonly host: string };
}

/** One form of what people have in AWSCURRENT, and what a rotation makes of it. */
export interface Shape {
  readonly name: string;
  readonly make: (before: Before) => string;
  /** `rotated`, or the error of the refusal. */
  readonly ends: string;
  /** What the cause says; `…` stands for anything. Of a rotation, what became of the value. */
  readonly says: string;
  /** What the new value has, given that of before and the new credential. */
  readonly becomes?: (before: Before['keys'], after: Before['keys']) => Keys;
  readonly place?: Place;
}

const PAIR: Place = { strategy: 'alternating-users' };

const withKeys =
  (keys: Keys | ((before: Before['keys']) => Keys)) =>
  ({ keys: before }: Before): string =>
    JSON.stringify({ ...before, ...(typeof keys === 'function' ? keys(before) : keys) });

const without =
  (key: string) =>
  ({ keys }: Before): string => {
    const { [key]: _, ...rest } = keys as Record<string, unknown>;
    return JSON.stringify(rest);
  };

/** Stays byte for byte. */
const kept = (name: string, keys: Keys): Shape => ({
  name,
  make: withKeys(keys),
  ends: 'rotated',
  says: 'it stays as it is',
  becomes: () => keys,
});

const refused = (name: string, says: string, make: Shape['make'], place: Place = {}): Shape => ({
  name,
  make,
  ends: 'InvalidSecretError',
  says,
  place,
});

const unusable = (name: string, key: string, reason: string, value: unknown): Shape =>
  refused(
    name,
    `the key "${key}" is missing or unusable${reason === '' ? '' : ` (${reason})`}`,
    value === undefined ? without(key) : withKeys({ [key]: value }),
  );

const uri = ({ username, host }: Before['keys'], password: string, user = username): string =>
  `mongodb://${user}:${encodeURIComponent(password)}@${host}:27017/?tls=true`;

const placeholder = (form: string): Shape => ({
  name: `a connection string with the placeholder \`${form}\``,
  make: withKeys((before) => ({ url: `mongodb://${before.username}:${form}@${before.host}:27017/` })),
  ends: 'rotated',
  says: 'it stays as it is, byte for byte',
  becomes: ({ username, host }) => ({ url: `mongodb://${username}:${form}@${host}:27017/` }),
});

const copy = (name: string, form: (password: string) => string): Shape =>
  refused(
    name,
    'the key "copy" holds the password too (as it is, percent-encoded, in base64 or in hexadecimal), and not as a connection string (mongodb://…) that could be kept in step; take it out of there',
    withKeys(({ password }) => ({ copy: form(password) })),
  );

const follows = (key: string): Shape => ({
  name: `the user's name in \`${key}\` too, of a pair`,
  make: withKeys(({ username }) => ({ [key]: username })),
  ends: 'rotated',
  says: 'it follows to the other user',
  becomes: (_before, { username }) => ({ [key]: username }),
  place: PAIR,
});

/** At the beginning, as some editors write it. */
const MARK = '\uFEFF';

export const SHAPES: readonly Shape[] = [
  // What is no value at all.
  refused('a comma behind the last key', 'is not JSON, or nested too deeply', ({ text }) =>
    text.replace(/\}$/, ',}'),
  ),
  refused('a comment', 'is not JSON, or nested too deeply', ({ text }) => `// the shop's\n${text}`),
  refused('single quotes', 'is not JSON, or nested too deeply', ({ text }) => text.replaceAll('"', "'")),
  refused(
    'a byte order mark',
    'it begins with a byte order mark; save the file as UTF-8 without one',
    ({ text }) => `${MARK}${text}`,
  ),
  refused('a password alone', 'is not JSON, or nested too deeply', ({ keys }) => `x${keys.password}`),
  refused('JSON in a text of JSON', 'is not a JSON object', ({ text }) => JSON.stringify(text)),
  refused('a list', 'is not a JSON object', ({ text }) => `[${text}]`),
  refused('`null`', 'is not a JSON object', () => 'null'),
  refused('nothing but a blank', 'is not JSON, or nested too deeply', () => ' '),
  refused('an empty object', 'the key "engine" is missing or unusable', () => '{}'),
  // Keys that AWS documents.
  unusable('no `engine`', 'engine', '', undefined),
  unusable('the engine `docdb`', 'engine', 'it is another engine; write "mongo"', 'docdb'),
  unusable('the engine `null`', 'engine', 'it is null or empty; write "mongo"', null),
  unusable('no `host`', 'host', '', undefined),
  unusable(
    'a host with its port',
    'host',
    'it has a port in it; write the host name alone, and the port under the key "port"',
    'cluster.example.com:27017',
  ),
  unusable(
    'a connection string as host',
    'host',
    'it is a URI, or a part of one; write the host name alone',
    'mongodb://cluster.example.com/',
  ),
  unusable(
    'a blank behind the host',
    'host',
    'it has a blank or a line break in it; write the host name alone',
    'cluster.example.com ',
  ),
  unusable(
    'several hosts',
    'host',
    'it names several hosts; write the cluster endpoint alone',
    'one.example.com,two.example.com',
  ),
  unusable('the host `null`', 'host', 'it is null or empty; write the cluster endpoint', null),
  {
    name: 'a mistyped host',
    make: withKeys({ host: 'no-such-cluster.invalid' }),
    ends: 'UntrustedVersionError',
    says: 'nothing was asked there; put the right host into the secret, or, if its cluster is there from now on, take that tag off',
  },
  {
    name: 'the host in capital letters',
    make: withKeys(({ host }) => ({ host: host.toUpperCase() })),
    ends: 'rotated',
    says: 'it stays as it is',
    becomes: ({ host }) => ({ host: host.toUpperCase() }),
  },
  unusable(
    'the port `null`',
    'port',
    'it is null or empty; leave it out for 27017, or write the number',
    null,
  ),
  unusable('an empty port', 'port', 'it is null or empty; leave it out for 27017, or write the number', ''),
  unusable(
    'a port that is no number',
    'port',
    'it is no whole number from 1 to 65535; leave it out for 27017, or write the number',
    'default',
  ),
  {
    name: 'the port as a text',
    make: withKeys(({ port }) => ({ port: String(port ?? 27017) })),
    ends: 'rotated',
    says: 'it stays as it is',
    becomes: ({ port }) => ({ port: String(port ?? 27017) }),
  },
  refused(
    'a port at which nothing answers',
    'nothing answers at port 9 of …, but a server does at …; correct the key "port"',
    withKeys({ port: 9 }),
  ),
  unusable('no `username`', 'username', '', undefined),
  unusable('an empty user name', 'username', 'it is null or empty; write the name of the database user', ''),
  unusable(
    'a user name of 64 characters',
    'username',
    'it is longer than the 63 characters that DocumentDB takes',
    'x'.repeat(64),
  ),
  refused(
    'an IAM user',
    'is for an IAM user, which has no password to rotate; take the rotation off this secret',
    withKeys({ username: 'arn:aws:iam::111122223333:role/app' }),
  ),
  refused(
    '`authSource` `$external`',
    'is for an IAM user, which has no password to rotate; take the rotation off this secret',
    withKeys({ authSource: '$external' }),
  ),
  unusable('no `password`', 'password', '', undefined),
  unusable('an empty password', 'password', 'it is null or empty; write the password of the user', ''),
  unusable('a password that is a number', 'password', 'it is no text; put it in quotes', 12345678),
  {
    name: 'a line break behind the password',
    make: withKeys(({ password }) => ({ password: `${password}\n` })),
    ends: 'UntrustedVersionError',
    says: 'does not log in, and was never seen to',
  },
  {
    name: 'another password',
    make: withKeys(({ password }) => ({ password: `${password}x` })),
    ends: 'UntrustedVersionError',
    says: 'does not log in, and was never seen to',
  },
  kept('`ssl` `null`', { ssl: null }),
  kept('an empty `ssl`', { ssl: '' }),
  kept('`ssl` `"true"`', { ssl: 'true' }),
  kept('no `ssl` but `tls`', { ssl: undefined, tls: true }),
  unusable('`ssl` `"yes"`', 'ssl', 'it is no boolean; write true or false, or leave it out for true', 'yes'),
  refused(
    '`ssl` `false`, where the server speaks TLS',
    'speaks TLS, and the key "ssl" is false; write true, or leave it out',
    withKeys({ ssl: false }),
  ),
  kept('`masterarn` `null`', { masterarn: null }),
  kept('an empty `masterarn`', { masterarn: '' }),
  kept('`dbClusterIdentifier` `null`', { dbClusterIdentifier: null }),
  // Keys of people's own.
  kept('keys of the application', { team: 'shop', options: { retries: 3, hosts: ['one', 'two'] } }),
  kept('another credential beside it', { postgresUser: 'app', postgresPassword: 'for tests only' }),
  {
    name: 'a number that no double holds',
    make: ({ text }) => text.replace(/\}$/, ',"id":12345678901234567890}'),
    ends: 'rotated',
    says: 'it stays as it is',
  },
  follows('user'),
  follows('DOCDB_USERNAME'),
  {
    name: 'a connection string with the password',
    make: withKeys((before) => ({ url: uri(before, before.password) })),
    ends: 'rotated',
    says: 'it gets the new password',
    becomes: (before, { password }) => ({ url: uri(before, password) }),
  },
  {
    name: 'a connection string with the password, of a pair',
    make: withKeys((before) => ({ env: { url: uri(before, before.password) } })),
    ends: 'rotated',
    says: 'it gets the other user and the new password',
    becomes: (before, { username, password }) => ({ env: { url: uri(before, password, username) } }),
    place: PAIR,
  },
  {
    name: 'a connection string of another cluster',
    make: withKeys(({ username }) => ({ url: `mongodb://${username}:other@elsewhere.example.com/` })),
    ends: 'rotated',
    says: 'it stays as it is',
    becomes: ({ username }) => ({ url: `mongodb://${username}:other@elsewhere.example.com/` }),
  },
  // biome-ignore lint/suspicious/noTemplateCurlyInString: as a template has it
  ...['<insertYourPassword>', '{password}', '${DB_PASSWORD}', '%s', '****'].map(placeholder),
  copy('the password in another key', (password) => password),
  copy('the password in base64', (password) => Buffer.from(password).toString('base64')),
  copy(
    'the password in a header for Basic authentication',
    (password) => `Basic ${Buffer.from(`app:${password}`).toString('base64')}`,
  ),
  copy('the password in a command', (password) => `mongosh --password ${password}`),
];
