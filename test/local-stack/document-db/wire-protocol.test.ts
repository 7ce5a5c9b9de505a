import { connect } from 'node:net';
import { Int32, Long, serialize } from 'bson';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type DocumentDbStandIn, startDocumentDb } from './index.ts';
import { logIn, newCredential } from './test-client.ts';
import { commandName, decode, encode, replyTo, type WireMessage } from './wire-protocol.ts';

const message = (overrides: Partial<WireMessage> = {}): WireMessage => ({
  form: 'msg',
  requestId: 7,
  responseTo: 0,
  body: { ping: 1, $db: 'admin' },
  sections: Buffer.alloc(0),
  unacknowledged: false,
  database: 'admin',
  ...overrides,
});

describe('messages', () => {
  test.each(['msg', 'query'] as const)('a %s that is read and written again is the same', (form) => {
    const bytes = encode(message({ form }));
    expect(encode(decode(bytes))).toEqual(bytes);
    expect(commandName(decode(bytes))).toBe('ping');
    expect(decode(bytes).database).toBe('admin');
  });

  test('numbers keep their types', () => {
    const body = { find: 'x', a: new Int32(1), b: Long.fromNumber(1), c: 1.5 };
    expect(serialize(decode(encode(message({ body }))).body)).toEqual(serialize(body));
  });

  test('document sequences pass as they are', () => {
    const sequence = Buffer.concat([Buffer.from('docs\0'), serialize({ a: 1 })]);
    const sections = Buffer.concat([Buffer.of(1, 0, 0, 0, 0), sequence]);
    sections.writeInt32LE(sections.length - 1, 1);
    expect(decode(encode(message({ sections }))).sections).toEqual(sections);
  });

  test('an old handshake is answered in its own form', () => {
    const request = decode(encode(message({ form: 'query', body: { ismaster: 1 } })));
    expect(commandName(request)).toBe('isMaster');
    expect(decode(encode(replyTo(request, { ok: 1 })))).toMatchObject({ form: 'reply', responseTo: 7 });
  });

  test('fails with an error, and never hangs, for bytes that are no message', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 16, maxLength: 200 }), (bytes) => {
        try {
          decode(Buffer.from(bytes));
        } catch (error) {
          expect(error).toBeInstanceOf(Error);
        }
      }),
    );
  });
});

describe('a front that is sent garbage', () => {
  const primaryUser = newCredential('docdbadmin');
  let database: DocumentDbStandIn;
  beforeAll(async () => {
    database = await startDocumentDb({ primaryUser, tls: false });
  }, 60_000);
  afterAll(() => database.stop());

  test.each([
    ['noise', Buffer.alloc(4096, 0xff)],
    ['an endless length', Buffer.from('ffffff7f00000000000000000000', 'hex')],
    [
      'a compressed message',
      Buffer.from('1500000001000000000000 00dc07000000000000ff'.replace(' ', ''), 'hex'),
    ],
  ])('drops a client that sends %s, and serves the others', async (_, bytes) => {
    const socket = connect(database.port, '127.0.0.1').on('error', () => {});
    socket.write(bytes);
    await new Promise((resolve) => socket.once('close', resolve).resume());
    const tls = await database.openFront({ certificate: 'trusted' });
    expect(await logIn(database, primaryUser, tls)).toBe('accepted');
  });
});
