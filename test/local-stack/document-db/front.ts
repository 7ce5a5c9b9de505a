import { createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import type { ServerCertificate } from './certificate-authority.ts';
import type { Cluster } from './cluster.ts';
import { Conversation } from './conversation.ts';

export interface FrontOptions {
  readonly cluster: Cluster;
  /** The instance that this front is; of the cluster's endpoint, the primary at the time of connecting. */
  readonly instance: () => number;
  /** Without one, the front speaks plain TCP. */
  readonly certificate?: ServerCertificate;
  /**
   * @default - a free one
   */
  readonly port?: number;
}

/** A listener on loopback that speaks as an instance of the cluster. */
export class Front {
  readonly port: number;
  readonly #server: Server;
  readonly #connections: Set<Socket>;

  private constructor(server: Server, connections: Set<Socket>, port: number) {
    this.#server = server;
    this.#connections = connections;
    this.port = port;
  }

  static async open(options: FrontOptions): Promise<Front> {
    const connections = new Set<Socket>();
    const serve = (client: Socket) => {
      client.setNoDelay(true);
      const conversation = new Conversation(options.cluster, options.instance(), client);
      // Bytes that are no message end the connection that brought them, and nothing else.
      conversation.run().catch(() => conversation.end());
    };
    const { certificate } = options;
    const server = certificate ? createTlsServer({ ...certificate }, serve) : createServer(serve);
    server.on('connection', (socket: Socket) => admit(socket, options, connections));
    server.on('tlsClientError', () => {});
    await listen(server, options.port ?? 0);
    const address = server.address();
    return new Front(server, connections, typeof address === 'object' && address ? address.port : 0);
  }

  /** Breaks every connection. */
  cut(): void {
    for (const socket of this.#connections) socket.destroy();
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.cut();
    await closed;
  }
}

// A database that is down keeps its port: on a shared machine another process
// could take it. The connection is broken instead, before a byte is exchanged.
const admit = (socket: Socket, { cluster, instance }: FrontOptions, connections: Set<Socket>): void => {
  socket.on('error', () => {});
  if (cluster.down.has(instance())) {
    socket.destroy();
    return;
  }
  connections.add(socket);
  socket.once('close', () => connections.delete(socket));
};

const listen = (server: Server, port: number): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => {
      server.off('error', reject);
      resolve();
    });
  });
