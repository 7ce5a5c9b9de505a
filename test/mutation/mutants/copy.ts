import { cpSync, mkdirSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import type { Mutant } from './mutant.ts';

const ROOT = join(import.meta.dirname, '..', '..', '..');
const PARTS = [
  'functions',
  'statemachine',
  'infra',
  'test',
  'package.json',
  'package-lock.json',
  'tsconfig.json',
  'biome.json',
  'cdk.json',
  'README.md',
  '.github',
];

/** The pattern is no longer in the file: the mutant has to be written anew. */
export class NoSuchPatternError extends Error {
  override readonly name = 'NoSuchPatternError';
}

/** A copy of the repository, to break; the shared one is never changed. */
export const makeCopy = (directory: string): void => {
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(directory, { recursive: true });
  for (const part of PARTS) cpSync(join(ROOT, part), join(directory, part), { recursive: true });
  symlinkSync(join(ROOT, 'node_modules'), join(directory, 'node_modules'));
};

/** @throws NoSuchPatternError unless the source has the pattern exactly once */
export const brokenSource = (source: string, { file, find, replace }: Mutant): string => {
  const parts = source.split(find);
  if (parts.length !== 2) {
    throw new NoSuchPatternError(
      `${file} has it ${parts.length - 1} times: ${JSON.stringify(find.slice(0, 80))}`,
    );
  }
  return parts.join(replace);
};
