import { setTimeout as sleep } from 'node:timers/promises';
import type { LocalStack } from '../local-stack/deployment/index.ts';

const EVERY_MS = 10;

/** What a client saw that logged in all the time. */
export interface Watched {
  readonly logins: number;
  readonly failures: number;
  /** From the first login that failed to the first one after it that did not, both as they began. */
  readonly outageMs: number;
}

interface Login {
  readonly began: number;
  readonly accepted: boolean;
}

/** A client that reads AWSCURRENT before each login, as an application does, and never stops to try. */
export const watchLogins = (stack: LocalStack, secretArn: string): { stop(): Promise<Watched> } => {
  const logins: Login[] = [];
  let watching = true;
  const watch = async (): Promise<void> => {
    while (watching) {
      const began = performance.now();
      logins.push({ began, accepted: await stack.logsIn(await stack.credentialOf(secretArn)) });
      await sleep(EVERY_MS);
    }
  };
  const watched = watch();
  // What went wrong is told to who stops it, who comes later.
  watched.catch(() => {});
  return {
    stop: async () => {
      watching = false;
      await watched;
      return seenIn(logins);
    },
  };
};

export const seenIn = (logins: readonly Login[]): Watched => {
  const first = logins.findIndex(({ accepted }) => !accepted);
  const end = logins.find(({ accepted }, index) => accepted && index > first)?.began;
  const began = logins[first]?.began;
  return {
    logins: logins.length,
    failures: logins.filter(({ accepted }) => !accepted).length,
    outageMs: began === undefined ? 0 : (end ?? logins.at(-1)?.began ?? began) - began,
  };
};
