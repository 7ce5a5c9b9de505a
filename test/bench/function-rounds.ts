import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { BUNDLES, bundleOf } from '../../infra/build/step-bundles.ts';
import type { LocalStack } from '../local-stack/deployment/index.ts';
import { functionEnvironment, type Start, startOnce } from './function-starts.ts';
import type { FunctionResult, Results } from './results.ts';
import { summaryOf } from './statistics.ts';

export const functionNames = (): string[] => readdirSync(BUNDLES).sort();

/** What was seen of the functions while they were called on the stack. */
export interface Called {
  readonly calls: ReadonlyMap<string, readonly number[]>;
  readonly memory: ReadonlyMap<string, number>;
}

/** Starts each function, and Node alone, in a process of its own, in rounds. */
export const functionRounds = async (
  stack: LocalStack,
  rounds: number,
  { calls, memory }: Called,
): Promise<Pick<Results, 'node' | 'functions'>> => {
  const environment = await functionEnvironment(stack);
  const names = [undefined, ...functionNames()];
  const starts = new Map(names.map((name): [string | undefined, Start[]] => [name, []]));
  for (let round = 0; round < rounds; round++) {
    for (const name of names) starts.get(name)?.push(await startOnce(name, environment));
  }
  const node = startsOf(starts.get(undefined));
  return {
    node: { startMs: node.startMs, peakMegabytes: node.startMegabytes },
    functions: functionNames().map((name): FunctionResult => {
      const started = startsOf(starts.get(name));
      const took = calls.get(name);
      return {
        name,
        kilobytes: statSync(join(bundleOf(name), 'index.mjs')).size / 1000,
        ...started,
        startTimesNode: started.startMs.median / node.startMs.median,
        callMs: took && summaryOf(took),
        peakMegabytes: memory.get(name),
      };
    }),
  };
};

const startsOf = (starts: readonly Start[] = []) => ({
  startMs: summaryOf(starts.map(({ ms }) => ms)),
  startMegabytes: summaryOf(starts.map(({ megabytes }) => megabytes)).median,
});
