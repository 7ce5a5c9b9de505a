import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

const LOCAL = join(import.meta.dirname, '..', '..', '..', '.local');
const NAME = /^run-(\d+)-/;

/** A folder for all that one stack writes, and nothing else. */
export interface RunDirectory {
  readonly path: string;
  remove(): void;
}

/** Also removes what a process left behind that was killed before it could. */
export const makeRunDirectory = (): RunDirectory => {
  mkdirSync(LOCAL, { recursive: true });
  for (const name of readdirSync(LOCAL)) {
    const owner = NAME.exec(name)?.[1];
    if (owner && !isRunning(Number(owner))) remove(join(LOCAL, name));
  }
  const path = mkdtempSync(join(LOCAL, `run-${process.pid}-`));
  return { path, remove: () => remove(path) };
};

/** @returns a folder for what all stacks of this process share; it goes with the process */
export const makeProcessDirectory = (): string => {
  const run = makeRunDirectory();
  process.once('exit', run.remove);
  return run.path;
};

const remove = (path: string): void => rmSync(path, { recursive: true, force: true, maxRetries: 5 });

const isRunning = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
};
