import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { ApiError } from './api-error.ts';
import type { Parameters } from './operations.ts';
import { type Xml, xml } from './xml.ts';

const LOOPBACK = '127.0.0.1';

export interface QueryRequest {
  readonly action: string;
  readonly parameters: Parameters;
}

/** An answer, or none: the connection is cut. */
export type QueryAnswer = { readonly status: number; readonly body: Xml } | 'cut';

export interface HttpEndpoint {
  readonly url: string;
  close(): Promise<void>;
}

/** Serves the AWS Query protocol on the loopback interface only: https://smithy.io/2.0/aws/protocols/aws-query-protocol.html */
export const listen = async (
  port: number,
  answer: (request: QueryRequest) => Promise<QueryAnswer>,
): Promise<HttpEndpoint> => {
  const server = createServer((request, response) => void respond(request, response, answer));
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once('error', reject);
  server.listen(port, LOOPBACK, resolve);
  await promise;
  return { url: `http://${LOOPBACK}:${portOf(server)}`, close: () => close(server) };
};

export const resultOf = (action: string, result: Xml): QueryAnswer => ({
  status: 200,
  body: {
    [`${action}Response`]: {
      [`${action}Result`]: result,
      ResponseMetadata: { RequestId: randomUUID() },
    },
  },
});

export const errorAnswer = (error: unknown): QueryAnswer => {
  // A mistake in the stand-in: only its name, since its message may quote a parameter.
  const { code, message, status } =
    error instanceof ApiError
      ? error
      : new ApiError('InternalFailure', error instanceof Error ? error.name : 'Error', 500);
  const type = status < 500 ? 'Sender' : 'Receiver';
  return {
    status,
    body: {
      ErrorResponse: { Error: { Type: type, Code: code, Message: message }, RequestId: randomUUID() },
    },
  };
};

const respond = async (
  request: IncomingMessage,
  response: ServerResponse,
  answer: (request: QueryRequest) => Promise<QueryAnswer>,
): Promise<void> => {
  const answered = await read(request).then(answer).catch(errorAnswer);
  if (answered === 'cut') {
    response.destroy();
    return;
  }
  response.writeHead(answered.status, { 'content-type': 'text/xml' });
  response.end(xml(answered.body));
};

const read = async (request: IncomingMessage): Promise<QueryRequest> => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(Buffer.from(chunk));
  const parameters = new Map(new URLSearchParams(Buffer.concat(chunks).toString('utf8')));
  const action = parameters.get('Action');
  if (request.method !== 'POST' || action === undefined)
    throw new ApiError('MissingAction', 'Requests are POSTs with a parameter Action.');
  return { action, parameters };
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
