import { setTimeout as sleep } from 'node:timers/promises';
import type { LocalStack } from '../local-stack/deployment/index.ts';
import { type Watched, watchLogins } from './outage-watch.ts';
import type { Measured } from './results.ts';
import { summaryOf } from './statistics.ts';

/** The client is at its work before the rotation begins, and some logins longer than it. */
const BESIDE_MS = 100;

export interface Sample {
  readonly seconds: number;
  readonly watched: Watched;
}

/** Does something to a secret while a client logs in all the time. */
export const whileWatched = async <T extends { readonly seconds: number }>(
  stack: LocalStack,
  secretArn: string,
  act: () => Promise<T>,
): Promise<Sample & { readonly acted: T }> => {
  const watch = watchLogins(stack, secretArn);
  await sleep(BESIDE_MS);
  try {
    const acted = await act();
    await sleep(BESIDE_MS);
    return { seconds: acted.seconds, watched: await watch.stop(), acted };
  } catch (error) {
    await watch.stop().catch(() => {});
    throw error;
  }
};

export const measuredFrom = (samples: readonly Sample[]): Measured => ({
  seconds: summaryOf(samples.map(({ seconds }) => seconds)),
  outageMs: summaryOf(samples.map(({ watched }) => watched.outageMs)),
  logins: sum(samples.map(({ watched }) => watched.logins)),
  failures: sum(samples.map(({ watched }) => watched.failures)),
});

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
