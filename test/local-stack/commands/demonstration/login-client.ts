import type { LocalStack } from '../../deployment/index.ts';

const EVERY_MS = 20;
/** A slow machine is not to be kept busy by logins alone. */
const AT_ONCE = 2;

export interface LoginCount {
  readonly logins: number;
  readonly loginFailures: number;
}

/**
 * Logs in every 20 ms with whatever AWSCURRENT says at that moment, on a new connection each time, as an application
 * does that knows of no rotation. To it a login that is refused and one that gets no answer are the same.
 */
export const logInAllTheTime = (stack: LocalStack, secretId: string): { stop(): Promise<LoginCount> } => {
  const count = { logins: 0, loginFailures: 0 };
  const underWay = new Set<Promise<void>>();
  const logIn = async (): Promise<void> => {
    const accepted = await succeeds(stack, secretId);
    count.logins += 1;
    if (!accepted) count.loginFailures += 1;
  };
  const timer = setInterval(() => {
    if (underWay.size >= AT_ONCE) return;
    const login = logIn().finally(() => underWay.delete(login));
    underWay.add(login);
  }, EVERY_MS);
  return {
    stop: async () => {
      clearInterval(timer);
      await Promise.all(underWay);
      return count;
    },
  };
};

const succeeds = (stack: LocalStack, secretId: string): Promise<boolean> =>
  stack
    .credentialOf(secretId)
    .then((credential) => stack.logsIn(credential))
    .catch(() => false);
