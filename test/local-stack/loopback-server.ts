import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';

const LOOPBACK = '127.0.0.1';

export interface HttpRequest {
  readonly method: string | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** An answer, or none: the connection is cut. */
export type HttpAnswer =
  | {
      readonly status: number;
      readonly headers?: Readonly<Record<string, string>>;
      readonly body: string;
    }
  | 'cut';

export interface HttpEndpoint {
  readonly url: string;
  /** Breaks every connection. */
  close(): Promise<void>;
}

/**
 * Serves HTTP on the loopback interface only.
 *
 * @param port 0 for a free one
 * @param answer must not throw
 */
export const listenOnLoopback = async (
  port: number,
  answer: (request: HttpRequest) => Promise<HttpAnswer>,
): Promise<HttpEndpoint> => {
  const server = createServer((request, response) => void respond(request, response, answer));
  const listening = Promise.withResolvers<void>();
  server.once('error', listening.reject);
  server.listen(port, LOOPBACK, listening.resolve);
  await listening.promise;
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  const close = async (): Promise<void> => {
    const closed = Promise.withResolvers<void>();
    server.close(() => closed.resolve());
    server.closeAllConnections();
    await closed.promise;
  };
  return { url: `http://${LOOPBACK}:${address.port}`, close };
};

const respond = async (
  request: IncomingMessage,
  response: ServerResponse,
  answer: (request: HttpRequest) => Promise<HttpAnswer>,
): Promise<void> => {
  const body = await bodyOf(request);
  // It went away in the middle: there is no one to answer.
  if (body === undefined) return;
  const answered = await answer({ method: request.method, headers: request.headers, body });
  if (answered === 'cut') {
    response.destroy();
    return;
  }
  response.writeHead(answered.status, answered.headers);
  response.end(answered.body);
};

const bodyOf = async (request: IncomingMessage): Promise<string | undefined> => {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of request) chunks.push(Buffer.from(chunk));
  } catch {
    return undefined;
  }
  return Buffer.concat(chunks).toString('utf8');
};
