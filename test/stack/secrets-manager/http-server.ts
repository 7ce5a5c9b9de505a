import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Caller } from './operations/operation.ts';
import { ServiceError } from './service-error.ts';

const TARGET_PREFIX = 'secretsmanager.';
const CONTENT_TYPE = 'application/x-amz-json-1.1';
const LOOPBACK = '127.0.0.1';

export interface ApiRequest {
  readonly operation: string;
  readonly input: Readonly<Record<string, unknown>>;
  readonly caller: Caller;
}

/** An answer, or none: the connection is cut. */
export type ApiAnswer = { readonly status: number; readonly body: object } | 'cut';

export interface HttpEndpoint {
  readonly url: string;
  close(): Promise<void>;
}

/** Serves AWS JSON 1.1 on the loopback interface only. */
export const listen = async (
  port: number,
  answer: (request: ApiRequest) => Promise<ApiAnswer>,
): Promise<HttpEndpoint> => {
  const server = createServer((request, response) => void respond(request, response, answer));
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once('error', reject);
  server.listen(port, LOOPBACK, resolve);
  await promise;
  return { url: `http://${LOOPBACK}:${portOf(server)}`, close: () => close(server) };
};

export const errorAnswer = (error: unknown): ApiAnswer => {
  if (error instanceof ServiceError) {
    return { status: error.status, body: { __type: error.type, message: error.message } };
  }
  // A mistake in the stand-in: only its name, since its message may quote an input.
  const name = error instanceof Error ? error.name : 'Error';
  return { status: 500, body: { __type: 'InternalServiceError', message: `the stand-in failed: ${name}` } };
};

const respond = async (
  request: IncomingMessage,
  response: ServerResponse,
  answer: (request: ApiRequest) => Promise<ApiAnswer>,
): Promise<void> => {
  try {
    send(response, await answer(await read(request)));
  } catch (error) {
    send(response, errorAnswer(error));
  }
};

const send = (response: ServerResponse, answer: ApiAnswer): void => {
  if (answer === 'cut') {
    response.destroy();
    return;
  }
  response.writeHead(answer.status, {
    'content-type': CONTENT_TYPE,
    'x-amzn-requestid': crypto.randomUUID(),
  });
  response.end(JSON.stringify(answer.body));
};

const read = async (request: IncomingMessage): Promise<ApiRequest> => {
  const body = await readBody(request);
  const target = String(request.headers['x-amz-target'] ?? '');
  if (request.method !== 'POST' || !target.startsWith(TARGET_PREFIX)) {
    throw new ServiceError(
      'UnknownOperationException',
      'Requests are POSTs with X-Amz-Target: secretsmanager.*',
    );
  }
  return { operation: target.slice(TARGET_PREFIX.length), input: parse(body), caller: callerOf(request) };
};

const readBody = async (request: IncomingMessage): Promise<string> => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks).toString('utf8');
};

const parse = (body: string): Record<string, unknown> => {
  try {
    const value: unknown = JSON.parse(body || '{}');
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { ...value };
  } catch {
    // Told below, without the parser's message: it quotes the body.
  }
  throw new ServiceError('InvalidParameterException', 'The body is not a JSON object.');
};

const callerOf = ({ headers }: IncomingMessage): Caller => {
  const accessKeyId = /Credential=([^/,\s]+)\//.exec(headers.authorization ?? '')?.[1];
  const userAgent = headers['user-agent'];
  return { ...(accessKeyId ? { accessKeyId } : {}), ...(userAgent ? { userAgent } : {}) };
};

const portOf = (server: Server): number => {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  return address.port;
};

const close = async (server: Server): Promise<void> => {
  const { promise, resolve } = Promise.withResolvers<void>();
  server.close(() => resolve());
  server.closeAllConnections();
  await promise;
};
