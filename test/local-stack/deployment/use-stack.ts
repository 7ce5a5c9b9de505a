import { afterAll, beforeAll } from 'vitest';
import { startLocalStack } from './local-stack.ts';
import type { LocalStackOptions } from './options.ts';
import type { LocalStack } from './running-stack.ts';

/** What JSON tells apart. */
type PlainOptions = Omit<LocalStackOptions, 'synthesize' | 'rotationBehaviour'>;

interface Shared {
  users: number;
  readonly stack: Promise<LocalStack>;
}

/** Those that are up in this process, by their options. */
const up = new Map<string, Shared>();

/**
 * Has a stack for the tests of a file, or that of another file with the same options where several are one: see the files
 * `together.test.ts`. Who uses it takes away what would be in the way of others.
 *
 * @param take gets it before the first test
 */
export const useStack = (options: PlainOptions, take: (stack: LocalStack) => void): void => {
  const key = JSON.stringify(options);
  beforeAll(async () => {
    const shared = up.get(key) ?? { users: 0, stack: startLocalStack(options) };
    shared.users += 1;
    up.set(key, shared);
    take(await shared.stack);
  });
  afterAll(async () => {
    const shared = up.get(key);
    if (shared === undefined) return;
    shared.users -= 1;
    if (shared.users > 0) return;
    up.delete(key);
    // Why it did not start was told before.
    const stack = await shared.stack.catch(() => undefined);
    await stack?.stop();
  });
};
