import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { listenOnLoopback } from '../loopback-server.ts';
import { RuntimeApi, runClient } from './runtime-api.ts';

describe('the hook of those that watch the functions', () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'invocation-hook-'));
  });
  afterEach(() => rmSync(directory, { recursive: true }));

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
    const api = new RuntimeApi({ n: 1 });
    const handler = 'export const handler = async () => 42;';
    const child = await runClient(api, directory, handler, { INVOCATION_HOOK: url });
    try {
      await api.answer();
      return api.answers;
    } finally {
      child.kill('SIGKILL');
      api.close();
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
