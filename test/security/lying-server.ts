import { connect, createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { type Document, Long } from 'bson';
import type { ServerCertificate } from '../local-stack/document-db/certificate-authority.ts';
import { MessageStream } from '../local-stack/document-db/message-stream.ts';
import {
  commandName,
  decode,
  encode,
  replyTo,
  type WireMessage,
} from '../local-stack/document-db/wire-protocol.ts';

/** What was asked, and what the honest server answers. */
export interface Exchange {
  readonly command: string;
  /** The command as it was sent, the password in it included: a hostile server reads it too. */
  readonly request: Document;
  readonly reply: Document;
}

export type Answer =
  /** This instead of the honest reply. */
  | Document
  /** Nothing, for ever, or the bytes that this server writes itself. */
  | ((client: Socket, request: WireMessage) => void)
  | undefined;

/** A server that lets a login through to an honest one, and lies afterwards. */
export interface LyingServer {
  readonly host: '127.0.0.1';
  readonly port: number;
  /** The commands that came, in that order; `hello` of a monitor too. */
  readonly commands: readonly string[];
  close(): Promise<void>;
}

export interface MeddlerOptions {
  /** Opens a connection to the honest server. */
  readonly upstream: () => Socket;
  /** What is said instead of the honest reply; undefined leaves it. */
  readonly meddle: (exchange: Exchange) => Answer;
  /** @default - speaks no TLS */
  readonly certificate?: ServerCertificate;
}

/** Opens one on loopback. */
export const openLyingServer = async ({
  upstream,
  meddle,
  certificate,
}: MeddlerOptions): Promise<LyingServer> => {
  const sockets = new Set<Socket>();
  const commands: string[] = [];
  const serve = async (client: Socket): Promise<void> => {
    const honest = upstream();
    for (const socket of [client, honest]) sockets.add(socket.on('error', () => {}));
    client.once('close', () => honest.destroy());
    honest.once('close', () => client.destroy());
    const requests = new MessageStream(client);
    const replies = new MessageStream(honest);
    for (let bytes = await requests.next(); bytes; bytes = await requests.next()) {
      const request = decode(bytes);
      const command = commandName(request);
      commands.push(command);
      honest.write(bytes);
      const answered = await replies.next();
      if (!answered) return;
      const reply = decode(answered).body;
      const answer = meddle({ command, request: request.body, reply });
      if (typeof answer === 'function') answer(client, request);
      else client.write(answer === undefined ? answered : encode(replyTo(request, answer)));
    }
  };
  const accept = (client: Socket): void => {
    serve(client).catch(() => client.destroy());
  };
  const server: Server = certificate ? createTlsServer({ ...certificate }, accept) : createServer(accept);
  server.on('tlsClientError', () => {});
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return {
    host: '127.0.0.1',
    port: typeof address === 'object' && address ? address.port : 0,
    commands,
    close: () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const socket of sockets) socket.destroy();
      return closed;
    },
  };
};

/** A plain connection to an honest server on loopback. */
export const plainUpstream =
  (port: number): (() => Socket) =>
  () =>
    connect({ port, host: '127.0.0.1', noDelay: true });

/** The integers of a reply keep their types, as they came. */
export const int = (value: number): Long => Long.fromNumber(value);
