import { randomUUID } from 'node:crypto';
import {
  type HttpAnswer,
  type HttpEndpoint,
  type HttpRequest,
  listenOnLoopback,
} from '../loopback-server.ts';
import { ApiError } from './api-error.ts';
import type { Parameters } from './operations.ts';
import { type Xml, xml } from './xml.ts';

export interface QueryRequest {
  readonly action: string;
  readonly parameters: Parameters;
}

/** An answer, or none: the connection is cut. */
export type QueryAnswer = { readonly status: number; readonly body: Xml } | 'cut';

/** Serves the AWS Query protocol on the loopback interface only: https://smithy.io/2.0/aws/protocols/aws-query-protocol.html */
export const listen = (
  port: number,
  answer: (request: QueryRequest) => Promise<QueryAnswer>,
): Promise<HttpEndpoint> => listenOnLoopback(port, (request) => respond(request, answer));

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
  request: HttpRequest,
  answer: (request: QueryRequest) => Promise<QueryAnswer>,
): Promise<HttpAnswer> => {
  const answered = await read(request).then(answer).catch(errorAnswer);
  if (answered === 'cut') return 'cut';
  return {
    status: answered.status,
    headers: { 'content-type': 'text/xml' },
    body: xml(answered.body),
  };
};

const read = async ({ method, body }: HttpRequest): Promise<QueryRequest> => {
  const parameters = new Map(new URLSearchParams(body));
  const action = parameters.get('Action');
  if (method !== 'POST' || action === undefined)
    throw new ApiError('MissingAction', 'Requests are POSTs with a parameter Action.');
  return { action, parameters };
};
