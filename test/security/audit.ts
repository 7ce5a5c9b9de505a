import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { z } from 'zod';

/**
 * Asks the registry for known weaknesses of the packages in the lock file (`npm audit`), and fails for one that is high or
 * critical. `node test/security/audit.ts`. A registry that has no audit is no reason to fail: that is told, and nothing else.
 */

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
    return { outcome: 'not asked', told: 'the registry gave no audit; nothing was checked' };
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
    const cwd = join(import.meta.dirname, '..', '..');
    // It fails too when it has found something: what counts is what it printed.
    execFile('npm', ['audit', '--json', '--fetch-retries=0'], { cwd }, (_error, stdout) => resolve(stdout));
  });

if (process.argv[1] === import.meta.filename) {
  const { outcome, told } = judge(await ask());
  console.log(`dependencies: ${told}`);
  process.exitCode = outcome === 'weak' ? 1 : 0;
}
