import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { problemsOf } from './lock-file.ts';

/**
 * Looks at the lock file, which needs no network, and fails for what no one has agreed to. Then asks the registry for known
 * weaknesses of the packages in it (`npm audit`), and fails for one that is high or critical. `node test/security/audit.ts`. A
 * registry that has no audit is no reason to fail: that is told.
 */

const ROOT = join(import.meta.dirname, '..', '..');

const Count = z.number().int().nonnegative();

/** https://docs.npmjs.com/auditing-package-dependencies-for-security-vulnerabilities */
const Report = z.object({
  metadata: z.object({
    vulnerabilities: z.object({ low: Count, moderate: Count, high: Count, critical: Count, total: Count }),
  }),
  vulnerabilities: z.record(z.string(), z.object({ severity: z.string() })),
});

export interface Verdict {
  readonly outcome: 'clean' | 'weak' | 'not asked';
  readonly told: string;
}

/** @param text what `npm audit --json` printed */
export const judge = (text: string): Verdict => {
  const report = Report.safeParse(json(text));
  if (!report.success)
    return { outcome: 'not asked', told: 'the registry gave no audit; known weaknesses were not checked' };
  const { vulnerabilities, metadata } = report.data;
  const severe = Object.entries(vulnerabilities).filter(([, { severity }]) =>
    ['high', 'critical'].includes(severity),
  );
  const told = `${metadata.vulnerabilities.total} known weaknesses, ${severe.length} of them high or critical`;
  if (severe.length === 0) return { outcome: 'clean', told };
  return { outcome: 'weak', told: `${told}: ${severe.map(([name]) => name).join(', ')}` };
};

const json = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

const ask = (): Promise<string> =>
  new Promise((resolve) => {
    // It fails too when it has found something: what counts is what it printed.
    execFile('npm', ['audit', '--json', '--fetch-retries=0'], { cwd: ROOT }, (_error, stdout) =>
      resolve(stdout),
    );
  });

if (process.argv[1] === import.meta.filename) {
  const read = (name: string): Promise<string> => readFile(join(ROOT, name), 'utf8');
  const problems = problemsOf(await read('package-lock.json'), await read('package.json'));
  console.log(`lock file: ${problems.length === 0 ? 'each package has its hash' : problems.join('; ')}`);
  const { outcome, told } = judge(await ask());
  console.log(`dependencies: ${told}`);
  process.exitCode = outcome === 'weak' || problems.length > 0 ? 1 : 0;
}
