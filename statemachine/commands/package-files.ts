import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Definition } from '../definition.ts';

/**
 * The command is bundled into `dist/commands/`, which lies as deep in the package as this folder: the same relative paths lead to what
 * the package carries beside it.
 */
const PACKAGE = join(import.meta.dirname, '..', '..');

const read = (...path: string[]): string => readFileSync(join(PACKAGE, ...path), 'utf8');

export const readRunbook = (): string => read('statemachine', 'RUNBOOK.md');

/** As it is deployed, but for its placeholders. */
export const readBuiltDefinition = (machine: string): Definition =>
  JSON.parse(read('dist', 'statemachine', `${machine}.asl.json`));

export const packageVersion = (): string => JSON.parse(read('package.json')).version;
