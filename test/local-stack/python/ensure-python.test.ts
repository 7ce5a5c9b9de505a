import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ensurePython } from './index.ts';

const run = promisify(execFile);

const REQUIREMENTS = join(import.meta.dirname, 'requirements.txt');
const CFN_LINT = join(import.meta.dirname, '../../e2e/package/cfn-lint-requirements.txt');

// Stands for Python, whose real venv takes many seconds: its environments hold a
// copy of it, and installing does nothing. The last test asks the real one.
const FAKE_PYTHON = `#!/bin/sh
case "$*" in
  "-c import pip") exit 0 ;;
  "-c "*) echo 3.12 ;;
  "-m venv --clear "*) mkdir -p "$4/bin" && cp "$0" "$4/bin/python" ;;
  "-m pip install "*) echo "$*" > "$(dirname "$0")/installed-with" ;;
esac
`;
const INDEX = join(import.meta.dirname, 'index.ts');
const MAKING = /making a virtual environment/;
const INSTALLING = /installing/;

let root: string;
let place: { directory: string; requirements: string; env: NodeJS.ProcessEnv };

const ensure = async (): Promise<string[]> => {
  const said: string[] = [];
  await ensurePython({ ...place, onProgress: (message) => said.push(message) });
  return said;
};

/** What another process that ensures the same Python says. */
const ensureElsewhere = async (): Promise<string> => {
  const script = `
    const { ensurePython } = await import(${JSON.stringify(INDEX)});
    await ensurePython({ ...${JSON.stringify(place)}, onProgress: console.log });`;
  return (await run(process.execPath, ['--input-type=module', '-e', script])).stdout;
};

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'ensure-python-'));
  const fake = join(root, 'fake-python');
  await writeFile(fake, FAKE_PYTHON, { mode: 0o755 });
  place = {
    directory: join(root, 'venv'),
    requirements: join(root, 'requirements.txt'),
    env: { PATH: process.env.PATH, PYTHON: fake },
  };
  await writeFile(place.requirements, '# first\n');
});
afterAll(() => rm(root, { recursive: true }));

describe('the Python of the local stack', () => {
  test('is made once, however many processes ask at once', async () => {
    const said = (await Promise.all([ensureElsewhere(), ensureElsewhere()])).join('\n');
    expect(said.match(new RegExp(MAKING, 'g'))).toHaveLength(1);
    expect(said.match(new RegExp(INSTALLING, 'g'))).toHaveLength(1);
    expect((await stat(join(place.directory, 'bin/python'))).isFile()).toBe(true);
    expect((await readdir(root)).sort()).toEqual(['fake-python', 'requirements.txt', 'venv']);
  }, 60_000);

  test('is left alone while nothing changes', async () => {
    expect(await ensure()).toEqual([]);
  });

  test('is brought up to date, not made again, when its requirements change', async () => {
    await writeFile(place.requirements, '# second\n');
    expect(await ensure()).toEqual([expect.stringMatching(INSTALLING)]);
    expect(await ensure()).toEqual([]);
  }, 30_000);

  test('is made again when it does not run any more', async () => {
    await rm(join(place.directory, 'bin/python'));
    expect(await ensure()).toEqual([expect.stringMatching(MAKING), expect.stringMatching(INSTALLING)]);
  }, 60_000);

  test('is told to take no package whose hash is not in the requirements', async () => {
    await writeFile(place.requirements, '# third\n');
    await ensure();
    expect(await readFile(join(place.directory, 'bin/installed-with'), 'utf8')).toContain('--require-hashes');
  }, 30_000);

  test.each([REQUIREMENTS, CFN_LINT])('pins every package of %s, and every file of it', async (file) => {
    const requirements = await requirementsOf(file);
    expect(requirements.length).toBeGreaterThan(5);
    const loose = requirements.filter(
      (one) => !/^[\w-]+==[\w.]+(; [^\\]+?)?( --hash=sha256:[0-9a-f]{64})+$/.test(one),
    );
    expect(loose).toEqual([]);
  });

  test('installs nothing else', async () => {
    const pins = (await requirementsOf(REQUIREMENTS)).map((one) => one.split(/;| --hash/)[0]?.trim());
    const { python } = await ensurePython();
    const installed = (await run(python, ['-m', 'pip', 'freeze'])).stdout.trim().split('\n');
    expect(installed.filter((line) => !pins.includes(line))).toEqual([]);
  }, 120_000);
});

/** Each with its continuation lines. */
const requirementsOf = async (file: string): Promise<string[]> => {
  const lines = (await readFile(file, 'utf8')).replace(/ \\\n\s+/g, ' ').split('\n');
  return lines.filter((line) => line !== '' && !line.startsWith('#'));
};
