import { readFileSync } from 'node:fs';
import { connect } from 'node:tls';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type DocumentDbStandIn, type Hostility, startDocumentDb } from './index.ts';
import { MessageStream } from './message-stream.ts';
import { command, newCredential } from './test-client.ts';
import { encode } from './wire-protocol.ts';

const primaryUser = newCredential('docdbadmin');
let database: DocumentDbStandIn;

beforeAll(async () => {
  database = await startDocumentDb({ primaryUser });
}, 60_000);
afterAll(() => database.stop());

describe('hostile servers', () => {
  test.each<Hostility>([
    { kind: 'garbage' },
    { kind: 'endless-reply' },
    { kind: 'huge-reply' },
    { kind: 'slow-drip' },
  ])('a driver gives up on $kind, whose victim the server counts', async (hostility) => {
    const at = await database.openHostileFront(hostility);
    const options = { at, serverSelectionTimeoutMS: 300, connectTimeoutMS: 200 };
    await expect(command(database, primaryUser, { ping: 1 }, options)).rejects.toThrow();
    expect(at.connections).toBeGreaterThan(0);
    await at.close();
  });

  test('forged hosts are sent to the one who asks', async () => {
    const at = await database.openHostileFront({ kind: 'forged-hosts', hosts: ['attacker.example:27017'] });
    const socket = connect({ port: at.port, host: '127.0.0.1', ca: readFileSync(database.caFile) });
    const sections = Buffer.alloc(0);
    socket.write(
      encode({
        form: 'msg',
        requestId: 1,
        responseTo: 0,
        body: { hello: 1, $db: 'admin' },
        sections,
        unacknowledged: false,
        database: 'admin',
      }),
    );
    const reply = await new MessageStream(socket).next();
    expect(reply?.toString('latin1')).toContain('attacker.example:27017');
    socket.destroy();
    await at.close();
  });
});
