import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import type { ServerCertificate } from './certificate-authority.ts';
import { MessageStream } from './message-stream.ts';
import { decode, encode, replyTo } from './wire-protocol.ts';

const HUGE_BYTES = 100 * 1024 * 1024;
const CHUNK = Buffer.alloc(64 * 1024, 0xa5);
const DRIP_MS = 50;

/** What a server that means harm does to the one who connects. */
export type Hostility =
  /** Bytes that are no message. */
  | { readonly kind: 'garbage' }
  /** A reply whose length says 40 MB and that never ends, as fast as the client reads. */
  | { readonly kind: 'endless-reply' }
  /** A reply of 100 MB, twice what the protocol allows. */
  | { readonly kind: 'huge-reply' }
  /** A reply that comes byte by byte, for ever. */
  | { readonly kind: 'slow-drip' }
  /** A `hello` that sends the client to hosts of the attacker's. */
  | { readonly kind: 'forged-hosts'; readonly hosts: readonly string[] };

/** A listener that harms its clients, to see that they bear it. */
export interface HostileFront {
  readonly host: string;
  readonly port: number;
  /** How many clients came. */
  readonly connections: number;
  close(): Promise<void>;
}

/** Opens a hostile listener on loopback; with a certificate it harms by TLS. */
export const openHostileFront = async (
  hostility: Hostility,
  certificate?: ServerCertificate,
): Promise<HostileFront> => {
  const sockets = new Set<Socket>();
  let connections = 0;
  const harm = (client: Socket) => {
    connections += 1;
    client.on('error', () => {});
    HARMS[hostility.kind](client, hostility).catch(() => client.destroy());
  };
  const server: Server = certificate ? createTlsServer({ ...certificate }, harm) : createServer(harm);
  server.on('tlsClientError', () => {});
  server.on('connection', (socket: Socket) => {
    sockets.add(socket.on('error', () => {}));
    socket.once('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return {
    host: '127.0.0.1',
    port: typeof address === 'object' && address ? address.port : 0,
    get connections() {
      return connections;
    },
    close: () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const socket of sockets) socket.destroy();
      return closed;
    },
  };
};

type Harm = (client: Socket, hostility: Hostility) => Promise<void>;

const HARMS: Readonly<Record<Hostility['kind'], Harm>> = {
  garbage: async (client) => {
    await new MessageStream(client).next();
    client.write(CHUNK);
  },
  'endless-reply': async (client) => {
    client.write(await startOfReply(client, 40_000_000));
    await pour(client, Number.POSITIVE_INFINITY);
  },
  'huge-reply': async (client) => {
    client.write(await startOfReply(client, HUGE_BYTES));
    await pour(client, HUGE_BYTES);
  },
  'slow-drip': async (client) => {
    client.write(await startOfReply(client, HUGE_BYTES));
    const timer = setInterval(() => client.write(Buffer.of(0)), DRIP_MS);
    client.once('close', () => clearInterval(timer));
  },
  'forged-hosts': async (client, hostility) => {
    const requests = new MessageStream(client);
    const hosts = hostility.kind === 'forged-hosts' ? [...hostility.hosts] : [];
    for (let bytes = await requests.next(); bytes; bytes = await requests.next()) {
      client.write(encode(replyTo(decode(bytes), forgedHello(hosts))));
    }
  },
};

/** Reads a request and gives the header of its reply, with a length of the caller's. */
const startOfReply = async (client: Socket, length: number): Promise<Buffer> => {
  const request = await new MessageStream(client).next();
  if (!request) throw new Error('the client left');
  const header = Buffer.alloc(16);
  header.writeInt32LE(length, 0);
  header.writeInt32LE(request.readInt32LE(4), 8);
  header.writeInt32LE(request.readInt32LE(12) === 2004 ? 1 : 2013, 12);
  return header;
};

const pour = async (client: Socket, bytes: number): Promise<void> => {
  for (let sent = 0; sent < bytes && !client.destroyed; sent += CHUNK.length) {
    if (client.write(CHUNK)) continue;
    const over = new AbortController();
    const wait = { signal: over.signal };
    await Promise.race([once(client, 'drain', wait), once(client, 'close', wait)]);
    over.abort();
  }
};

const forgedHello = (hosts: readonly string[]) => ({
  ok: 1,
  ismaster: true,
  isWritablePrimary: true,
  helloOk: true,
  setName: 'rs0',
  hosts,
  primary: hosts[0],
  me: hosts[0],
  minWireVersion: 0,
  maxWireVersion: 13,
  maxBsonObjectSize: 16_777_216,
  maxMessageSizeBytes: 48_000_000,
  maxWriteBatchSize: 100_000,
});
