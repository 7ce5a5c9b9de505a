import { writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { stopOnSignal } from '../local-stack/commands/stop-on-signal.ts';
import { type LocalStack, startLocalStack, Undo } from '../local-stack/deployment/index.ts';
import { chartsOf } from './charts.ts';
import { FunctionCalls } from './function-calls.ts';
import { type Called, functionNames, functionRounds } from './function-rounds.ts';
import { problemsOf } from './problems.ts';
import type { Results } from './results.ts';
import { RotationRounds } from './rotation-rounds.ts';
import { tablesOf } from './tables.ts';
import { workerMemory } from './worker-memory.ts';

const USAGE = `npm run bench [-- options]

Rotates secrets of each strategy on a local stack, on demand and by Secrets Manager, with warm functions and with cold
ones, while a client logs in all the time; and the same steps by the simplest client, which is the floor. Tells ratios
to that floor, what a rotation calls, and what each function takes to start. Exit status 1: a pair had an outage, or the
counts are not those that the budgets are for.

  --rounds N     measurements of each (default: 30)
  --json FILE    writes the results there
  --charts       draws test/bench/*.svg anew
  --help
`;

const readArguments = () =>
  parseArgs({
    options: {
      rounds: { type: 'string', default: '30' },
      json: { type: 'string' },
      charts: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  }).values;

type Arguments = ReturnType<typeof readArguments>;

const tell = (what: string): void => console.error(`… ${what}`);

const roundsIn = ({ rounds }: Arguments): number => {
  if (!/^[1-9]\d{0,3}$/.test(rounds)) throw new Error(`--rounds takes a number above 0, not "${rounds}"`);
  return Number(rounds);
};

const rotateAll = async (
  stack: LocalStack,
  rounds: number,
  undo: Undo,
): Promise<{ rotations: RotationRounds; called: Called }> => {
  const rotations = await RotationRounds.prepare(stack, undo);
  tell('warming up');
  await rotations.warmUp();
  const calls = new FunctionCalls(stack);
  for (let round = 1; round <= rounds; round++) {
    tell(`warm, round ${round} of ${rounds}`);
    await rotations.warm();
  }
  const called = { calls: calls.read(), memory: workerMemory(stack, functionNames()) };
  for (let round = 1; round <= rounds; round++) {
    tell(`cold, round ${round} of ${rounds}`);
    await rotations.cold();
  }
  return { rotations, called };
};

const measure = async (rounds: number, undo: Undo): Promise<Results> => {
  const at = new Date().toISOString();
  const stack = await startLocalStack({ instances: 1, costs: 'real' }, tell, undo);
  const { rotations, called } = await rotateAll(stack, rounds, undo);
  tell('starting the functions');
  const functions = await functionRounds(stack, rounds, called);
  const results = rotations.results();
  return {
    at,
    rounds,
    machine: {
      node: process.version,
      platform: `${process.platform} ${process.arch}`,
      processors: cpus().length,
    },
    floor: rotations.floorResults(),
    rotations: results,
    ...functions,
    problems: await problemsOf(results),
  };
};

const run = async (values: Arguments, undo: Undo): Promise<number> => {
  const results = await measure(roundsIn(values), undo);
  console.log(tablesOf(results));
  for (const problem of results.problems) console.log(`PROBLEM ${problem}`);
  if (values.json) writeFileSync(values.json, `${JSON.stringify(results, undefined, 2)}\n`);
  if (values.charts) {
    for (const [name, svg] of chartsOf(results)) writeFileSync(join(import.meta.dirname, name), svg);
  }
  return results.problems.length === 0 ? 0 : 1;
};

const undo = new Undo();
stopOnSignal(undo, (ofSignal) => ofSignal);
try {
  const values = readArguments();
  if (values.help) console.log(USAGE);
  else process.exitCode = await run(values, undo);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
} finally {
  await undo.all();
}
