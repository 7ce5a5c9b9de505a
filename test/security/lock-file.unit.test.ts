import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { problemsOf } from './lock-file.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const MANIFEST = JSON.stringify({ allowScripts: { esbuild: true, other: false } });
const GOOD = { integrity: `sha512-${'a'.repeat(86)}==` };

const problems = (path: string, one: object): string[] =>
  problemsOf(JSON.stringify({ lockfileVersion: 3, packages: { '': {}, [path]: one } }), MANIFEST);

describe('the lock file', () => {
  it('has nothing that no one has agreed to', () => {
    const [lock = '', manifest = ''] = ['package-lock.json', 'package.json'].map((name) =>
      readFileSync(join(ROOT, name), 'utf8'),
    );
    expect(Object.keys(JSON.parse(lock).packages).length).toBeGreaterThan(100);
    expect(problemsOf(lock, manifest)).toEqual([]);
  });

  it.each([
    ['with its hash', 'node_modules/one', GOOD],
    [
      'from the registry',
      'node_modules/one',
      { ...GOOD, resolved: 'https://registry.npmjs.org/one/-/one-1.tgz' },
    ],
    ['inside another', 'node_modules/one/node_modules/two', { inBundle: true }],
    ['whose script is allowed', 'node_modules/esbuild', { ...GOOD, hasInstallScript: true }],
  ])('may have a package %s', (_what, path, one) => {
    expect(problems(path, one)).toEqual([]);
  });

  it.each([
    ['without a hash', 'node_modules/one', {}, /SHA-512/],
    ['with a weak one', 'node_modules/one', { integrity: `sha1-${'a'.repeat(27)}=` }, /SHA-512/],
    [
      'from elsewhere',
      'node_modules/one',
      { ...GOOD, resolved: 'git+ssh://git@github.com/one/one.git' },
      /registry/,
    ],
    [
      'from a look-alike',
      'node_modules/one',
      { ...GOOD, resolved: 'https://registry.npmjs.org.example.com/one.tgz' },
      /registry/,
    ],
    ['from a folder', 'node_modules/one', { ...GOOD, resolved: 'one', link: true }, /registry/],
    ['that runs a script', 'node_modules/one', { ...GOOD, hasInstallScript: true }, /script/],
    [
      'whose script was refused',
      'node_modules/x/node_modules/other',
      { ...GOOD, hasInstallScript: true },
      /script/,
    ],
  ])('may have none %s', (_what, path, one, problem) => {
    expect(problems(path, one)).toEqual([expect.stringMatching(problem)]);
  });
});
