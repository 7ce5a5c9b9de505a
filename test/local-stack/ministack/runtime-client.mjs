// Speaks the Lambda Runtime API (https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html)
// for one handler. ministack's own Node.js runtime gives every error the name
// Runtime.HandlerError, by which no Retry or Catch could tell them apart.
import { appendFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { flushCompileCache } from 'node:module';
import { join } from 'node:path';
import { json, text } from 'node:stream/consumers';
import { pathToFileURL } from 'node:url';

const api = `http://${process.env.AWS_LAMBDA_RUNTIME_API}/2018-06-01/runtime`;

const describe = (error) => ({
  errorType: error?.name ?? 'Error',
  errorMessage: error?.message ?? String(error),
  trace: String(error?.stack ?? '').split('\n'),
});

const agent = new Agent({ keepAlive: true });

/** In place of fetch, which each process of a function would have to load: a tenth of its start. */
const send = (url, method, body) =>
  new Promise((resolve, reject) => {
    request(url, { method, agent }, resolve).on('error', reject).end(body);
  });

const post = async (path, body) => await text(await send(`${api}/${path}`, 'POST', JSON.stringify(body)));

/**
 * Tells those that watch the functions (test/chaos/faults, the page) that a call begins or is about to be answered, and waits. Who
 * waits long is told so now and then: a request without an answer would end.
 */
const tell = async (moment, call) => {
  const url = process.env.INVOCATION_HOOK;
  if (!url) return '';
  const ask = async (message) =>
    await text(await send(url, 'POST', JSON.stringify({ pid: process.pid, ...message })));
  let told = await ask({ moment, ...call });
  while (told === 'wait') told = await ask({ moment: 'waiting' });
  return told;
};

/** A call that was held until someone stopped its execution counts as one that was not made. */
const STOPPED = ['error', { errorType: 'ExecutionStopped', errorMessage: 'the execution was stopped' }];

/** What is answered in place of what the function did, or would have done. */
const insteadOf = (told) => (told === 'stopped' ? STOPPED : ['error', JSON.parse(told)]);

const load = async () => {
  const [file, name] = (process.env._HANDLER ?? 'index.handler').split('.');
  const module = await import(pathToFileURL(join(process.env.LAMBDA_TASK_ROOT, `${file}.mjs`)).href);
  return module[name];
};

const contextOf = (headers) => {
  const deadline = Number(headers['lambda-runtime-deadline-ms']);
  return {
    awsRequestId: headers['lambda-runtime-aws-request-id'],
    invokedFunctionArn: headers['lambda-runtime-invoked-function-arn'],
    functionName: process.env.AWS_LAMBDA_FUNCTION_NAME,
    functionVersion: process.env.AWS_LAMBDA_FUNCTION_VERSION,
    memoryLimitInMB: process.env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    logGroupName: process.env.AWS_LAMBDA_LOG_GROUP_NAME,
    logStreamName: process.env.AWS_LAMBDA_LOG_STREAM_NAME,
    callbackWaitsForEmptyEventLoop: true,
    getRemainingTimeInMillis: () => Math.max(0, deadline - Date.now()),
  };
};

const answerOf = async (handler, event, context) => {
  try {
    return ['response', (await handler(event, context)) ?? null];
  } catch (error) {
    // Lambda logs what a handler throws; the search for passwords in logs must see it too.
    console.error(JSON.stringify(describe(error)));
    return ['error', describe(error)];
  }
};

const serveOne = async (handler) => {
  const next = await send(`${api}/invocation/next`, 'GET');
  const id = next.headers['lambda-runtime-aws-request-id'];
  const trace = next.headers['lambda-runtime-trace-id'];
  if (trace) process.env._X_AMZN_TRACE_ID = trace;
  const event = await json(next);
  const call = { id, functionName: process.env.AWS_LAMBDA_FUNCTION_NAME };
  const before = await tell('before', { ...call, event });
  const answer = before ? insteadOf(before) : await answerOf(handler, event, contextOf(next.headers));
  const after = await tell('after', { ...call, answer: answer[1] });
  const [path, body] = after ? insteadOf(after) : answer;
  await post(`invocation/${id}/${path}`, body);
};

/** Keeps all output in a file, beside what ministack makes of it: it keeps some lines only, and only in its memory. */
const keepOutput = (file) => {
  for (const stream of [process.stdout, process.stderr]) {
    const write = stream.write.bind(stream);
    stream.write = (chunk, ...rest) => {
      appendFileSync(file, chunk);
      return write(chunk, ...rest);
    };
  }
};

const main = async () => {
  if (process.env.FUNCTION_LOG_FILE) keepOutput(process.env.FUNCTION_LOG_FILE);
  // By its user agent a request to Secrets Manager tells which process it comes from.
  if (process.env.INVOCATION_HOOK) process.env.AWS_SDK_UA_APP_ID = `pid-${process.pid}`;
  let handler;
  try {
    handler = await load();
  } catch (error) {
    console.error(error);
    await post('init/error', describe(error));
    process.exit(1);
  }
  // The API going away means that ministack has ended or wants this worker gone.
  try {
    await serveOne(handler);
    // By now it has compiled what a call needs, too. Nothing is written unless the cache is on.
    flushCompileCache();
    for (;;) await serveOne(handler);
  } catch {
    process.exit(0);
  }
};

await main();
