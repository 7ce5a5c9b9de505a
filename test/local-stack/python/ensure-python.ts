import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { findPython } from './find-python.ts';
import { withLock } from './lock.ts';

const run = promisify(execFile);

const REPOSITORY = join(import.meta.dirname, '../../..');
const REQUIREMENTS = join(import.meta.dirname, 'requirements.txt');
const OUTPUT_LIMIT = 16 * 1024 * 1024;

export interface EnsurePythonOptions {
  /**
   * Told of what takes long.
   *
   * @default - no one is told
   */
  readonly onProgress?: (message: string) => void;
  /**
   * Folder of the virtual environment.
   *
   * @default - .local/venv in the repository
   */
  readonly directory?: string;
  /**
   * @default - requirements.txt beside this file
   */
  readonly requirements?: string;
  /**
   * @default process.env
   */
  readonly env?: NodeJS.ProcessEnv;
}

export interface PythonEnvironment {
  /** Path of a Python that has everything in the requirements. */
  readonly python: string;
}

/**
 * Makes sure that the Python of the local stack is there: a virtual environment
 * with pinned packages, made when it is missing or its requirements changed.
 *
 * Safe when several processes ask at once: one works, the others wait.
 *
 * @throws PythonMissingError if the machine has no Python to make it with.
 */
export const ensurePython = async (options: EnsurePythonOptions = {}): Promise<PythonEnvironment> => {
  const directory = options.directory ?? join(REPOSITORY, '.local/venv');
  const requirements = options.requirements ?? REQUIREMENTS;
  const place = { directory, requirements, python: join(directory, 'bin/python') };
  if (await isCurrent(place)) return { python: place.python };
  const say = options.onProgress ?? (() => {});
  await mkdir(join(directory, '..'), { recursive: true });
  await withLock(
    `${directory}.lock`,
    async () => {
      if (!(await isCurrent(place))) await build(place, options.env ?? process.env, say);
    },
    (owner) => say(`process ${owner} is preparing Python; waiting for it`),
  );
  return { python: place.python };
};

interface Place {
  readonly directory: string;
  readonly requirements: string;
  readonly python: string;
}

const build = async (place: Place, env: NodeJS.ProcessEnv, say: (message: string) => void): Promise<void> => {
  if (!(await works(place.python))) {
    const python = await findPython(env);
    say(`making a virtual environment with ${python} in ${place.directory}`);
    await run(python, ['-m', 'venv', '--clear', place.directory], { env });
  }
  say('installing the Python packages of the local stack (a minute or less, once)');
  const install = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--no-input'];
  const pinned = ['--require-hashes', '-r', place.requirements];
  // Python compiles what it loads, when it does: the most of these packages it never loads.
  await run(place.python, [...install, '--no-compile', ...pinned], { env, maxBuffer: OUTPUT_LIMIT });
  // Written last: without it an interrupted installation is taken up again.
  await writeFile(stampFile(place), await digestOf(place));
};

const isCurrent = async (place: Place): Promise<boolean> => {
  const stamp = await readFile(stampFile(place), 'utf8').catch(() => undefined);
  return stamp !== undefined && stamp === (await digestOf(place)) && (await works(place.python));
};

const stampFile = ({ directory }: Place): string => join(directory, 'requirements.sha256');

const digestOf = async ({ requirements }: Place): Promise<string> =>
  createHash('sha256')
    .update(await readFile(requirements))
    .digest('hex');

// A virtual environment breaks when the Python it was made with goes away.
const works = (python: string): Promise<boolean> =>
  run(python, ['-c', 'import pip']).then(
    () => true,
    () => false,
  );

if (import.meta.main) await ensurePython({ onProgress: (message) => console.log(message) });
