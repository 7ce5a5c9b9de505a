import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';

/** An address where something is wrong in a way that gives no answer at all. */
export interface BlackHole extends AsyncDisposable {
  readonly host: string;
  readonly port: number;
}

const HOST = '127.0.0.1';

/** Connections are taken, and nothing is ever said on them: a firewall that swallows, a server that hangs. */
export const openSilence = (): Promise<BlackHole> => listening(createServer(() => {}));

/** An answer begins, and stops in the middle. */
export const openHalfAnswer = (): Promise<BlackHole> =>
  listening(
    createHttpServer((_request, response) => {
      response.writeHead(200, { 'content-type': 'application/x-amz-json-1.1', 'content-length': 1000 });
      response.write('{');
    }),
  );

const listening = async (server: Server): Promise<BlackHole> => {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => void sockets.add(socket.on('error', () => {})));
  await new Promise<void>((resolve) => server.listen(0, HOST, resolve));
  return {
    host: HOST,
    port: (server.address() as AddressInfo).port,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
};

/** Listens and never accepts, since its loop stands still. */
const NEVER_ACCEPTS = `
  const { createServer } = require('node:net');
  const { parentPort } = require('node:worker_threads');
  const server = createServer().listen({ host: '${HOST}', port: 0, backlog: 1 }, () => {
    parentPort.postMessage(server.address().port);
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  });`;

/**
 * Packets get no answer, as where a VPC has no route or a security group lets no one through: the kernel drops what
 * asks for a connection while the queue of a listener is full.
 * Source: https://man7.org/linux/man-pages/man2/listen.2.html
 */
export const openBlackHole = async (): Promise<BlackHole> => {
  const worker = new Worker(NEVER_ACCEPTS, { eval: true });
  const port = await new Promise<number>((resolve) => worker.once('message', resolve));
  const fillers: Socket[] = [];
  while (await isTaken(port, fillers));
  return {
    host: HOST,
    port,
    [Symbol.asyncDispose]: async () => {
      for (const socket of fillers) socket.destroy();
      await worker.terminate();
    },
  };
};

/** Whether one more connection finds room in the queue. */
const isTaken = async (port: number, fillers: Socket[]): Promise<boolean> => {
  const socket = connect(port, HOST).on('error', () => {});
  fillers.push(socket);
  const connected = new Promise<boolean>((resolve) => socket.once('connect', () => resolve(true)));
  return await Promise.race([connected, sleep(500, false)]);
};
