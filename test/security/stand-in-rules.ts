import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';

/**
 * The rules of AWS that the stand-ins are held to, read from their own tests: a test stands for the rule in its name,
 * and the address above it, above its group or at the head of its file is the rule's public source.
 *
 * `node test/security/stand-in-rules.ts` writes them into test/README.md.
 */

const ROOT = join(import.meta.dirname, '..', '..');
const README = join(ROOT, 'test', 'README.md');
const BEGIN = '<!-- rules: written by node test/security/stand-in-rules.ts -->';
const END = '<!-- end of rules -->';

export interface Rule {
  /** The groups and the name of the test. */
  readonly name: string;
  readonly file: string;
  readonly sources: readonly string[];
}

interface Group {
  readonly indent: number;
  readonly name: string;
  readonly sources: readonly string[];
}

const ADDRESS = /https:\/\/[^\s'"`),;]+/g;
const CONSTANT = /const (\w+) =\s*'(https:\/\/[^']+)'/g;
const CALL = /^(\s*)(describe|test|it)(?:\.\w+)*\s*(?:<[^>]*>)?\(/;
const NAME = /(['"`])((?:\\.|(?!\1).)+)\1/;

/** Every test of the stand-ins that has a source. */
export const rules = (): Rule[] =>
  readdirSync(join(ROOT, 'test', 'local-stack'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.test.ts'))
    .map((name) => join(ROOT, 'test', 'local-stack', name))
    .sort()
    .flatMap(rulesIn);

const rulesIn = (path: string): Rule[] => {
  const text = readFileSync(path, 'utf8');
  const lines = text.split('\n');
  const named = new Map([...text.matchAll(CONSTANT)].map(([, name = '', address = '']) => [name, address]));
  const addressesIn = (line: string): string[] => [
    ...(/^\s*'/.test(line) ? [] : (line.match(ADDRESS) ?? [])).map((address) =>
      address.replace(/[.:]+$/, ''),
    ),
    ...[...named].filter(([name]) => new RegExp(`\\{${name}\\}`).test(line)).map(([, address]) => address),
  ];
  const found: Rule[] = [];
  const groups: Group[] = [];
  let above: string[] = [];
  for (const [index, line] of lines.entries()) {
    const [, space = '', kind] = CALL.exec(line) ?? [];
    if (kind === undefined) {
      above.push(...addressesIn(line));
      continue;
    }
    while ((groups.at(-1)?.indent ?? -1) >= space.length) groups.pop();
    const body = kind === 'describe' ? [line] : bodyOf(lines, index, space);
    const sources = [...new Set([...above, ...body.flatMap(addressesIn)])];
    above = [];
    const name = nameFrom(lines, index).replace(/ ?\(?\$\{\w+\}\)?/g, '');
    if (kind === 'describe') {
      groups.push({ indent: space.length, name, sources });
      continue;
    }
    const groupSources = groups.findLast((group) => group.sources.length > 0)?.sources ?? [];
    const all = sources.length > 0 ? sources : groupSources;
    const full = [...groups.map((group) => group.name), name].filter(Boolean).join(' › ');
    if (all.length > 0) found.push({ name: full, file: relative(ROOT, path), sources: all });
  }
  return found;
};

/** A test up to the bracket that closes it. */
const bodyOf = (lines: readonly string[], from: number, indent: string): string[] => {
  const length = lines
    .slice(from)
    .findIndex((line) => line.startsWith(`${indent}}`) || line.startsWith(`${indent})`));
  return lines.slice(from, from + length + 1);
};

/** The name is on the line of the call, or on one of the next. */
const nameFrom = (lines: readonly string[], index: number): string => {
  const line = lines[index] ?? '';
  const isEach = /\.each\b/.test(line);
  if (!isEach) return NAME.exec(lines.slice(index, index + 3).join(' '))?.[2] ?? '';
  const indent = /^\s*/.exec(line)?.[0] ?? '';
  for (const candidate of lines.slice(index)) {
    const after = /\]\)\(\s*(.*)$/.exec(candidate) ?? /\)\(\s*(.*)$/.exec(candidate);
    if (after === null || !candidate.startsWith(indent)) continue;
    const rest = [after[1], ...lines.slice(lines.indexOf(candidate) + 1, lines.indexOf(candidate) + 3)];
    return NAME.exec(rest.join(' '))?.[2] ?? '';
  }
  return '';
};

/** The table, with one part for each test file. */
export const table = (): string => {
  const byFile = Map.groupBy(rules(), ({ file }) => file);
  return [...byFile]
    .map(([file, own]) =>
      [
        `#### [${file.replace('test/local-stack/', '')}](${file.replace('test/', '')})`,
        '',
        '| Rule, as its test is named | Source |',
        '|---|---|',
        ...own.map(({ name, sources }) => `| ${inCell(name)} | ${sources.map(link).join(', ')} |`),
      ].join('\n'),
    )
    .join('\n\n');
};

const inCell = (text: string): string =>
  text
    .replace(/%[sdij#]/g, '…')
    .replaceAll('|', '\\|')
    .replaceAll('<', '&lt;');

const link = (source: string): string => `[${label(source)}](${source})`;

const label = (source: string): string =>
  (source.split('/').at(-1) || source).replace(/\.html/, '').replace(/^API_/, '');

/** What the README has to hold between its two marks. */
export const written = (): string => {
  const readme = readFileSync(README, 'utf8');
  const [, rest = ''] = readme.split(BEGIN);
  return rest.split(END)[0]?.trim() ?? '';
};

if (import.meta.main) {
  const readme = readFileSync(README, 'utf8');
  const [before, rest = ''] = readme.split(BEGIN);
  const [, after = ''] = rest.split(END);
  writeFileSync(README, `${before}${BEGIN}\n\n${table()}\n\n${END}${after}`);
}
