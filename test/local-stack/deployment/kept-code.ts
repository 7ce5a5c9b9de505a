import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeRunDirectory } from './run-directory.ts';

/** Of this process: its stacks come and go. */
let directory: string | undefined;

const ownDirectory = (): string => {
  if (directory !== undefined) return directory;
  const run = makeRunDirectory();
  process.once('exit', run.remove);
  directory = run.path;
  return directory;
};

/** Where a function's process finds its code, and what Node.js compiled of it in those before. */
export interface KeptCode {
  readonly code: string;
  readonly compiled: string;
}

/**
 * Puts a function's files where those of the other stacks of this process are that have the same: Node.js knows what it has compiled
 * by its path.
 */
export const keepCode = (files: Readonly<Record<string, Uint8Array>>): KeptCode => {
  const digest = createHash('sha256');
  for (const [name, bytes] of Object.entries(files))
    digest.update(`${name}\0${bytes.length}\0`).update(bytes);
  const code = join(ownDirectory(), digest.digest('hex').slice(0, 32));
  if (!existsSync(code)) {
    mkdirSync(code);
    for (const [name, bytes] of Object.entries(files)) writeFileSync(join(code, name), bytes);
  }
  return { code, compiled: join(ownDirectory(), 'compiled') };
};
