import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { withLock } from './lock.ts';

let directory: string;
let file: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'lock-'));
  file = join(directory, 'lock');
});
afterEach(() => rm(directory, { recursive: true }));

describe('a lock', () => {
  test('lets one in at a time, and leaves nothing behind', async () => {
    let inside = 0;
    let most = 0;
    const work = async () => {
      inside += 1;
      most = Math.max(most, inside);
      await new Promise(setImmediate);
      inside -= 1;
    };
    await Promise.all([withLock(file, work), withLock(file, work), withLock(file, work)]);
    expect(most).toBe(1);
    expect(await readdir(directory)).toEqual([]);
  });

  test('tells who waits, once, whom for', async () => {
    const owners: number[] = [];
    let waiter: Promise<void> | undefined;
    await withLock(file, async () => {
      waiter = withLock(
        file,
        async () => {},
        (owner) => owners.push(owner),
      );
      await expect.poll(() => owners).toEqual([process.pid]);
    });
    await waiter;
    expect(owners).toEqual([process.pid]);
    expect(existsSync(file)).toBe(false);
  });

  test('is taken over from a process that died', async () => {
    const { pid } = spawnSync(process.execPath, ['-e', '']);
    await writeFile(file, String(pid));
    expect(await withLock(file, async () => 'done')).toBe('done');
  });

  test('is free again when the work fails', async () => {
    const failing = withLock(file, () => Promise.reject(new Error('no')));
    await expect(failing).rejects.toThrow('no');
    expect(existsSync(file)).toBe(false);
  });
});
