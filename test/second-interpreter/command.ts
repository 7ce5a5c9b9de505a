import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { findPython } from '../local-stack/python/find-python.ts';
import { FOLDER_VARIABLE } from './record.ts';

/**
 * Takes the paths of the machines' unit tests again under an interpreter that this project did not write, LocalStack's, and tells where
 * it comes to something else. Only as a command, `npx node test/second-interpreter/command.ts`: it installs a package of its own.
 */

const HERE = import.meta.dirname;
const PROJECT = join(HERE, '..', '..');
const LOCAL = join(PROJECT, '.local');
const REQUIREMENTS = join(HERE, 'requirements.txt');

interface Recorded {
  readonly ending: { readonly path: readonly string[]; readonly error?: string };
}

const python = async (): Promise<string> => {
  const environment = join(LOCAL, 'second-interpreter');
  const executable = join(environment, 'bin', 'python');
  if (!existsSync(executable)) {
    execFileSync(await findPython(process.env), ['-m', 'venv', environment], { stdio: 'inherit' });
  }
  execFileSync(executable, ['-m', 'pip', 'install', '--quiet', '-r', REQUIREMENTS], { stdio: 'inherit' });
  return executable;
};

const record = (): string[] => {
  mkdirSync(join(LOCAL, 'tmp'), { recursive: true });
  const folder = mkdtempSync(join(LOCAL, 'tmp', 'paths-'));
  try {
    const { status } = spawnSync('npx', ['vitest', 'run', '--project', 'unit', 'test/unit/statemachine'], {
      cwd: PROJECT,
      stdio: 'inherit',
      env: { ...process.env, [FOLDER_VARIABLE]: folder },
    });
    if (status !== 0) throw new Error('the unit tests of the state machines fail');
    return readdirSync(folder).flatMap((file) =>
      readFileSync(join(folder, file), 'utf8').split('\n').slice(0, -1),
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
};

/** One execution for each path and end: the rest goes the same way with other ids. */
const distinct = (lines: readonly string[]): string[] => {
  const byPath = new Map<string, string>();
  for (const line of lines) {
    const { path, error } = (JSON.parse(line) as Recorded).ending;
    byPath.set(`${path.join(' ')} ${error}`, line);
  }
  return [...byPath.values()];
};

const replay = async (executable: string, lines: readonly string[]): Promise<(string | null)[]> => {
  const evaluator = [process.execPath, join(HERE, 'evaluate.ts')];
  const child = spawn(executable, [join(HERE, 'replay.py'), ...evaluator], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  child.stdin.end(lines.map((line) => `${line}\n`).join(''));
  const differences: (string | null)[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    differences.push((JSON.parse(line) as { difference: string | null }).difference);
  }
  if (differences.length !== lines.length)
    throw new Error(`${differences.length} of ${lines.length} paths were taken`);
  return differences;
};

const executable = await python();
const lines = distinct(record());
const differences = await replay(executable, lines);
const found = differences.flatMap((difference, index) =>
  difference === null ? [] : [{ difference, ...(JSON.parse(lines[index] ?? '{}') as Recorded).ending }],
);
for (const { difference, path } of found) console.log(`${path.join(' > ')}\n  ${difference.slice(0, 1000)}`);
console.log(`${lines.length} paths, ${lines.length - found.length} alike, ${found.length} otherwise`);
process.exitCode = found.length === 0 ? 0 : 1;
