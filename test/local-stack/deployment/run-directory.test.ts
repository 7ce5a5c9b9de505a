import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { makeRunDirectory } from './run-directory.ts';

describe('The folder of a run', () => {
  it('is removed with all that is in it', () => {
    const run = makeRunDirectory();
    mkdirSync(join(run.path, 'deep', 'down'), { recursive: true });
    run.remove();
    expect(existsSync(run.path)).toBe(false);
  });

  it('makes room by removing those of processes that were killed, and no others', () => {
    const own = makeRunDirectory();
    const { pid: dead } = spawnSync(process.execPath, ['-e', '']);
    const left = join(dirname(own.path), `run-${dead}-left`);
    mkdirSync(left);
    const next = makeRunDirectory();
    try {
      expect(existsSync(left)).toBe(false);
      expect(existsSync(own.path)).toBe(true);
    } finally {
      own.remove();
      next.remove();
      rmSync(left, { recursive: true, force: true });
    }
  });
});
