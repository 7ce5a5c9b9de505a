import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { brokenSource } from './mutants/copy.ts';
import { MUTANTS } from './mutants/mutants.ts';

const ROOT = join(import.meta.dirname, '..', '..');

/** Whether a mutant is caught takes minutes to see. That the code has moved on without it shows here, at once. */
describe('each mutant', () => {
  it.each(MUTANTS)('is one of the code as it is: $breaks', (mutant) => {
    const source = readFileSync(join(ROOT, mutant.file), 'utf8');
    expect(brokenSource(source, mutant)).not.toBe(source);
    for (const test of mutant.tests) expect(existsSync(join(ROOT, 'test', test)), test).toBe(true);
    expect(mutant.tests).not.toEqual([]);
  });
});
