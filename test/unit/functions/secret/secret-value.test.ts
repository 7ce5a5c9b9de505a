import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InvalidSecretError } from '../../../../functions/contract/errors.ts';
import { parseSecretValue, sameCluster, withCredential } from '../../../../functions/secret/secret-value.ts';
import { CLUSTER } from '../../../support/in-memory-database.ts';
import { newPassword } from '../../../support/in-memory-secret-store.ts';
import { secretText } from '../../../support/rotation-world.ts';

const WHERE = 'AWSCURRENT (version 1)';
const valid = (keys: Record<string, unknown> = {}) =>
  secretText({ username: 'app', password: newPassword(), ...keys });

const refusal = (text: string | undefined): string => {
  try {
    parseSecretValue(text, WHERE);
  } catch (error) {
    expect(error).toBeInstanceOf(InvalidSecretError);
    return String(error);
  }
  throw new Error('it was accepted');
};

describe('a secret’s value', () => {
  it('is read as AWS documents it', () => {
    const password = newPassword();
    const { login } = parseSecretValue(secretText({ username: 'app', password, masterarn: 'admin' }), WHERE);
    expect(login).toEqual({ host: CLUSTER, port: 27017, username: 'app', password, tls: true });
  });

  it.each([
    [undefined, true],
    [true, true],
    ['true', true],
    ['TRUE', true],
    [false, false],
    ['false', false],
  ])('with ssl %j has tls %j: it is off only where the secret says so', (ssl, tls) => {
    const { ssl: _, ...keys } = JSON.parse(valid());
    const text = JSON.stringify(ssl === undefined ? keys : { ...keys, ssl });
    expect(parseSecretValue(text, WHERE).login.tls).toBe(tls);
  });

  // https://github.com/aws-samples/aws-secrets-manager-rotation-lambdas: get_ssl_config takes them as no key; the others it never reads.
  it.each([
    ['ssl', null],
    ['ssl', ''],
    ['masterarn', null],
    ['masterarn', ''],
    ['dbClusterIdentifier', null],
    ['dbClusterIdentifier', ''],
  ])('with %s %j is read as without that key, and keeps it as it is', (key, value) => {
    const read = parseSecretValue(valid({ [key]: value }), WHERE);
    expect(read.login).toMatchObject({ host: CLUSTER, port: 27017, tls: true });
    expect(JSON.parse(withCredential(read, 'app', newPassword(), WHERE))[key]).toBe(value);
  });

  it.each([
    [27018, 27018],
    ['27018', 27018],
    [undefined, 27017],
  ])('takes the port %j', (port, expected) => {
    expect(parseSecretValue(valid({ port }), WHERE).login.port).toBe(expected);
  });

  it.each([
    ['engine', 'mysql'],
    ['engine', undefined],
    ['host', undefined],
    ['host', ''],
    ['host', 'one,two'],
    ['host', 'user@host'],
    ['host', 'host/?authSource=x'],
    ['host', 'host:27017'],
    ['host', '-oProxyCommand'],
    ['host', 'h'.repeat(300)],
    ['host', ['h']],
    ['port', 0],
    ['port', 65536],
    ['port', 1.5],
    ['port', -1],
    ['port', '27017; x'],
    ['port', null],
    ['port', ''],
    ['engine', null],
    ['engine', ''],
    ['username', ''],
    ['username', undefined],
    ['username', 'u'.repeat(64)],
    ['username', { $ne: '' }],
    ['password', ''],
    ['password', undefined],
    ['password', 7],
    ['password', { $ne: '' }],
    ['ssl', 'no'],
    ['ssl', 0],
    ['masterarn', 7],
  ])('fails for the %s %j, and names the key', (key, value) => {
    expect(refusal(valid({ [key]: value }))).toContain(`"${key}"`);
  });

  it.each([
    ['host', `${CLUSTER}:27017`, 'a port', 'key "port"'],
    ['host', `mongodb://app:pw@${CLUSTER}/`, 'a URI', 'host name alone'],
    ['host', `https://${CLUSTER}`, 'a URI', 'host name alone'],
    ['host', `${CLUSTER} `, 'a blank', 'host name alone'],
    ['host', `${CLUSTER}\n`, 'a blank', 'host name alone'],
    ['host', 'one.example.com,two.example.com', 'several hosts', 'cluster endpoint'],
    ['port', null, 'null or empty', 'leave it out'],
    ['port', '', 'null or empty', 'leave it out'],
    ['engine', '', 'null or empty', '"mongo"'],
    ['engine', 'docdb', 'another engine', '"mongo"'],
    ['ssl', 'yes', 'no boolean', 'true or false'],
    ['ssl', 0, 'no boolean', 'true or false'],
  ])('fails for the %s %j, and says why and what to write', (key, value, why, what) => {
    const told = refusal(valid({ [key]: value }));
    expect(told).toContain(`the key "${key}" is missing or unusable`);
    expect(told).toContain(why);
    expect(told).toContain(what);
    expect(told).not.toContain('pw@');
  });

  it('that begins with a byte order mark is refused by that name: nothing else shows it', () => {
    expect(refusal(`\uFEFF${valid()}`)).toContain('byte order mark');
  });

  it.each([
    ['nothing', undefined],
    ['no text', ''],
    ['no JSON', 'mongodb://app:secret'],
    ['half of a JSON', '{"engine": "mongo"'],
    ['null', 'null'],
    ['a list', '[]'],
    ['a number', '7'],
    ['a text', '"mongo"'],
  ])('fails for %s', (_what, text) => {
    expect(refusal(text)).toContain(WHERE);
  });

  it.each([
    ['by its source', { authSource: '$external' }],
    ['by its mechanism', { authMechanism: 'MONGODB-AWS' }],
    ['by its name', { username: 'arn:aws:iam::111122223333:user/me' }],
    ['by its name in another partition', { username: 'arn:aws-cn:iam::111122223333:role/me' }],
  ])('fails for an IAM user, known %s: it has no password', (_how, keys) => {
    expect(refusal(valid(keys))).toContain('IAM user');
  });
});

describe('a host', () => {
  // https://docs.aws.amazon.com/documentdb/latest/developerguide/docdb-using-elastic-clusters.html#elastic-limitations
  it.each([
    'shop-111122223333.eu-central-1.docdb-elastic.amazonaws.com',
    'SHOP-111122223333.EU-CENTRAL-1.DOCDB-ELASTIC.AMAZONAWS.COM.',
  ])('of an elastic cluster is refused, with what to do instead: %s', (host) => {
    const told = refusal(valid({ host }));
    expect(told).toContain('elastic clusters are not supported');
    expect(told).toContain('UpdateCluster');
  });

  it.each([
    ['a cluster', CLUSTER],
    ['a reader', CLUSTER.replace('.cluster-', '.cluster-ro-')],
    ['an instance', CLUSTER.replace('.cluster-', '.')],
    ['a cluster in China', 'shop.cluster-abcdefgh.docdb.cn-north-1.amazonaws.com.cn'],
    ['a cluster with elastic in its name', `docdb-elastic.${CLUSTER}`],
  ])('of %s is read', (_what, host) => {
    expect(parseSecretValue(valid({ host }), WHERE).login.host).toBe(host);
  });
});

describe('a hostile value', () => {
  it('that is nested too deeply to be written again is refused at once', () => {
    const depth = 30_000;
    const text = `${valid().slice(0, -1)},"deep":${'['.repeat(depth)}${']'.repeat(depth)}}`;
    expect(refusal(text)).toContain('nested too deeply');
  });

  it('of 64 KiB is read', () => {
    expect(parseSecretValue(valid({ note: 'x'.repeat(65_000) }), WHERE).login.username).toBe('app');
  });

  it('can’t smuggle keys in by its prototype', () => {
    const text = valid().replace('{', '{"__proto__":{"host":"evil","ssl":false,"polluted":true},');
    const value = parseSecretValue(text, WHERE);
    expect(value.login.host).toBe(CLUSTER);
    expect(value.login.tls).toBe(true);
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });

  it('with a key named like its prototype keeps that key through a rotation', () => {
    const text = valid().replace('{', '{"__proto__":{"a":1},');
    expect(withCredential(parseSecretValue(text, WHERE), 'app', newPassword(), WHERE)).toContain(
      '"__proto__":{"a":1}',
    );
  });

  it.each([
    ['a NUL', 'a\u0000b'],
    ['text from right to left', '\u202Eppa\u202C שלום'],
    ['characters that look the same', 'аpp'],
    ['quotes and braces', '"}{\'`'],
    ['a line break', 'app\nroot'],
  ])('with %s in the user’s name is kept as it is', (_what, username) => {
    expect(parseSecretValue(valid({ username }), WHERE).login.username).toBe(username);
  });

  it.each([
    ['a URI', 'mongodb://u:p@h/?x=1'],
    ['JSON', '{"$ne":""}'],
    ['shell', '$(rm -rf /); `x` && "y"'],
    ['a regular expression', '^.*(a+)+$[\\d]'],
    ['a NUL', 'a\u0000b'],
    ['surrogates', '\uD83D\uDE00'],
  ])('with a password like %s is kept as it is', (_what, password) => {
    expect(parseSecretValue(valid({ password }), WHERE).login.password).toBe(password);
  });
});

describe('a message about a value', () => {
  it('holds none of the values, whatever is wrong with it', () => {
    const password = fc.string({ minLength: 12 }).map((text) => `${newPassword()}${text}`);
    const breakage = fc.constantFrom<Record<string, unknown>>(
      { engine: 'mysql' },
      { host: 'a b' },
      { port: 'x' },
      { username: '' },
      { ssl: 'maybe' },
      { authSource: '$external' },
      { masterarn: 7 },
    );
    fc.assert(
      fc.property(password, breakage, fc.integer({ min: 1, max: 60 }), (secret, keys, cut) => {
        const text = valid({ password: secret, ...keys });
        expect(refusal(text)).not.toContain(secret.slice(0, 32));
        expect(refusal(text.slice(0, -cut))).not.toContain(secret.slice(0, 32));
      }),
    );
  });
});

describe('a new value', () => {
  it('differs in the credential only', () => {
    const before = { ...JSON.parse(valid()), nested: { list: [1, { two: null }] } };
    const password = newPassword();
    const text = withCredential(
      parseSecretValue(JSON.stringify(before), WHERE),
      'app_clone',
      password,
      WHERE,
    );
    expect(JSON.parse(text)).toEqual({ ...before, username: 'app_clone', password });
  });

  it('keeps any JSON beside the credential', () => {
    fc.assert(
      fc.property(
        fc.dictionary(
          fc.string().map((key) => `x-${key}`),
          fc.jsonValue(),
        ),
        (extra) => {
          const text = withCredential(parseSecretValue(valid(extra), WHERE), 'app', newPassword(), WHERE);
          expect(JSON.parse(text)).toMatchObject(JSON.parse(JSON.stringify(extra)));
        },
      ),
    );
  });
});

describe('the same cluster', () => {
  const login = (keys: Record<string, unknown> = {}) => parseSecretValue(valid(keys), WHERE).login;

  it('is the same address, in any case of letters', () => {
    expect(sameCluster(login(), login({ host: CLUSTER.toUpperCase() }))).toBe(true);
  });

  it.each([[{ port: 27018 }], [{ host: 'other.example.com' }], [{ host: `${CLUSTER}.` }]])(
    'is not %j',
    (keys) => {
      expect(sameCluster(login(), login(keys))).toBe(false);
    },
  );
});
