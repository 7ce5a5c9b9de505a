import { setTimeout as sleep } from 'node:timers/promises';
import type { LocalStack } from '../../local-stack/deployment/index.ts';

const EVERY_MS = 20;

export interface LoginCount {
  readonly logins: number;
  readonly failures: number;
}

/**
 * A client that logs in all the time, with whatever AWSCURRENT says at that moment, as an application does that
 * reads its secret before each connection.
 */
export const watchLogins = (stack: LocalStack, secretId: string): { stop(): Promise<LoginCount> } => {
  let watching = true;
  const count = { logins: 0, failures: 0 };
  const watch = async (): Promise<LoginCount> => {
    while (watching) {
      const accepted = await stack.logsIn(await stack.credentialOf(secretId));
      count.logins += 1;
      if (!accepted) count.failures += 1;
      await sleep(EVERY_MS);
    }
    return count;
  };
  const watched = watch();
  return {
    stop: () => {
      watching = false;
      return watched;
    },
  };
};
