import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Zippable, zipSync } from 'fflate';
import { keepCode } from './kept-code.ts';
import type { LocalStackOptions } from './options.ts';

const RUNTIME_CLIENT = join(import.meta.dirname, '..', 'ministack', 'runtime-client.mjs');

/** Node by its whole path: the PATH of the one who started us may lead to an older one. */
const START = `exec "${process.execPath}" "$LAMBDA_TASK_ROOT/runtime-client.mjs"\n`;

const EXECUTABLE = 0o755;
const UNIX = 3;

/**
 * Packs a function's bundle as it is deployed on AWS, and beside it what makes it run under ministack's
 * `provided` runtime, where an error keeps its name.
 */
export const packFunction = (bundle: string, costs: LocalStackOptions['costs'] = 'least'): Uint8Array => {
  const files: Record<string, Uint8Array> = { 'runtime-client.mjs': readFileSync(RUNTIME_CLIENT) };
  for (const name of readdirSync(bundle)) files[name] = readFileSync(join(bundle, name));
  const bootstrap = Buffer.from(`#!/bin/sh\n${costs === 'least' ? quickened(files) : ''}${START}`);
  const zipped: Zippable = { ...files, bootstrap: [bootstrap, { os: UNIX, attrs: EXECUTABLE << 16 }] };
  // Nothing is gained by compressing what is unpacked again on the same disk.
  return zipSync(zipped, { level: 0 });
};

/** The same files, where they stay, and what was compiled of them. */
const quickened = (files: Readonly<Record<string, Uint8Array>>): string => {
  const { code, compiled } = keepCode(files);
  return `export LAMBDA_TASK_ROOT="${code}" NODE_COMPILE_CACHE="${compiled}"\n`;
};
