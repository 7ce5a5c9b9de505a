import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RuntimeApi, runClient } from './runtime-api.ts';

/** https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html */
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

  const run = async (handler: string, event: unknown = {}): Promise<RuntimeApi['answers']> => {
    api = new RuntimeApi(event);
    child = await runClient(api, directory, handler);
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
