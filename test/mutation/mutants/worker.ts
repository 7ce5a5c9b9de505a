import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { brokenSource, makeCopy, NoSuchPatternError } from './copy.ts';
import type { Mutant } from './mutant.ts';
import { MUTANTS } from './mutants.ts';
import { called, named } from './test-names.ts';
import { type Verdict, WarmTests } from './warm-tests.ts';

/*
 * A process with a copy of the repository: it breaks one file of the copy, runs the tests that must notice, and puts the file back.
 */

/** What it is asked: to break the copy (a number from 1), or to run tests of the copy as it is, by their files and names. */
export const Order = z.union([
  z.object({ mutant: z.number() }),
  z.object({ unbroken: z.array(z.string()), names: z.array(z.string()) }),
]);
export type Order = z.infer<typeof Order>;

export type Answer = Verdict | { readonly verdict: 'no pattern'; readonly failed: readonly string[] };

const runBroken = async (tests: WarmTests, directory: string, mutant: Mutant): Promise<Verdict> => {
  const path = join(directory, mutant.file);
  const source = readFileSync(path, 'utf8');
  const write = (text: string): void => {
    writeFileSync(path, text);
    tests.fileChanged(path);
  };
  write(brokenSource(source, mutant));
  try {
    return await tests.run(mutant.tests, mutant.only === undefined ? undefined : named(mutant.only));
  } finally {
    write(source);
  }
};

const answerTo = async (tests: WarmTests, directory: string, order: Order): Promise<Answer> => {
  if ('unbroken' in order) return await tests.run(order.unbroken, called(order.names));
  const mutant = MUTANTS[order.mutant - 1];
  if (mutant === undefined) throw new Error('there is no such mutant');
  try {
    return await runBroken(tests, directory, mutant);
  } catch (error) {
    if (!(error instanceof NoSuchPatternError)) throw error;
    return { verdict: 'no pattern', failed: [error.message] };
  }
};

const work = async (directory: string): Promise<void> => {
  makeCopy(directory);
  const tests = await WarmTests.open(directory);
  process.on('message', async (message) => {
    process.send?.(await answerTo(tests, directory, Order.parse(message)));
  });
  // Without the one who asks there is nothing to do.
  process.on('disconnect', async () => {
    await tests.close();
    process.exit();
  });
};

await work(process.argv[2] ?? '');
