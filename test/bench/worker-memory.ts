import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { bundleOf } from '../../infra/build/step-bundles.ts';
import type { LocalStack } from '../local-stack/deployment/index.ts';

/**
 * The most memory, in megabytes, that a function's process has had since it started, by the function's folder: of those that run
 * now on the stack, and have been called. Only Linux tells.
 */
export const workerMemory = (stack: LocalStack, names: readonly string[]): Map<string, number> => {
  const found = new Map<string, number>();
  if (!existsSync('/proc/self/status')) return found;
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    const folder = folderOf(pid, stack.directory);
    const name = folder && names.find((candidate) => isSame(folder, bundleOf(candidate)));
    if (name) found.set(name, Math.max(found.get(name) ?? 0, peakOf(pid)));
  }
  return found;
};

/** Where a function's process has its code; undefined for any process that is not this stack's. */
const folderOf = (pid: string, directory: string): string | undefined => {
  const program = read(`/proc/${pid}/cmdline`)
    .split('\0')
    .find((argument) => argument.endsWith('runtime-client.mjs'));
  if (program === undefined) return undefined;
  // Its code may be where other stacks have it too; what it writes is the stack's.
  return read(`/proc/${pid}/environ`).includes(directory) ? dirname(program) : undefined;
};

const isSame = (folder: string, bundle: string): boolean => {
  const [one, other] = [join(folder, 'index.mjs'), join(bundle, 'index.mjs')];
  return existsSync(one) && statSync(one).size === statSync(other).size;
};

const peakOf = (pid: string): number =>
  Number(/^VmHWM:\s+(\d+)/m.exec(read(`/proc/${pid}/status`))?.[1] ?? 0) / 1024;

/** A process may end meanwhile. */
const read = (file: string): string => {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
};
