import { setTimeout as sleep } from 'node:timers/promises';
import { GetSecretValueCommand } from '@aws-sdk/client-secrets-manager';
import type { LocalStack } from '../../local-stack/deployment/index.ts';
import { credentialIn } from '../../support/deployed-world.ts';

/** A login takes both sides 8 ms of a processor, which the rotations need too. After each change someone looks anyway. */
const EVERY_MS = 2000;

/**
 * A client that logs in all the time with AWSCURRENT, as an application does that reads its secret first. One that
 * is refused reads it again: the version that it had may have been replaced, and its user retired, meanwhile.
 */
export const watchLogins = (
  stack: LocalStack,
  secretArn: string,
): { stop(): Promise<{ logins: number; failures: number }> } => {
  let watching = true;
  const count = { logins: 0, failures: 0 };
  const watched = (async () => {
    while (watching) {
      count.logins += 1;
      if (!(await succeeds(stack, secretArn))) count.failures += 1;
      await sleep(EVERY_MS);
    }
    return count;
  })();
  // What went wrong is told to who stops it, who may come later.
  watched.catch(() => {});
  return {
    stop: () => {
      watching = false;
      return watched;
    },
  };
};

const succeeds = async (stack: LocalStack, secretArn: string): Promise<boolean> => {
  const version = await currentVersion(stack, secretArn);
  const credential = await credentialIn(stack, secretArn, version);
  if (credential === undefined) return false;
  if (await stack.logsIn(credential)) return true;
  return (await currentVersion(stack, secretArn)) === version ? false : await succeeds(stack, secretArn);
};

const currentVersion = async ({ secretsManager }: LocalStack, SecretId: string): Promise<string> => {
  const { VersionId } = await secretsManager.send(new GetSecretValueCommand({ SecretId }));
  return VersionId ?? '';
};
