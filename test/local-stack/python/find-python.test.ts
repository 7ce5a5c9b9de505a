import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { findPython, PythonMissingError } from './find-python.ts';

let bin: string;

// Stands for an interpreter: the probe only asks it for its version.
const install = (name: string, script: string) =>
  writeFile(join(bin, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });

beforeEach(async () => {
  bin = await mkdtemp(join(tmpdir(), 'pythons-'));
});
afterEach(() => rm(bin, { recursive: true }));

describe('finding a Python', () => {
  test('takes the newest that is supported', async () => {
    await install('python3.11', 'echo 3.11');
    await install('python3.12', 'echo 3.12');
    expect(await findPython({ PATH: bin })).toBe('python3.12');
  });

  test('passes over one without venv', async () => {
    await install('python3.13', 'echo "No module named venv" >&2; exit 1');
    await install('python3', 'echo 3.10');
    expect(await findPython({ PATH: bin })).toBe('python3');
  });

  test('fails and says what it tried, what each lacked and what to do', async () => {
    await install('python3.13', 'echo "No module named ensurepip" >&2; exit 1');
    await install('python3', 'echo 3.9');
    const found = findPython({ PATH: bin });
    await expect(found).rejects.toBeInstanceOf(PythonMissingError);
    await expect(found).rejects.toThrow(
      /python3\.13: No module named ensurepip[\s\S]*python3\.12: not found[\s\S]*python3: is Python 3\.9[\s\S]*PYTHON=/,
    );
  });

  test('asks only the one that PYTHON names', async () => {
    await install('python3.12', 'echo 3.12');
    await install('mine', 'echo 3.11');
    const mine = join(bin, 'mine');
    expect(await findPython({ PATH: bin, PYTHON: mine })).toBe(mine);
    await expect(findPython({ PATH: bin, PYTHON: '/nowhere/python' })).rejects.toThrow(
      /\/nowhere\/python: not found/,
    );
  });
});
