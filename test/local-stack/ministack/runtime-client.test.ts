import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { listenOnLoopback } from '../loopback-server.ts';

const CLIENT = join(import.meta.dirname, 'runtime-client.mjs');

/** Hands out one event, then lets the client wait for the next. https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html */
class RuntimeApi {
  readonly answers: { readonly path: string; readonly body: unknown }[] = [];
  private readonly server: Server;
  private readonly event: unknown;
  private handedOut = false;
  private answered = Promise.withResolvers<void>();

  constructor(event: unknown) {
    this.event = event;
    this.server = createServer(async (request, response) => {
      if (request.method === 'POST') {
        await this.note(request);
        response.end();
      } else if (!this.handedOut) {
        this.handedOut = true;
        response.setHeader('lambda-runtime-aws-request-id', 'request-1');
        response.setHeader('lambda-runtime-deadline-ms', String(Date.now() + 5_000));
        response.end(JSON.stringify(this.event));
      }
    });
  }

  async listen(): Promise<string> {
    this.server.listen(0, '127.0.0.1');
    await once(this.server, 'listening');
    const address = this.server.address();
    return `127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
  }

  answer(): Promise<void> {
    return this.answered.promise;
  }

  close(): void {
    this.server.close();
    this.server.closeAllConnections();
  }

  private async note(request: IncomingMessage): Promise<void> {
    const path = request.url?.replace('/2018-06-01/runtime/', '') ?? '';
    this.answers.push({ path, body: JSON.parse(await text(request)) });
    this.answered.resolve();
  }
}

describe('The Runtime API client', () => {
  let directory: string;
  let child: ChildProcess | undefined;
  let api: RuntimeApi;

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'runtime-client-'));
  });
  afterEach(() => {
    child?.kill('SIGKILL');
    api.close();
    rmSync(directory, { recursive: true });
  });

  const run = async (
    handler: string,
    event: unknown = {},
    environment: Readonly<Record<string, string>> = {},
  ): Promise<RuntimeApi['answers']> => {
    writeFileSync(join(directory, 'index.mjs'), handler);
    api = new RuntimeApi(event);
    child = spawn(process.execPath, [CLIENT], {
      stdio: 'ignore',
      env: {
        AWS_LAMBDA_RUNTIME_API: await api.listen(),
        LAMBDA_TASK_ROOT: directory,
        _HANDLER: 'index.handler',
        FUNCTION_LOG_FILE: join(directory, 'functions.log'),
        ...environment,
      },
    });
    await api.answer();
    return api.answers;
  };

  it('hands the event to the handler and its result back', async () => {
    const answers = await run('export const handler = async ({ n }) => ({ twice: 2 * n });', { n: 21 });
    expect(answers).toEqual([{ path: 'invocation/request-1/response', body: { twice: 42 } }]);
  });

  it('answers null for a handler that returns nothing', async () => {
    const answers = await run('export const handler = async () => {};');
    expect(answers).toEqual([{ path: 'invocation/request-1/response', body: null }]);
  });

  it('keeps the name of an error, by which the state machine retries and catches', async () => {
    const answers = await run(
      "export const handler = async () => { throw Object.assign(new Error('no'), { name: 'DatabaseUnavailableError' }); };",
    );
    expect(answers).toEqual([
      {
        path: 'invocation/request-1/error',
        body: expect.objectContaining({ errorType: 'DatabaseUnavailableError', errorMessage: 'no' }),
      },
    ]);
  });

  it('reports a handler that can not be loaded', async () => {
    const answers = await run("throw new TypeError('broken bundle');");
    expect(answers).toEqual([
      {
        path: 'init/error',
        body: expect.objectContaining({ errorType: 'TypeError', errorMessage: 'broken bundle' }),
      },
    ]);
  });

  describe('where someone watches', () => {
    const answer = { errorType: 'ChosenError', errorMessage: 'why' };
    const error = [{ path: 'invocation/request-1/error', body: answer }];
    let told: { readonly moment: string; readonly answer?: unknown; readonly event?: unknown }[];

    /** @param replies to what the client tells, one after the other */
    const watched = async (...replies: readonly string[]): Promise<RuntimeApi['answers']> => {
      told = [];
      const { url, close } = await listenOnLoopback(0, async ({ body }) => {
        told.push(JSON.parse(body));
        return { status: 200, body: replies[told.length - 1] ?? '' };
      });
      try {
        return await run('export const handler = async () => 42;', { n: 1 }, { INVOCATION_HOOK: url });
      } finally {
        await close();
      }
    };

    it('tells what goes in and what comes out', async () => {
      expect(await watched()).toEqual([{ path: 'invocation/request-1/response', body: 42 }]);
      expect(told).toMatchObject([
        { moment: 'before', event: { n: 1 } },
        { moment: 'after', answer: 42 },
      ]);
    });

    it('asks again as long as it is to wait', async () => {
      expect(await watched('wait', 'wait', '')).toMatchObject([{ body: 42 }]);
      expect(told.map(({ moment }) => moment)).toEqual(['before', 'waiting', 'waiting', 'after']);
    });

    it('fails with the error that it is told in place of its work', async () => {
      expect(await watched(JSON.stringify(answer))).toEqual(error);
      expect(told[1]).toMatchObject({ answer });
    });

    it('fails with the error that it is told in place of its result', async () => {
      expect(await watched('', JSON.stringify(answer))).toEqual(error);
      expect(told[1]).toMatchObject({ answer: 42 });
    });

    it('calls nothing for an execution that was stopped', async () => {
      expect(await watched('stopped')).toMatchObject([{ body: { errorType: 'ExecutionStopped' } }]);
    });
  });

  it('tells the handler how much time is left', async () => {
    const [answer] = await run(
      'export const handler = async (_, context) => context.getRemainingTimeInMillis();',
    );
    expect(answer?.body).toBeGreaterThan(1_000);
    expect(answer?.body).toBeLessThanOrEqual(5_000);
  });

  it('keeps what the handler writes in a file', async () => {
    await run("export const handler = async () => { console.log('a line'); console.error('an error'); };");
    expect(readFileSync(join(directory, 'functions.log'), 'utf8')).toBe('a line\nan error\n');
  });

  it('ends when the emulator is gone, so that no worker outlives it', async () => {
    await run('export const handler = async () => 1;');
    api.close();
    const [code] = await once(child as ChildProcess, 'exit');
    expect(code).toBe(0);
  });
});
