import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ensurePython } from '../python/index.ts';
import { startMinistack } from './ministack.ts';

const MODULE = join(import.meta.dirname, 'ministack.ts');
const PROMPT_MS = 5_000;

let python: string;
let directory: string;

beforeAll(async () => {
  ({ python } = await ensurePython());
  directory = await mkdtemp(join(tmpdir(), 'ministack-'));
}, 180_000);
afterAll(() => rm(directory, { recursive: true, force: true }));

const start = (port?: number) =>
  startMinistack({ python, directory, region: 'eu-central-1', ...(port ? { port } : {}) });

const isRunning = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

const gone = async (pid: number): Promise<boolean> => {
  const deadline = Date.now() + PROMPT_MS;
  while (isRunning(pid) && Date.now() < deadline) await sleep(50);
  return !isRunning(pid);
};

describe('ministack', () => {
  it('answers on loopback, and on no other address of this machine', async () => {
    const ministack = await start();
    try {
      expect((await fetch(`${ministack.url}/_ministack/health`)).ok).toBe(true);
      const others = Object.values(networkInterfaces()).flatMap((addresses) =>
        (addresses ?? []).filter(({ family, internal }) => family === 'IPv4' && !internal),
      );
      for (const { address } of others) {
        await expect(fetch(`http://${address}:${ministack.port}/_ministack/health`)).rejects.toThrow(
          'fetch failed',
        );
      }
    } finally {
      await ministack.stop();
    }
  });

  it('is gone once it was stopped, and may be stopped again', async () => {
    const ministack = await start();
    await ministack.stop();
    expect(isRunning(ministack.pid)).toBe(false);
    await ministack.stop();
  });

  it('ends by itself when the process that started it is killed', async () => {
    const options = JSON.stringify({ python, directory, region: 'eu-central-1' });
    const code = `const { startMinistack } = await import(${JSON.stringify(MODULE)});
      console.log((await startMinistack(${options})).pid); setInterval(() => {}, 1000);`;
    const parent = spawn(process.execPath, ['--input-type=module', '-e', code], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = await once(createInterface(parent.stdout), 'line');
    const pid = Number(line);
    expect(isRunning(pid)).toBe(true);
    parent.kill('SIGKILL');
    expect(await gone(pid)).toBe(true);
  });

  it('fails when its port is taken, and says why', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const address = taken.address();
    try {
      await expect(start(typeof address === 'object' ? address?.port : 0)).rejects.toThrow(
        /can't be used: .*EADDRINUSE/,
      );
    } finally {
      taken.close();
    }
  });
});
