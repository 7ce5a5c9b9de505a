import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { LocalStack } from '../local-stack/deployment/index.ts';

interface LogLine {
  readonly step: string;
  readonly durationMs: number;
}

/** How long calls took by the functions' own logs, from some moment on. */
export class FunctionCalls {
  readonly #file: string;
  readonly #from: number;

  constructor({ directory }: LocalStack) {
    this.#file = join(directory, 'functions.log');
    this.#from = readFileSync(this.#file).length;
  }

  /** Milliseconds of each call, by the function's folder. Functions that are no step of a machine say nothing of it. */
  read(): Map<string, number[]> {
    const calls = new Map<string, number[]>();
    const text = readFileSync(this.#file).subarray(this.#from).toString();
    for (const { step, durationMs } of text.split('\n').flatMap(parse)) {
      const name = folderOf(step);
      calls.set(name, [...(calls.get(name) ?? []), durationMs]);
    }
    return calls;
  }
}

const parse = (line: string): LogLine[] => {
  try {
    const { step, durationMs } = JSON.parse(line) ?? {};
    return typeof step === 'string' && typeof durationMs === 'number' ? [{ step, durationMs }] : [];
  } catch {
    return [];
  }
};

/** `CreateSecret` is in `create-secret`. */
const folderOf = (step: string): string => step.replace(/(?<=[a-z])[A-Z]/g, '-$&').toLowerCase();
