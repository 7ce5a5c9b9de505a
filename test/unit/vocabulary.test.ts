import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '..', '..');

/** One word for one thing; what is said instead stands behind it. */
const INSTEAD: Readonly<Record<string, string>> = {
  'way back': 'compensation',
  'putting right': 'compensation',
  'way forward': 'forward path',
  'mode": "rollback': 'revert',
  straggler: 'function in flight, drain',
  stragglers: 'functions in flight, drain',
  'forward budget': 'propagation timeout',
  ticket: 'claim label',
  'passing trouble': 'transient error',
  patient: 'retried for hours',
  'a person': 'an operator',
  'needs a person': 'manual action required',
  'keeps its power': 'was not retired',
  'does not understand its input': 'invalid input for',
  somebody: 'someone',
  whoever: 'who, the one who',
  nobody: 'no one, or the passive',
  mostly: 'usually',
  KeepReady: 'KeepActive',
  EndReporter: 'OutcomeReporter',
  foreseen: 'toRotationError',
};

/** They quote what was. */
const OF_BEFORE = ['CHANGELOG.md', 'package-lock.json', 'test/upgrade/', 'test/unit/vocabulary.test.ts'];

const files = execFileSync('git', ['ls-files'], { cwd: ROOT, encoding: 'utf8' })
  .split('\n')
  .filter((file) => /\.(ts|mjs|py|md|ya?ml|svg)$/.test(file))
  .filter((file) => !OF_BEFORE.some((old) => file.startsWith(old)));

it.each(Object.entries(INSTEAD))('says nowhere "%s", but %s', (word) => {
  const found = new RegExp(`(?<![\\w-])${word}(?![\\w-])`, 'i');
  expect(files.filter((file) => found.test(readFileSync(join(ROOT, file), 'utf8')))).toEqual([]);
});
