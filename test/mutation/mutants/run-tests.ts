import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { z } from 'zod';

/** As vitest's JSON report tells it. */
const Report = z.object({
  /** Not if a file of tests could not be loaded. */
  success: z.boolean(),
  numPassedTests: z.number(),
  testResults: z.array(
    z.object({ assertionResults: z.array(z.object({ status: z.string(), fullName: z.string() })) }),
  ),
});

export interface Verdict {
  readonly verdict: 'passed' | 'failed' | 'did not run';
  /** The names of the tests that failed; the run stops at the first. */
  readonly failed: readonly string[];
}

/** How unit tests of a copy ended. A run that can't even begin, or takes longer than it may, has tested nothing. */
export const runTests = async (
  directory: string,
  tests: readonly string[],
  longestMs: number,
): Promise<Verdict> => {
  const child = spawn(
    process.execPath,
    [
      join(directory, 'node_modules', 'vitest', 'vitest.mjs'),
      'run',
      '--root',
      directory,
      '--config',
      join(directory, 'test', 'mutation', 'mutants', 'vitest.config.ts'),
      '--reporter=json',
      ...tests.map((test) => join('test', test)),
    ],
    { cwd: directory, stdio: ['ignore', 'pipe', 'ignore'], timeout: longestMs, killSignal: 'SIGKILL' },
  );
  const chunks: Buffer[] = [];
  child.stdout.on('data', (chunk) => chunks.push(chunk));
  await once(child, 'close');
  return verdictOf(Buffer.concat(chunks).toString('utf8'));
};

const verdictOf = (output: string): Verdict => {
  const start = output.indexOf('{"numTotalTestSuites"');
  if (start === -1) return { verdict: 'did not run', failed: [] };
  const { success, numPassedTests, testResults } = Report.parse(JSON.parse(output.slice(start)));
  const failed = testResults
    .flatMap(({ assertionResults }) => assertionResults)
    .filter(({ status }) => status === 'failed')
    .map(({ fullName }) => fullName);
  if (failed.length > 0) return { verdict: 'failed', failed };
  return { verdict: success && numPassedTests > 0 ? 'passed' : 'did not run', failed };
};
