import {
  type HttpAnswer,
  type HttpEndpoint,
  type HttpRequest,
  listenOnLoopback,
} from '../loopback-server.ts';
import type { Caller } from './operations/operation.ts';
import { ServiceError } from './service-error.ts';

const TARGET_PREFIX = 'secretsmanager.';
const CONTENT_TYPE = 'application/x-amz-json-1.1';

export interface ApiRequest {
  readonly operation: string;
  readonly input: Readonly<Record<string, unknown>>;
  readonly caller: Caller;
}

/** An answer, or none: the connection is cut. */
export type ApiAnswer = { readonly status: number; readonly body: object } | 'cut';

/** Serves AWS JSON 1.1 on the loopback interface only. */
export const listen = (
  port: number,
  answer: (request: ApiRequest) => Promise<ApiAnswer>,
): Promise<HttpEndpoint> => listenOnLoopback(port, (request) => respond(request, answer));

export const errorAnswer = (error: unknown): ApiAnswer => {
  if (error instanceof ServiceError) {
    return { status: error.status, body: { __type: error.type, Message: error.message } };
  }
  // A mistake in the stand-in: only its name, since its message may quote an input.
  const name = error instanceof Error ? error.name : 'Error';
  return { status: 500, body: { __type: 'InternalServiceError', Message: `the stand-in failed: ${name}` } };
};

const respond = async (
  request: HttpRequest,
  answer: (request: ApiRequest) => Promise<ApiAnswer>,
): Promise<HttpAnswer> => {
  const answered = await read(request).then(answer).catch(errorAnswer);
  if (answered === 'cut') return 'cut';
  return {
    status: answered.status,
    headers: { 'content-type': CONTENT_TYPE, 'x-amzn-requestid': crypto.randomUUID() },
    body: JSON.stringify(answered.body),
  };
};

const read = async (request: HttpRequest): Promise<ApiRequest> => {
  const target = String(request.headers['x-amz-target'] ?? '');
  if (request.method !== 'POST' || !target.startsWith(TARGET_PREFIX)) {
    throw new ServiceError(
      'UnknownOperationException',
      'Requests are POSTs with X-Amz-Target: secretsmanager.*',
    );
  }
  return {
    operation: target.slice(TARGET_PREFIX.length),
    input: parse(request.body),
    caller: callerOf(request),
  };
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

const callerOf = ({ headers }: HttpRequest): Caller => {
  const accessKeyId = /Credential=([^/,\s]+)\//.exec(headers.authorization ?? '')?.[1];
  const userAgent = headers['user-agent'];
  return { ...(accessKeyId ? { accessKeyId } : {}), ...(userAgent ? { userAgent } : {}) };
};
