import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

const LONGEST_MS = 300_000;

/** How the unit tests of a copy ended: `caught` if one failed. A run that can't even begin has caught nothing. */
export const runTests = async (
  directory: string,
  tests: readonly string[],
): Promise<'passed' | 'caught' | 'did not run'> => {
  const child = spawn(
    process.execPath,
    [
      join(directory, 'node_modules', 'vitest', 'vitest.mjs'),
      'run',
      '--root',
      directory,
      '--config',
      join(directory, 'test', 'mutants', 'vitest.config.ts'),
      '--reporter=json',
      ...tests.map((test) => join('test', 'unit', test)),
    ],
    { cwd: directory, stdio: ['ignore', 'pipe', 'ignore'], timeout: LONGEST_MS, killSignal: 'SIGKILL' },
  );
  const chunks: Buffer[] = [];
  child.stdout.on('data', (chunk) => chunks.push(chunk));
  await once(child, 'close');
  return verdictOf(Buffer.concat(chunks).toString('utf8'));
};

const verdictOf = (output: string): 'passed' | 'caught' | 'did not run' => {
  const start = output.indexOf('{"numTotalTestSuites"');
  if (start === -1) return 'did not run';
  const { numFailedTests, numPassedTests } = JSON.parse(output.slice(start));
  if (numFailedTests > 0) return 'caught';
  return numPassedTests > 0 ? 'passed' : 'did not run';
};
