import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { inParallel } from '../../chaos/faults/pool.ts';
import { aligned } from '../../chaos/faults/report.ts';
import { breakIn, makeCopy, NoSuchPatternError } from './copy.ts';
import type { Mutant } from './mutant.ts';
import { MUTANTS } from './mutants.ts';
import { runTests } from './run-tests.ts';

const USAGE = `npm run test:mutants [-- options]

Breaks the code on purpose, one rule of the design at a time and each in a copy of the repository, and runs the tests
that must notice.

  --only N           only the mutants whose number or file is N
  --concurrency N    (default: 2)
  --help
`;

const DIRECTORY = join(import.meta.dirname, '..', '..', '..', '.local', 'mutants');

const LONGEST_MS = 300_000;
/** All their tests in one run, and to the end. */
const LONGEST_UNBROKEN_MS = 1_200_000;

type Result = 'caught' | 'SURVIVED' | 'NO PATTERN' | 'DID NOT RUN';

const testMutant = async (number: number, mutant: Mutant): Promise<Result> => {
  const directory = join(DIRECTORY, String(number));
  try {
    makeCopy(directory);
    breakIn(directory, mutant);
    const { verdict } = await runTests(directory, mutant.tests, LONGEST_MS);
    if (verdict === 'passed') return 'SURVIVED';
    return verdict === 'failed' ? 'caught' : 'DID NOT RUN';
  } catch (error) {
    if (!(error instanceof NoSuchPatternError)) throw error;
    console.log(error.message);
    return 'NO PATTERN';
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
};

/** The tests must pass on the code as it is: else whatever they fail at says nothing of a mutant. */
const passUnbroken = async (mutants: readonly Mutant[]): Promise<boolean> => {
  const directory = join(DIRECTORY, 'unbroken');
  try {
    makeCopy(directory);
    const tests = [...new Set(mutants.flatMap((mutant) => mutant.tests))];
    const { verdict, failed } = await runTests(directory, tests, LONGEST_UNBROKEN_MS);
    if (verdict === 'passed') return true;
    console.error(['the tests of the unbroken code must pass first; they', verdict, ...failed].join(' '));
    return false;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
};

const run = async (only: string | undefined, concurrency: number): Promise<number> => {
  const chosen = [...MUTANTS.entries()]
    .map(([index, mutant]) => ({ number: index + 1, mutant }))
    .filter(
      ({ number, mutant }) => only === undefined || only === String(number) || mutant.file.includes(only),
    );
  if (!(await passUnbroken(chosen.map(({ mutant }) => mutant)))) return 1;
  const results = new Map<number, Result>();
  await inParallel(chosen, concurrency, async ({ number, mutant }) => {
    results.set(number, await testMutant(number, mutant));
    console.log(`… ${results.size} of ${chosen.length}: ${results.get(number)}: ${mutant.breaks}`);
  });
  const rows = chosen.map(({ number, mutant: { breaks, tests } }) => [
    String(number),
    results.get(number) ?? '',
    tests.join(' '),
    breaks,
  ]);
  console.log(`\n${aligned([['mutant', 'result', 'test', 'breaks'], ...rows])}\n`);
  const caught = [...results.values()].filter((result) => result === 'caught').length;
  console.log(`${caught} of ${chosen.length} mutants were caught`);
  return caught === chosen.length && caught > 0 ? 0 : 1;
};

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    concurrency: { type: 'string', default: '2' },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) console.log(USAGE);
else process.exitCode = await run(values.only, Number(values.concurrency));
