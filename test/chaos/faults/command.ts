import { parseArgs } from 'node:util';
import { stopOnSignal } from '../../local-stack/commands/stop-on-signal.ts';
import { Undo } from '../../local-stack/deployment/index.ts';
import { WAY_NAMES } from './entry-points.ts';
import {
  type Case,
  COMBINATIONS,
  type Combination,
  casesOf,
  idOf,
  isInQuickSample,
  quickSample,
  shardOf,
} from './matrix.ts';
import { inParallel } from './pool.ts';
import { type Finished, tableOf } from './report.ts';
import { runCase } from './run-case.ts';
import { STRATEGIES } from './strategies.ts';
import { startWatchedStack, type WatchedStack } from './watched-stack.ts';

const USAGE = `npm run test:faults [-- options]

Rotates secrets on the deployed stack, breaks every call of a rotation in every way, one at a time, and checks from
outside what must always hold. The cases are made from the calls that a clean run of each strategy made.

  --quick            a sample: every step with every fault that it knows
  --strategy NAME    only its cases; may be given more than once: ${STRATEGIES.join(', ')}
  --way NAME         only cases on this way; may be given more than once: ${WAY_NAMES.join(', ')}
  --only ID          only the cases whose id begins with ID
  --shard I/N        only the I-th of N parts
  --concurrency N    rotations at a time (default: 6)
  --list             tells the cases, and runs none
  --trace            tells what happened in each case
  --help
`;

const readArguments = () =>
  parseArgs({
    options: {
      quick: { type: 'boolean', default: false },
      strategy: { type: 'string', multiple: true, default: STRATEGIES },
      way: { type: 'string', multiple: true, default: WAY_NAMES },
      only: { type: 'string', default: '' },
      shard: { type: 'string', default: '1/1' },
      concurrency: { type: 'string', default: '6' },
      list: { type: 'boolean', default: false },
      trace: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  }).values;

type Arguments = ReturnType<typeof readArguments>;

/** A clean run of each combination that the cases may come from; it must hold all the invariants itself. */
const record = async (
  watched: WatchedStack,
  combinations: readonly Combination[],
  concurrency: number,
): Promise<{ cases: Case[]; violations: number }> => {
  const cases = new Map<Combination, Case[]>();
  let violations = 0;
  await inParallel(combinations, concurrency, async (combination) => {
    const { problems, recorded, trace } = await runCase(watched, combination);
    cases.set(combination, casesOf(combination, recorded));
    if (problems.length === 0) return;
    violations += 1;
    const { strategy, way } = combination;
    console.log(
      `VIOLATED in a clean run of ${strategy}/${way}: ${problems.join('; ')}\n  ${trace.join('\n  ')}`,
    );
  });
  return { cases: combinations.flatMap((combination) => cases.get(combination) ?? []), violations };
};

const wanted = ({ strategy, way, only, quick }: Arguments, combination: Combination): boolean => {
  if (quick && !isInQuickSample(combination)) return false;
  const prefix = `${combination.strategy}/${combination.way}/`;
  return (
    strategy.includes(combination.strategy) &&
    way.includes(combination.way) &&
    (prefix.startsWith(only) || only.startsWith(prefix))
  );
};

const choose = (values: Arguments, cases: readonly Case[]): Case[] => {
  const [shard = 1, shards = 1] = values.shard.split('/').map(Number);
  const named = cases.filter((one) => idOf(one).startsWith(values.only));
  return shardOf(values.quick ? quickSample(named) : named, shard, shards);
};

const tell = (values: Arguments, { broken, result }: Finished): void => {
  const id = idOf(broken);
  if (values.trace) console.log(`${id}: ${result.outcome}\n  ${result.trace.join('\n  ')}`);
  if (result.problems.length === 0) return;
  console.log(`VIOLATED ${id} (${result.outcome})`);
  for (const problem of result.problems) console.log(`  - ${problem}`);
  if (!values.trace) console.log(`  ${result.trace.join('\n  ')}`);
  console.log(`  again: npm run test:faults -- --only ${id}`);
};

const PROGRESS_EVERY = 50;

const run = async (values: Arguments, undo: Undo): Promise<number> => {
  const concurrency = Number(values.concurrency);
  const began = Date.now();
  const seconds = () => Math.round((Date.now() - began) / 1000);
  const watched = await startWatchedStack(undo, (what) => console.log(`… ${what}`));
  const combinations = COMBINATIONS.filter((combination) => wanted(values, combination));
  const recorded = await record(watched, combinations, concurrency);
  const cases = choose(values, recorded.cases);
  if (values.list) {
    for (const one of cases) console.log(idOf(one));
    console.log(`${cases.length} cases`);
    return 0;
  }
  console.log(`${cases.length} cases, after ${combinations.length} clean runs (${seconds()} s)`);
  const finished: Finished[] = [];
  await inParallel(cases, concurrency, async (broken) => {
    const one = { broken, result: await runCase(watched, broken, broken) };
    finished.push(one);
    tell(values, one);
    if (finished.length % PROGRESS_EVERY === 0)
      console.log(`… ${finished.length} of ${cases.length} (${seconds()} s)`);
  });
  return conclude(finished, recorded.violations, seconds());
};

const conclude = (finished: readonly Finished[], cleanViolations: number, seconds: number): number => {
  const violated = finished.filter(({ result }) => result.problems.length > 0);
  const missed = finished.filter(({ result }) => !result.struck).length;
  console.log(`\n${tableOf(finished)}\n`);
  console.log(
    `${finished.length} cases, ${violated.length + cleanViolations} violations, ${missed} whose call did not come, ${seconds} s`,
  );
  for (const { broken } of violated) console.log(`  npm run test:faults -- --only ${idOf(broken)}`);
  return violated.length + cleanViolations === 0 && finished.length > 0 ? 0 : 1;
};

const undo = new Undo();
stopOnSignal(undo, (ofSignal) => ofSignal);
const values = readArguments();
if (values.help) {
  console.log(USAGE);
} else {
  try {
    process.exitCode = await run(values, undo);
  } catch (error) {
    console.error(error);
    process.exitCode = 1;
  } finally {
    await undo.all();
  }
}
