import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { rules, table, written } from './stand-in-rules.ts';

/** Answers of AWS that localstack's tests have recorded, at a commit. */
const RECORDED =
  /^https:\/\/github\.com\/localstack\/localstack\/blob\/[0-9a-f]{40}\/tests\/aws\/.*\.snapshot\.json$/;

const TEST = join(import.meta.dirname, '..');

describe('the table of rules in test/README.md', () => {
  test('is what the stand-ins’ tests say; if not: node test/security/stand-in-rules.ts', () => {
    expect(written()).toBe(table());
  });

  test('has a name and a public source for each rule', () => {
    expect(rules().length).toBeGreaterThan(80);
    for (const { name, sources } of rules()) {
      expect(name).not.toMatch(/^$|› $|^ ›/);
      expect(sources.every((source) => URL.canParse(source))).toBe(true);
    }
  });

  test('has every address that a stand-in’s test names', () => {
    const inTable = new Set(rules().flatMap(({ sources }) => sources));
    const missing = readdirSync(join(TEST, 'local-stack'), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.test.ts'))
      .flatMap((name) => {
        const text = readFileSync(join(TEST, 'local-stack', name), 'utf8');
        const found = text.match(/https:\/\/docs\.aws\.amazon\.com\/[^\s'"`,;:)]+/g) ?? [];
        return found.filter((address) => !inTable.has(address)).map((address) => `${name}: ${address}`);
      });
    expect(missing).toEqual([]);
  });

  test('has no address of AWS that is not of its documentation, or of what was recorded on AWS', () => {
    const sources = rules().flatMap((rule) => rule.sources);
    const hosts = new Set(
      sources.filter((source) => !RECORDED.test(source)).map((source) => new URL(source).host),
    );
    expect([...hosts].sort()).toEqual(['docs.aws.amazon.com', 'smithy.io']);
  });
});

test('every test file that test/README.md names exists', () => {
  const readme = readFileSync(join(TEST, 'README.md'), 'utf8');
  const links = [...readme.matchAll(/\]\((?!https?:|#)([^)#]+)/g)].map(([, path = '']) => path);
  expect(links.length).toBeGreaterThan(10);
  for (const path of links)
    expect(() => readdirSync(join(TEST, path, '..')).includes(path), path).not.toThrow();
});
