import { setTimeout as delay } from 'node:timers/promises';
import { type Authorize, actionOf, contextKeysOf, resourceOf } from './authorization.ts';
import type { Fault, Faults, SeenRequest } from './faults.ts';
import { type ApiAnswer, type ApiRequest, errorAnswer } from './http-server.ts';
import { OPERATIONS } from './operations/index.ts';
import type { OperationContext } from './operations/operation.ts';
import { redact } from './redact.ts';
import type { LoggedRequest, RequestHook, RequestMoment } from './request-log.ts';
import { ServiceError } from './service-error.ts';
import type { StaleAnswers } from './stale-answers.ts';

const SERVER_ERRORS = new Set(['InternalServiceError', 'InternalFailure', 'ServiceUnavailable']);

/** What a request passes through: log, hooks, faults, access control, and the operation itself, on secrets as they are or were. */
export interface Pipeline {
  readonly authorize: Authorize;
  readonly context: OperationContext;
  readonly faults: Faults;
  readonly staleAnswers: StaleAnswers;
  readonly requests: LoggedRequest[];
  readonly hooks: ReadonlySet<RequestHook>;
}

export const answerRequest = async (pipeline: Pipeline, request: ApiRequest): Promise<ApiAnswer> => {
  const seen = seenRequest(request);
  const { accessKeyId, userAgent } = request.caller;
  const told = { ...seen, ...(userAgent ? { userAgent } : {}) };
  const logged: LoggedRequest = { ...seen, ...(accessKeyId ? { accessKeyId } : {}), outcome: 'running' };
  pipeline.requests.push(logged);
  await tell(pipeline, { ...told, moment: 'before' });
  const faults = pipeline.faults.strike(seen);
  const early = await strikeBefore(faults);
  if (early) {
    logged.outcome = early.outcome;
    return early.answer;
  }
  const refused = await refusalOf(pipeline, request);
  const { answer, error } = refused ?? perform(pipeline, request);
  await tell(pipeline, { ...told, moment: 'after', ...(error ? { error } : {}) });
  const lost = faults.some(({ kind }) => kind === 'reply-lost');
  logged.outcome = lost ? 'reply-lost' : (error ?? 'succeeded');
  return lost ? 'cut' : answer;
};

const seenRequest = ({ operation, input }: ApiRequest): SeenRequest => ({
  operation,
  ...(typeof input.SecretId === 'string' ? { secretId: input.SecretId } : {}),
  input: redact(input),
});

const tell = async ({ hooks }: Pipeline, moment: RequestMoment): Promise<void> => {
  for (const hook of hooks) await hook(moment);
};

/** Faults that come before the operation: delays in order, then the first that ends the request. */
const strikeBefore = async (
  faults: readonly Fault[],
): Promise<{ outcome: string; answer: ApiAnswer } | undefined> => {
  for (const fault of faults) {
    if (fault.kind === 'delay') await delay(fault.milliseconds);
    if (fault.kind === 'connection-cut-before') return { outcome: fault.kind, answer: 'cut' };
    if (fault.kind === 'error-before') {
      const status = fault.status ?? (SERVER_ERRORS.has(fault.type) ? 500 : 400);
      const body = { __type: fault.type, Message: fault.message ?? 'a fault on demand' };
      return { outcome: fault.type, answer: { status, body } };
    }
  }
  return undefined;
};

/** @returns the answer to a caller that may not do this */
const refusalOf = async (
  { authorize, context }: Pipeline,
  { caller, operation, input }: ApiRequest,
): Promise<Performed | undefined> => {
  const resource = resourceOf(context.store, operation, input);
  const refusal = await authorize(caller, actionOf(operation), resource, contextKeysOf(operation, input));
  if (refusal) return refusedWith(new ServiceError(refusal.type, refusal.message));
  return operation === 'RotateSecret' && !(await mayInvoke(context, input))
    ? refusedWith(
        new ServiceError('AccessDeniedException', 'Secrets Manager may not invoke the rotation function.'),
      )
    : undefined;
};

/** Whether the function that RotateSecret would call lets Secrets Manager in; what there is no function for is refused later. */
const mayInvoke = async (
  { store, mayInvoke: lets }: OperationContext,
  { SecretId, RotationLambdaARN }: Readonly<Record<string, unknown>>,
): Promise<boolean> => {
  const secret = typeof SecretId === 'string' ? store.find(SecretId) : undefined;
  const functionArn = RotationLambdaARN ?? secret?.rotation?.lambdaArn;
  return secret === undefined || typeof functionArn !== 'string' || (await lets(functionArn));
};

const refusedWith = (error: ServiceError): Performed => ({ answer: errorAnswer(error), error: error.type });

/** What a request came to. */
interface Performed {
  readonly answer: ApiAnswer;
  readonly error?: string;
}

const perform = (
  { context, staleAnswers }: Pipeline,
  { operation, input, caller }: ApiRequest,
): Performed => {
  try {
    const run = OPERATIONS.get(operation);
    if (!run) throw new ServiceError('UnknownOperationException', `${operation} is not known.`);
    const store = staleAnswers.storeFor(operation, input.SecretId, caller);
    const body = run({ ...context, store }, input, caller);
    staleAnswers.changed();
    return { answer: { status: 200, body } };
  } catch (error) {
    return {
      answer: errorAnswer(error),
      error: error instanceof ServiceError ? error.type : 'InternalServiceError',
    };
  }
};
