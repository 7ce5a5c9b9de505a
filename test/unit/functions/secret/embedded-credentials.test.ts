import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InvalidSecretError } from '../../../../functions/contract/errors.ts';
import { parseSecretValue, withCredential } from '../../../../functions/secret/secret-value.ts';
import { CLUSTER } from '../../../support/in-memory-database.ts';
import { newPassword } from '../../../support/in-memory-secret-store.ts';
import { secretText } from '../../../support/rotation-world.ts';

const WHERE = 'AWSCURRENT';
const OPTIONS = `?replicaSet=rs0&readPreference=secondaryPreferred&appName=${encodeURIComponent('a:b@c%')}`;

const secretWith = (keys: Record<string, unknown>, password = newPassword()) =>
  parseSecretValue(secretText({ username: 'app', password, ...keys }), WHERE);

/** What one key of the value is after a rotation. */
const rotated = (key: unknown, password: string, to = { username: 'app', password: newPassword() }) => {
  const text = withCredential(secretWith({ key }, password), to.username, to.password, WHERE);
  return JSON.parse(text).key;
};

const refusal = (keys: Record<string, unknown>, password: string): string => {
  try {
    withCredential(secretWith(keys, password), 'app', newPassword(), WHERE);
  } catch (error) {
    expect(error).toBeInstanceOf(InvalidSecretError);
    const { message } = error as Error;
    expect(message).not.toContain(password);
    expect(message).not.toContain(encodeURIComponent(password));
    return message;
  }
  throw new Error('it was accepted');
};

describe('a connection string in the value', () => {
  // What DocumentDB takes and a URI does not.
  const special = () => `${newPassword()}:?#[]%&=+$ `;

  it.each(['mongodb', 'mongodb+srv'])('%s:// gets the new password, all else stays', (scheme) => {
    const [before, password] = [newPassword(), special()];
    const rest = `${CLUSTER}:27017/shop${OPTIONS}`;
    expect(rotated(`${scheme}://app:${before}@${rest}`, before, { username: 'app', password })).toBe(
      `${scheme}://app:${encodeURIComponent(password)}@${rest}`,
    );
  });

  it('gets the other user of a pair too', () => {
    const [before, password] = [newPassword(), newPassword()];
    expect(rotated(`mongodb://app:${before}@${CLUSTER}/`, before, { username: 'app_clone', password })).toBe(
      `mongodb://app_clone:${password}@${CLUSTER}/`,
    );
  });

  it.each([
    ['percent-encoded', encodeURIComponent],
    ['percent-encoded in small letters', (text: string) => encodeURIComponent(text).toLowerCase()],
    ['as it is', (text: string) => text],
  ])('whose password is written %s follows', (_how, write) => {
    const before = special().toLowerCase();
    const to = { username: 'app', password: newPassword() };
    expect(rotated(`mongodb://app:${write(before)}@${CLUSTER}`, before, to)).toBe(
      `mongodb://app:${to.password}@${CLUSTER}`,
    );
  });

  it('follows in lists and objects, at any depth', () => {
    const before = newPassword();
    const uri = `mongodb://app:${before}@${CLUSTER}`;
    const { spring, list } = rotated({ spring: { data: { uri } }, list: [1, uri] }, before);
    for (const text of [spring.data.uri, list[1]]) {
      expect(text).toMatch(/^mongodb:\/\/app:/);
      expect(text).not.toContain(before);
    }
  });

  it('with an outdated password for this host is put right', () => {
    const to = { username: 'app', password: newPassword() };
    const hosts = `${CLUSTER.toUpperCase()}:27017,${CLUSTER}:27018/?authMechanism=SCRAM-SHA-1&tlsCAFile=/etc/ca.pem&compressors=a,b`;
    expect(rotated(`mongodb://app:${newPassword()}@${hosts}`, newPassword(), to)).toBe(
      `mongodb://app:${to.password}@${hosts}`,
    );
  });

  it.each([
    ['another user', `mongodb://reporting:${newPassword()}@${CLUSTER}/`],
    ['the same name on another cluster', `mongodb://app:${newPassword()}@other.example/`],
    ['stranger', `mongodb://${CLUSTER}/`],
    [
      'this host among others, with an outdated password',
      `mongodb://app:${newPassword()}@${CLUSTER},other.example/`,
    ],
    [
      'this host by way of another',
      `mongodb://app:${newPassword()}@${CLUSTER}/?tls=true&proxyHost=other.example`,
    ],
    ['a server that is told the password', `mongodb://app:${newPassword()}@${CLUSTER}/?authMechanism=PLAIN`],
    // Node.js's driver decodes the names of options: https://github.com/mongodb-js/mongodb-connection-string-url
    ['an option in code', `mongodb://app:${newPassword()}@${CLUSTER}/?%70roxyHost=other.example&tls=false`],
    // That of Java takes a semicolon for an ampersand: https://github.com/mongodb/mongo-java-driver
    ['options by semicolons', `mongodb://app:${newPassword()}@${CLUSTER}/?tls=false;proxyHost=other.example`],
    ['a proxy named like SCRAM', `mongodb://app:${newPassword()}@${CLUSTER}/?proxyHost=SCRAM-other.example`],
    // Old drivers take the last slash, or the last `.sock`, for the end of the hosts: mongo-java-driver 3.6, PyMongo 2.9.
    ['a host in the database', `mongodb://app:${newPassword()}@${CLUSTER}/,other.example:27017/?ssl=true`],
    ['a host without a slash behind', `mongodb://app:${newPassword()}@${CLUSTER}/,other.example`],
    ['a host in an option', `mongodb://app:${newPassword()}@${CLUSTER}/?appname=,other.example:27017/`],
    ['a host behind a socket', `mongodb://app:${newPassword()}@${CLUSTER}/?appname=x.sock,other.example`],
    ['a host behind an option', `mongodb://app:${newPassword()}@${CLUSTER}/?appname=x@other.example`],
    ['a mechanism that begins alike', `mongodb://app:${newPassword()}@${CLUSTER}/?authMechanism=SCRAM-OTHER`],
  ])('for %s stays as it is', (_whose, uri) => {
    expect(rotated(uri, newPassword())).toBe(uri);
  });
});

describe('a placeholder in a connection string', () => {
  const PLACEHOLDERS = [
    // As the console of DocumentDB shows it.
    '<insertYourPassword>',
    '%3CinsertYourPassword%3E',
    '%s',
    '%(password)s',
    '%DB_PASSWORD%',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: as a template has it
    '${DB_PASSWORD}',
    '$DB_PASSWORD',
    '$(DB_PASSWORD)',
    '{password}',
    '{{ db.password }}',
    '{0}',
    '{{resolve:secretsmanager:app:SecretString:password}}',
    '[password]',
    '****',
    'xxxxx',
    'REDACTED',
    '',
  ];

  it.each(PLACEHOLDERS)('%j stays, byte for byte, for either user', (placeholder) => {
    const uri = `mongodb://app:${placeholder}@${CLUSTER}:27017/?tls=true`;
    for (const username of ['app', 'app_clone']) {
      expect(rotated(uri, newPassword(), { username, password: newPassword() })).toBe(uri);
    }
  });

  it.each(PLACEHOLDERS.filter((text) => text.length >= 8))(
    '%j follows where it is the password',
    (password) => {
      const to = { username: 'app', password: newPassword() };
      expect(rotated(`mongodb://app:${password}@${CLUSTER}`, password, to)).toBe(
        `mongodb://app:${to.password}@${CLUSTER}`,
      );
    },
  );

  it('is no reason to leave the password behind it', () => {
    const password = newPassword();
    expect(refusal({ uri: `mongodb://app:{password}@${CLUSTER}/?p=${password}` }, password)).toContain(
      '"uri"',
    );
  });
});

describe('another key with the name of the user', () => {
  const asClone = (keys: Record<string, unknown>) => {
    const text = withCredential(secretWith(keys), 'app_clone', newPassword(), WHERE);
    return JSON.parse(text);
  };

  it.each([
    'user',
    'User',
    'DOCDB_USERNAME',
    'dbUser',
    'db_user_name',
    'mongo-login',
    'mongouser',
    'userName',
  ])('follows to the other user of a pair: %s', (key) => {
    expect(asClone({ [key]: 'app' })[key]).toBe('app_clone');
  });

  it('follows at any depth', () => {
    expect(asClone({ spring: [{ username: 'app', database: 'app' }] }).spring).toEqual([
      { username: 'app_clone', database: 'app' },
    ]);
  });

  it.each([
    ['database', 'app'],
    ['users', ['app']],
    ['user', 'application'],
    ['usernameHint', 'app'],
    ['note', 'the user is app'],
  ])('stays, where it is none: %s', (key, value) => {
    expect(asClone({ [key]: value })[key]).toEqual(value);
  });

  it.each([
    ['beside it', { postgresUser: 'app', postgresPassword: newPassword() }],
    ['beside it, in another spelling', { PG_USER: 'app', PG_PWD: newPassword() }],
    ['in an object of its own', { other: { username: 'app', password: newPassword() } }],
  ])('stays with a password of its own %s: it is another credential', (_where, keys) => {
    expect(asClone(keys)).toMatchObject(keys);
  });

  it('is not refused for a user that stays', () => {
    expect(rotated({ user: 'app' }, newPassword())).toEqual({ user: 'app' });
  });
});

const base64 = (text: string): string => Buffer.from(text).toString('base64');
const everyByte = (text: string): string => Buffer.from(text).toString('hex').replace(/../g, '%$&');
/** encoding/json of Go escapes `<`, `>` and `&` as well. */
const escaped = (text: string): string =>
  text.replace(/[^a-z0-9]/gi, (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`);

describe('the password in any other place is refused, by the name of the key', () => {
  it.each([
    ['as it is', 'legacyPassword', (password: string) => password],
    ['in a text', 'env', (password: string) => `MONGO_PASSWORD=${password}\n`],
    ['in a connection string inside a text', 'env', (password: string) => `URL=mongodb://app:${password}@h`],
    ['in the connection string of another user', 'uri', (password: string) => `mongodb://x:${password}@h`],
    ['behind the host', 'uri', (password: string) => `mongodb://app:${password}@${CLUSTER}/?p=${password}`],
    ['percent-encoded', 'query', (password: string) => `p=${encodeURIComponent(password)}`],
    [
      'percent-encoded twice',
      'query',
      (password: string) => encodeURIComponent(encodeURIComponent(password)),
    ],
    ['as a form encodes it', 'form', (password: string) => new URLSearchParams({ password }).toString()],
    ['percent-encoded after other bytes', 'query', (password: string) => `%FF${everyByte(password)}`],
    [
      'in the URI of another scheme',
      'uri',
      (password: string) => `amqp://app:${encodeURIComponent(password)}@h`,
    ],
    ['in JSON inside a text', 'json', (password: string) => JSON.stringify({ password })],
    ['in JSON as Go writes it', 'json', (password: string) => `"${escaped(password)}"`],
    ['in base64', 'copy', (password: string) => base64(password)],
    ['in base64 for URLs', 'copy', (password: string) => Buffer.from(password).toString('base64url')],
    ['in base64 behind the user', 'auth', (password: string) => `Basic ${base64(`app:${password}`)}`],
    ['in base64 behind two letters', 'copy', (password: string) => base64(`a:${password}:more`)],
    ['in base64 in lines', 'copy', (password: string) => base64(password).replace(/(.{5})/g, '$1\n')],
    [
      'in base64 of a connection string',
      'copy',
      (password: string) => base64(`mongodb://app:${encodeURIComponent(password)}@h`),
    ],
    ['in hexadecimal', 'copy', (password: string) => Buffer.from(password).toString('hex').toUpperCase()],
  ])('%s', (_how, key, write) => {
    const password = `${newPassword()}:\\% x`;
    expect(refusal({ [key]: write(password) }, password)).toContain(`"${key}"`);
  });

  it('deep inside, with the way to it', () => {
    const password = newPassword();
    expect(refusal({ replicas: [{ password }] }, password)).toContain('"replicas.0.password"');
  });

  it('in the name of a key, which is not told', () => {
    const password = newPassword();
    expect(refusal({ old: { [`was ${password}`]: true } }, password)).toContain('the name of a key');
  });

  it('in the name of a key that looks like a user’s', () => {
    const password = newPassword();
    expect(refusal({ [`${password}User`]: 'app' }, password)).toContain('the name of a key');
  });

  it('in a value that is nested too deeply to be searched', () => {
    const deep = JSON.parse(`${'['.repeat(300)}${']'.repeat(300)}`);
    expect(refusal({ deep }, newPassword())).toContain('nested');
  });
});

describe('what is no trace of the password stays', () => {
  it('a short password’s letters in other words: the database takes none that short', () => {
    expect(rotated('a short story', 'short')).toBe('a short story');
  });

  it('AWS’s own keys, whatever is in them', () => {
    const password = 'docdb.amazonaws.com';
    const value = secretWith({ masterarn: password, dbClusterIdentifier: password }, password);
    const text = withCredential(value, 'app', newPassword(), WHERE);
    expect(JSON.parse(text)).toMatchObject({ masterarn: password, dbClusterIdentifier: password });
  });

  it('a long number, as it was written', () => {
    const text = `${secretText({ username: 'app', password: newPassword() }).slice(0, -1)},"nested":{"id":123456789012345678901}}`;
    expect(withCredential(parseSecretValue(text, WHERE), 'app', newPassword(), WHERE)).toContain(
      '"nested":{"id":123456789012345678901}',
    );
  });
});

describe('after a rotation', () => {
  const password = fc.string({
    minLength: 12,
    maxLength: 100,
    unit: fc.constantFrom(...'aB3$%:?&#[]~ +=\\'),
  });
  const withTrace = (secret: string) => {
    const trace = fc.constantFrom(
      `mongodb://app:${encodeURIComponent(secret)}@${CLUSTER}/`,
      `mongodb+srv://app:${secret}@${CLUSTER}`,
      `mongodb://app:${encodeURIComponent(secret)}@${CLUSTER}/?x=${secret}`,
      secret,
      `x${secret}x`,
      encodeURIComponent(secret),
    );
    const { tree } = fc.letrec((tie) => ({
      tree: fc.oneof(
        { depthSize: 'small' },
        trace,
        fc.jsonValue(),
        fc.dictionary(fc.string(), tie('tree'), { maxKeys: 3 }),
        fc.array(tie('tree'), { maxLength: 3 }),
      ),
    }));
    return tree.map((extra) => ({ secret, extra }));
  };

  const textsIn = (value: unknown): string[] => {
    if (typeof value === 'string') return [value];
    if (typeof value !== 'object' || value === null) return [];
    return Object.entries(value).flatMap(([key, item]) => [key, ...textsIn(item)]);
  };

  it('no text of the value holds the old password, or nothing was written', () => {
    let written = 0;
    fc.assert(
      fc.property(password.chain(withTrace), ({ secret, extra }) => {
        try {
          const text = withCredential(secretWith({ extra }, secret), 'app_clone', newPassword(), WHERE);
          written += 1;
          for (const part of textsIn(JSON.parse(text))) {
            expect(part).not.toContain(secret);
            expect(part).not.toContain(encodeURIComponent(secret));
          }
        } catch (error) {
          if (!(error instanceof InvalidSecretError)) throw error;
          expect(error.message).not.toContain(secret);
        }
      }),
      { numRuns: 500 },
    );
    expect(written).toBeGreaterThan(100);
  });
});
