import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { LONGEST, rankOf } from '../../support/longest-first.ts';

const ROOT = join(import.meta.dirname, '..', '..', '..');

describe('the files that take longest', () => {
  it('are there, each once', () => {
    expect(LONGEST.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
    expect(new Set(LONGEST).size).toBe(LONGEST.length);
  });

  it('come before all others, in that order', () => {
    const paths = [
      join(ROOT, 'test/unit/docs.test.ts'),
      ...LONGEST.map((path) => join(ROOT, path)).reverse(),
    ];
    const inOrder = paths.toSorted((one, other) => rankOf(one) - rankOf(other));
    expect(inOrder).toEqual([...paths].reverse());
  });
});
