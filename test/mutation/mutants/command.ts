import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { inParallel } from '../../chaos/faults/pool.ts';
import { aligned } from '../../chaos/faults/report.ts';
import type { Mutant } from './mutant.ts';
import { MUTANTS } from './mutants.ts';
import { Tester } from './tester.ts';

const USAGE = `npm run test:mutants [-- options]

Breaks the code on purpose, one rule of the design at a time and in a copy of the repository, and runs the tests that
must notice.

  --only N           only the mutants whose number or file is N
  --concurrency N    (default: 2)
  --help
`;

const DIRECTORY = join(import.meta.dirname, '..', '..', '..', '.local', 'mutants');

const LONGEST_MS = 300_000;
/** All that noticed, and to the end. */
const LONGEST_UNBROKEN_MS = 1_200_000;

type Result = 'caught' | 'SURVIVED' | 'NO PATTERN' | 'DID NOT RUN';

const RESULTS = {
  failed: 'caught',
  passed: 'SURVIVED',
  'no pattern': 'NO PATTERN',
  'did not run': 'DID NOT RUN',
} as const;

interface Numbered {
  readonly number: number;
  readonly mutant: Mutant;
}

/** Those that the same tests must notice. */
const groupsOf = (mutants: readonly Numbered[]): Numbered[][] =>
  Object.values(Object.groupBy(mutants, ({ mutant }) => mutant.tests.join(' '))).map((group) => group ?? []);

const chosenBy = (only: string | undefined): Numbered[] =>
  [...MUTANTS.entries()]
    .map(([index, mutant]) => ({ number: index + 1, mutant }))
    .filter(
      ({ number, mutant }) => only === undefined || only === String(number) || mutant.file.includes(only),
    );

/**
 * The tests that noticed must pass on the code as it is: else that they fail says nothing of a mutant. That comes last, so that it shows
 * too that each mutant of the group was taken back.
 */
const passesUnbroken = async (
  tester: Tester,
  tests: readonly string[],
  names: readonly string[],
): Promise<boolean> => {
  const order = { unbroken: [...tests], names: [...names] };
  const { verdict, failed } = await tester.ask(order, LONGEST_UNBROKEN_MS);
  if (verdict === 'passed') return true;
  console.error(
    ['the tests of the unbroken code must pass too; they', verdict, ...tests, ...failed].join(' '),
  );
  return false;
};

class Run {
  readonly #chosen: readonly Numbered[];
  readonly #results = new Map<number, Result>();
  #unbrokenPass = true;

  constructor(chosen: readonly Numbered[]) {
    this.#chosen = chosen;
  }

  /** @param concurrency each at a core of its own */
  async all(concurrency: number): Promise<void> {
    // The largest first: no one waits for it in the end.
    const queue = groupsOf(this.#chosen)
      .sort((one, other) => other.length - one.length)
      .values();
    const testers = Array.from(
      { length: concurrency },
      (_, index) => new Tester(join(DIRECTORY, String(index))),
    );
    await inParallel(testers, concurrency, async (tester) => {
      for (const group of queue) await this.#group(tester, group);
      await tester.end();
    });
  }

  async #group(tester: Tester, group: readonly Numbered[]): Promise<void> {
    const noticing = new Set<string>();
    for (const { number, mutant } of group) {
      const { verdict, failed } = await tester.ask({ mutant: number }, LONGEST_MS);
      if (verdict === 'no pattern') console.log(failed.join());
      else for (const name of failed) noticing.add(name);
      this.#results.set(number, RESULTS[verdict]);
      console.log(`… ${this.#results.size} of ${this.#chosen.length}: ${RESULTS[verdict]}: ${mutant.breaks}`);
    }
    const tests = group[0]?.mutant.tests ?? [];
    if (noticing.size > 0 && !(await passesUnbroken(tester, tests, [...noticing])))
      this.#unbrokenPass = false;
  }

  /** @returns the exit status */
  report(): number {
    const rows = this.#chosen.map(({ number, mutant: { breaks, tests } }) => [
      String(number),
      this.#results.get(number) ?? '',
      tests.join(' '),
      breaks,
    ]);
    console.log(`\n${aligned([['mutant', 'result', 'test', 'breaks'], ...rows])}\n`);
    const caught = [...this.#results.values()].filter((result) => result === 'caught').length;
    console.log(`${caught} of ${this.#chosen.length} mutants were caught`);
    return this.#unbrokenPass && caught === this.#chosen.length && caught > 0 ? 0 : 1;
  }
}

const run = async (only: string | undefined, concurrency: number): Promise<number> => {
  const run = new Run(chosenBy(only));
  await run.all(concurrency);
  return run.report();
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
