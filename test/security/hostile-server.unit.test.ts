import { randomBytes } from 'node:crypto';
import { createServer } from 'node:net';
import { deflateSync } from 'node:zlib';
import { Binary } from 'bson';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { RotationError } from '../../functions/contract/errors.ts';
import { documentDb } from '../../functions/database/document-db.ts';
import type { Login } from '../../functions/secret/secret-value.ts';
import { testCredential } from '../../functions/test-secret/test-credential.ts';
import { type DocumentDbStandIn, startDocumentDb } from '../local-stack/document-db/index.ts';
import type { WireMessage } from '../local-stack/document-db/wire-protocol.ts';
import { formsOf } from './leaks.ts';
import { type LyingServer, type MeddlerOptions, openLyingServer, plainUpstream } from './lying-server.ts';

/**
 * A server that knows the user's password, or lets an honest one prove it, and then lies. It stands where the
 * secret says that the database is, so it gets the login; what must not happen is that it gets more than that.
 */
const primaryUser = { name: 'honest', password: randomBytes(18).toString('base64url') };
let honest: DocumentDbStandIn;
const lyingServers: LyingServer[] = [];
beforeAll(async () => {
  honest = await startDocumentDb({ primaryUser, tls: false });
});
afterAll(async () => {
  await Promise.all(lyingServers.map((each) => each.close()));
  await honest.stop();
});

const database = documentDb([]);

const meddling = async (meddle: MeddlerOptions['meddle']): Promise<Login> => {
  const lyingServer = await openLyingServer({ upstream: plainUpstream(honest.port), meddle });
  lyingServers.push(lyingServer);
  const { host, port } = lyingServer;
  return { host, port, username: primaryUser.name, password: primaryUser.password, tls: false };
};

/** An error of this project, that came in time and without any of these words in it. */
const expectClearError = async (
  attempt: Promise<unknown>,
  { within, secrets }: { within: number; secrets: readonly string[] },
): Promise<RotationError> => {
  const started = performance.now();
  const error = await attempt.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(performance.now() - started, 'milliseconds').toBeLessThan(within);
  expect(error).toBeInstanceOf(RotationError);
  const told = error as RotationError;
  const text = [told.name, told.message, told.stack, JSON.stringify(told), String(told.cause)].join('\n');
  expect(
    secrets.flatMap(formsOf).filter((form) => text.includes(form)),
    'secrets in the error',
  ).toHaveLength(0);
  expect(told.message.length, 'length of the message').toBeLessThan(1000);
  return told;
};

describe('what a server says of a refused change is not repeated', () => {
  const pwd = randomBytes(18).toString('base64url');
  test.each([
    ['in its errmsg', () => ({ ok: 0, code: 2, codeName: 'BadValue', errmsg: `can not set "${pwd}"` })],
    ['as its codeName', () => ({ ok: 0, code: 2, codeName: pwd, errmsg: 'no' })],
    ['as its code', () => ({ ok: 0, code: pwd, codeName: 'BadValue', errmsg: 'no' })],
    ['as a code like those of TLS', () => ({ ok: 0, code: `CERT_${pwd}`, errmsg: 'no' })],
    ['as an error label', () => ({ ok: 0, code: 2, errmsg: 'no', errorLabels: [pwd] })],
    ['in the whole command', () => ({ ok: 0, code: 2, errmsg: `{ updateUser: "x", pwd: "${pwd}" }`, pwd })],
    [
      'in a very long codeName',
      () => ({ ok: 0, code: 2, codeName: `x${'y'.repeat(100_000)}`, errmsg: 'no' }),
    ],
  ])('%s', async (_where, answer) => {
    const login = await meddling(({ command }) => (command === 'updateUser' ? answer() : undefined));
    await using session = await database.login(login);
    expect(session).toBeDefined();
    await expectClearError(session?.updateUser('stranger', { password: pwd }) ?? Promise.resolve(), {
      within: 15_000,
      secrets: [pwd, login.password],
    });
  });
});

describe('a server that lies after the login', () => {
  test('fails if it takes any password but can not prove that it knows this one', async () => {
    const login = await meddling(({ command, reply }) => {
      if (command !== 'saslContinue') return undefined;
      const payload = Buffer.from(`v=${randomBytes(32).toString('base64')}`);
      return { ...reply, ok: 1, done: true, payload: new Binary(payload) };
    });
    await expectClearError(database.login({ ...login, password: randomBytes(18).toString('base64url') }), {
      within: 15_000,
      secrets: [login.password],
    });
  });

  test('fails if it lists instances outside its domain, and no one connects to them', async () => {
    let visits = 0;
    const elsewhere = createServer((socket) => {
      visits += 1;
      socket.destroy();
    });
    await new Promise<void>((resolve) => elsewhere.listen(0, '127.0.0.2', resolve));
    const address = elsewhere.address();
    const port = typeof address === 'object' && address ? address.port : 0;
    const login = await meddling(({ command, reply }) =>
      command === 'hello' || command === 'isMaster'
        ? { ...reply, hosts: [`127.0.0.2:${port}`], me: `127.0.0.2:${port}` }
        : undefined,
    );
    const error = await expectClearError(testCredential(database, login), {
      within: 15_000,
      secrets: [login.password],
    });
    expect(error.name).toBe('InstanceNotTrustedError');
    expect(visits).toBe(0);
    await new Promise((resolve) => elsewhere.close(resolve));
  });

  // Regression: the driver did what it was told, in one go, and no timer fired. https://www.rfc-editor.org/rfc/rfc5802#section-5.1
  test.each([20_000_000, 2 ** 31 - 1])(
    'fails before it has a function do %i iterations of SCRAM',
    async (iterations) => {
      const login = await meddling(({ command, reply }) => {
        if (command !== 'saslStart') return undefined;
        const payload = String(reply.payload.toString('utf8')).replace(/i=\d+/, `i=${iterations}`);
        return { ...reply, payload: new Binary(Buffer.from(payload)) };
      });
      const error = await expectClearError(database.login(login), {
        within: 5000,
        secrets: [login.password],
      });
      expect(error.name).toBe('DatabaseIncompatibleError');
      expect(error.message).toContain('iterations of SCRAM');
    },
  );

  // https://github.com/mongodb/specifications/blob/master/source/compression/OP_COMPRESSED.md
  test.each(['hello', 'saslStart', 'connectionStatus'])(
    'fails if its reply to %s is compressed, which no one offered, and is not unpacked',
    async (asked) => {
      const login = await meddling(({ command }) =>
        command === asked || (asked === 'hello' && command === 'isMaster') ? bomb : undefined,
      );
      const attempt = async () => {
        await using session = await database.login(login);
        await session?.ownRoles();
      };
      const error = await expectClearError(attempt(), { within: 15_000, secrets: [login.password] });
      expect(error.name).toBe('DatabaseIncompatibleError');
      expect(error.message).toContain('a compressed reply');
    },
  );

  test.each([
    ['an address with credentials in it', 'user:word@127.0.0.1:1'],
    ['an address of a local socket', '/tmp/mongodb-27017.sock'],
    ['a line break', '127.0.0.1:1\n127.0.0.1:2'],
    ['no port', '127.0.0.1'],
  ])('fails if it lists %s', async (_what, host) => {
    const login = await meddling(({ command, reply }) =>
      command === 'hello' || command === 'isMaster' ? { ...reply, hosts: [host] } : undefined,
    );
    await expectClearError(testCredential(database, login), { within: 15_000, secrets: [login.password] });
  });

  test('fails before it has a function log in at thousands of ports', async () => {
    const login = await meddling(({ command, reply }) =>
      command === 'hello' || command === 'isMaster'
        ? { ...reply, hosts: Array.from({ length: 5000 }, (_, index) => `127.0.0.1:${index + 1}`) }
        : undefined,
    );
    await expectClearError(testCredential(database, login), { within: 5000, secrets: [login.password] });
  });

  test('fails if it shows roles by the ten thousand, which no execution could carry', async () => {
    const roles = Array.from({ length: 20_000 }, (_, index) => ({ role: `role${index}`, db: 'admin' }));
    const login = await meddling(({ command, reply }) =>
      command === 'connectionStatus' ? { ...reply, authInfo: { authenticatedUserRoles: roles } } : undefined,
    );
    await using session = await database.login(login);
    await expectClearError(session?.ownRoles() ?? Promise.resolve(), {
      within: 15_000,
      secrets: [login.password],
    });
  });

  test.each([
    ['no list of roles', { ok: 1, authInfo: { authenticatedUserRoles: 'root' } }],
    ['roles that are none', { ok: 1, authInfo: { authenticatedUserRoles: [null, 7, 'root', [], {}] } }],
    ['no word on the login', { ok: 1 }],
  ])('is borne if it shows %s', async (_what, answer) => {
    const login = await meddling(({ command }) => (command === 'connectionStatus' ? answer : undefined));
    const tested = await testCredential(database, { ...login }).catch((error: unknown) => error);
    if (tested instanceof Error) expect(tested).toBeInstanceOf(RotationError);
  });
});

/** https://github.com/mongodb/specifications/blob/master/source/compression/OP_COMPRESSED.md */
const OP_COMPRESSED = 2012;
const OP_MSG = 2013;
const ZLIB = 2;

const UNPACKED = 64 * 1024 * 1024;
const packed = deflateSync(Buffer.alloc(UNPACKED));

/** A reply of some kilobytes that says truly that it is a thousand times as long. */
const bomb = (client: { write(bytes: Buffer): unknown }, request: WireMessage) => {
  const header = Buffer.alloc(25);
  header.writeInt32LE(header.length + packed.length, 0);
  header.writeInt32LE(request.requestId, 8);
  header.writeInt32LE(OP_COMPRESSED, 12);
  header.writeInt32LE(OP_MSG, 16);
  header.writeInt32LE(UNPACKED, 20);
  header.writeUInt8(ZLIB, 24);
  client.write(Buffer.concat([header, packed]));
};

/** The header of a reply of 40 MB, and then a byte now and then, more often than any time-out of a silent line. */
const drip = (client: { write(bytes: Buffer): unknown; once(event: 'close', done: () => void): unknown }) => {
  const header = Buffer.alloc(16);
  header.writeInt32LE(40_000_000, 0);
  header.writeInt32LE(2013, 12);
  client.write(header);
  const timer = setInterval(() => client.write(Buffer.of(0)), 50);
  client.once('close', () => clearInterval(timer));
};

/** Each waits, for up to twenty seconds: all at once. */
describe.concurrent('a server that is not there, or never done', () => {
  test('fails in a bounded time if its reply comes byte by byte', async () => {
    const login = await meddling(({ command }) => (command === 'connectionStatus' ? drip : undefined));
    const session = await database.login(login);
    await expectClearError(session?.ownRoles() ?? Promise.resolve(), {
      within: 15_000,
      secrets: [login.password],
    });
    // Regression: to close waited for the same connection, for ever.
    const started = performance.now();
    await session?.[Symbol.asyncDispose]();
    expect(performance.now() - started, 'milliseconds to close').toBeLessThan(15_000);
  }, 40_000);

  test('fails in a bounded time if it never answers the login', async () => {
    const login = await meddling(({ command }) => (command === 'saslStart' ? drip : undefined));
    await expectClearError(database.login(login), { within: 15_000, secrets: [login.password] });
  }, 25_000);

  test.each([
    ['empty labels and hyphens', ['a..b', '-a', 'a-.b']],
    ['numbers that are no address', ['999.999.999.999', '1.2.3.4.5', '0x7f.1']],
    ['what DNS does not take', ['xn--a', `${'a'.repeat(64)}.example`]],
  ])('gives a clear error if its host is of %s', async (_what, hosts) => {
    const password = randomBytes(18).toString('base64url');
    await Promise.all(
      hosts.map(async (host) => {
        const login = { host, port: 1, username: 'app', password, tls: true };
        await expectClearError(database.login(login), { within: 15_000, secrets: [password] });
      }),
    );
  });
});
