import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Looks for secrets in every file that git keeps, and at where the packages come from. `node test/security/secret-scan.ts`
 * says which line is to be looked at, never what is in it, and fails if there is one.
 *
 * A made-up secret counts: who can tell it from a real one? Tests make theirs at run time.
 */

const ROOT = join(import.meta.dirname, '..', '..');

export interface Finding {
  readonly line: number;
  readonly what: string;
}

const PATTERNS: readonly (readonly [what: string, pattern: RegExp])[] = [
  // https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-unique-ids
  ['an AWS access key', /\b(?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16}\b/],
  ['a private key', /-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----/],
  ['a GitHub token', /\b(?:gh[pousr]_[A-Za-z0-9]{36}|github_pat_[A-Za-z0-9_]{22,})/],
  ['an npm or PyPI token', /\b(?:npm_[A-Za-z0-9]{36}|pypi-[A-Za-z0-9_-]{50,})/],
  ['a JSON web token', /\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}/],
  ['an address with a password', /\b[a-z][a-z0-9+.-]*:\/\/[^\s:/@'"`$<{]+:[^\s/@'"`$<{…]{3,}@[\w.-]/],
  [
    'a password, secret or token as a constant',
    /\b(?:pass(?:word|wd)|pwd|secret(?:access)?key|api_?key|rotation_?token)["']?\s*[:=]\s*(["'`])(?!\1)(?=[^"'`]*\d)[^"'`\s${}]{8,}\1/i,
  ],
];

/** Words of mixed characters, as random ones are; not hashes, which are hexadecimal, nor what a program spells out. */
const WORD = /[A-Za-z0-9+/=_-]{24,}/g;
const RANDOM_BITS_A_CHARACTER = 4.4;

/** A version's hash in a lock file, or in a list of requirements, is no secret. */
const isHash = (line: string): boolean => /sha(?:1|256|384|512)[-:]/.test(line);

export const scan = (text: string): Finding[] =>
  text.split('\n').flatMap((content, index) => {
    if (isHash(content)) return [];
    const what = PATTERNS.filter(([, pattern]) => pattern.test(content)).map(([name]) => name);
    const words = content.match(WORD) ?? [];
    if (words.some(looksRandom)) what.push('a word that looks random');
    return what.map((name) => ({ line: index + 1, what: name }));
  });

const looksRandom = (word: string): boolean => {
  if (/abcdefgh/i.test(word)) return false;
  const kinds = [/[a-z]/, /[A-Z]/, /\d/].filter((kind) => kind.test(word)).length;
  const digits = word.replace(/\D/g, '').length;
  return (
    kinds === 3 && digits >= 3 && !/[/_-]/.test(word.slice(1, -1)) && entropy(word) > RANDOM_BITS_A_CHARACTER
  );
};

/** Bits a character, by how often each one occurs. */
const entropy = (word: string): number => {
  const counts = new Map<string, number>();
  for (const character of word) counts.set(character, (counts.get(character) ?? 0) + 1);
  return [...counts.values()].reduce(
    (bits, count) => bits - (count / word.length) * Math.log2(count / word.length),
    0,
  );
};

interface Lock {
  readonly packages: Readonly<
    Record<
      string,
      {
        readonly resolved?: string;
        readonly integrity?: string;
        readonly inBundle?: boolean;
        readonly link?: boolean;
      }
    >
  >;
}

/** Packages from elsewhere than npm's registry, or whose content nothing pins. */
export const oddPackages = ({ packages }: Lock): string[] =>
  Object.entries(packages)
    .filter(([path]) => path !== '')
    .filter(([, { resolved, integrity, inBundle, link }]) => {
      const elsewhere = resolved !== undefined && !resolved.startsWith('https://registry.npmjs.org/');
      return elsewhere || link === true || (integrity === undefined && inBundle !== true);
    })
    .map(([path]) => path);

const isText = (bytes: Buffer): boolean => !bytes.subarray(0, 8000).includes(0);

const trackedFiles = (): string[] =>
  execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: ROOT,
    encoding: 'utf8',
  })
    .split('\0')
    .filter(Boolean);

/** Everything that git keeps, or would keep. */
export const scanRepository = (): string[] => {
  const found: string[] = [];
  for (const name of trackedFiles()) {
    const bytes = contentOf(name);
    if (bytes === undefined || !isText(bytes)) continue;
    for (const { line, what } of scan(bytes.toString())) found.push(`${name}:${line}: ${what}`);
  }
  const lock: Lock = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8'));
  return [
    ...found,
    ...oddPackages(lock).map((path) => `package-lock.json: ${path} comes from elsewhere, or is not pinned`),
  ];
};

/** Nothing for a file that is deleted, but not yet in git. */
const contentOf = (name: string): Buffer | undefined => {
  try {
    return readFileSync(join(ROOT, name));
  } catch {
    return undefined;
  }
};

if (import.meta.main) {
  const found = scanRepository();
  for (const line of found) console.error(line);
  console.log(`${trackedFiles().length} files searched for secrets, ${found.length} found`);
  process.exitCode = found.length === 0 ? 0 : 1;
}
