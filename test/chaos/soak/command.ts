import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { stopOnSignal } from '../../local-stack/commands/stop-on-signal.ts';
import { Undo } from '../../local-stack/deployment/index.ts';
import { loadWorld } from '../../support/deployed-world.ts';
import { watchLogins } from '../faults/login-watch.ts';
import { aligned } from '../faults/report.ts';
import { placeOf } from '../faults/strategies.ts';
import { startWatchedStack, type WatchedStack } from '../faults/watched-stack.ts';
import { Counts } from './counts.ts';
import { carryOut } from './decision-carried-out.ts';
import { decisions } from './decisions.ts';
import { MEMORY_PARTS, type Memory, memoryOfStack } from './memory.ts';
import { type Member, populate } from './population.ts';

const USAGE = `npm run soak [-- options]

Rotates many secrets of all strategies on one database at the same time, while calls break at random, people interfere,
and clients log in all the time. The same seed makes the same decisions.

  --minutes N        for how long (default: 1)
  --rotations N      and until there were that many (default: 0)
  --seed N           (default: 1)
  --secrets N        (default: 12)
  --help
`;

const readArguments = () =>
  parseArgs({
    options: {
      minutes: { type: 'string', default: '1' },
      rotations: { type: 'string', default: '0' },
      seed: { type: 'string', default: '1' },
      secrets: { type: 'string', default: '12' },
      help: { type: 'boolean', default: false },
    },
  }).values;

type Arguments = ReturnType<typeof readArguments>;

const REPORT_EVERY_MS = 60_000;

const TOLD_IN_FULL = 5;

const APART_MS = 1000;

/** Every process is there, and warm, only after a while: the first of these tells little. */
const LOOKS_AT_MEMORY = 5;

/** A soak goes on until both are reached. */
interface Limit {
  readonly time: number;
  readonly rotations: number;
}

class Soak {
  readonly counts = new Counts();
  readonly #watched: WatchedStack;
  readonly #seed: number;
  readonly #until: Limit;

  constructor(watched: WatchedStack, seed: number, until: Limit) {
    this.#watched = watched;
    this.#seed = seed;
    this.#until = until;
  }

  /** One secret's life. */
  async live(member: Member): Promise<void> {
    const { stack } = this.#watched;
    // One after the other: every function is cold, and starts once for each that calls it at the same time.
    await sleep(member.number * APART_MS);
    const { users } = await loadWorld(stack, placeOf(member.subject));
    const roles = users[member.subject.secret.username] ?? [];
    const watch = member.subject.isPair ? watchLogins(stack, member.subject.secret.arn) : undefined;
    for (const decision of decisions(this.#seed, member.number)) {
      if (this.#isOver()) break;
      await sleep(decision.pauseMs);
      const result = await carryOut(this.#watched, member, decision, roles);
      if (result.problems.length > 0) this.#tell(member, result.problems, result.trace);
      this.counts.count(result);
      this.#forget();
    }
    const logins = await watch?.stop();
    if (!logins) return;
    this.counts.add('logins', logins.logins);
    if (logins.failures === 0) return;
    this.counts.add('violations', logins.failures);
    console.log(`VIOLATED: ${logins.failures} logins of secret ${member.number} (${member.strategy}) failed`);
  }

  #isOver(): boolean {
    return Date.now() > this.#until.time && this.counts.of('rotations') >= this.#until.rotations;
  }

  /** The first ones in full: what follows usually comes from them. */
  #tell({ number, strategy }: Member, problems: readonly string[], trace: readonly string[]): void {
    console.log(`VIOLATED: secret ${number} (${strategy}): ${problems.join('; ')}`);
    if (this.counts.of('violations') < TOLD_IN_FULL) console.log(`  ${trace.join('\n  ')}`);
  }

  /** The stand-ins remember everything, for tests that last for seconds. */
  #forget(): void {
    const { documentDb, secretsManagerStandIn } = this.#watched.stack;
    documentDb.observed.length = 0;
    (secretsManagerStandIn.requests as unknown[]).length = 0;
  }
}

const run = async (values: Arguments, undo: Undo): Promise<number> => {
  const minutes = Number(values.minutes);
  const watched = await startWatchedStack(undo, (what) => console.log(`… ${what}`));
  const members = await populate(watched.stack, Number(values.secrets));
  const began = Date.now();
  const rotations = Number(values.rotations);
  const soak = new Soak(watched, Number(values.seed), { time: began + minutes * 60_000, rotations });
  const timer = setInterval(() => console.log(progress(soak.counts, began)), REPORT_EVERY_MS);
  console.log(`${members.length} secrets, seed ${values.seed}, ${minutes} minutes`);
  const memory = watchMemory((minutes * 60_000) / LOOKS_AT_MEMORY);
  await Promise.all(members.map((member) => soak.live(member)));
  clearInterval(timer);
  tellMemory(await memory.stop());
  console.log(soak.counts.lines().join('\n'));
  console.log(progress(soak.counts, began));
  return soak.counts.of('violations') === 0 && soak.counts.of('rotations') > 0 ? 0 : 1;
};

const progress = (counts: Counts, began: number): string => {
  const seconds = (Date.now() - began) / 1000;
  const rotations = counts.of('rotations');
  const pace = ((rotations * 60) / seconds).toFixed(0);
  return `${Math.round(seconds)} s: ${rotations} rotations (${pace} a minute), ${counts.of('faults')} faults, ${counts.of('violations')} violations`;
};

interface MemoryAt {
  readonly minute: number;
  readonly memory: Memory;
}

const watchMemory = (everyMs: number): { stop(): Promise<MemoryAt[]> } => {
  const began = Date.now();
  const looks: Promise<MemoryAt>[] = [];
  const take = async (): Promise<MemoryAt> => ({
    minute: (Date.now() - began) / 60_000,
    memory: await memoryOfStack(),
  });
  const timer = setInterval(() => looks.push(take()), everyMs);
  return {
    stop: () => {
      clearInterval(timer);
      looks.push(take());
      return Promise.all(looks);
    },
  };
};

const tellMemory = (looks: readonly MemoryAt[]): void => {
  const head = ['memory in MB after minutes', ...looks.map(({ minute }) => minute.toFixed(1))];
  const rows = MEMORY_PARTS.map((part) => [part, ...looks.map(({ memory }) => memory[part].toFixed(0))]);
  console.log(aligned([head, ...rows]));
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
