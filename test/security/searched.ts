import {
  GetSecretValueCommand,
  ListSecretsCommand,
  ListSecretVersionIdsCommand,
} from '@aws-sdk/client-secrets-manager';
import type { LocalStack } from '../local-stack/deployment/index.ts';
import type { Written } from './leaks.ts';

/** The passwords that any version of any secret of a stack ever had, and the primary user's first one. */
export const passwordsOf = async ({ secretsManager, primaryUser }: LocalStack): Promise<Set<string>> => {
  const found = new Set([primaryUser.password]);
  const { SecretList = [] } = await secretsManager.send(new ListSecretsCommand({ MaxResults: 100 }));
  for (const { ARN: SecretId } of SecretList) {
    const { Versions = [] } = await secretsManager.send(
      new ListSecretVersionIdsCommand({ SecretId, IncludeDeprecated: true, MaxResults: 100 }),
    );
    for (const { VersionId } of Versions) {
      const value = await secretsManager
        .send(new GetSecretValueCommand({ SecretId, VersionId }))
        .catch(() => undefined);
      // The versions that only carry the lock hold no password.
      const { password } = JSON.parse(value?.SecretString ?? '{}');
      if (typeof password === 'string') found.add(password);
    }
  }
  return found;
};

/** Input, output, error, cause and history of each execution of a stack. */
export const executionsOf = async (stack: LocalStack): Promise<Written[]> => {
  const written: Written[] = [];
  for (const executions of [stack.executions, stack.recoveries, stack.retirements]) {
    for (const arn of await executions.list()) {
      const parts = [await executions.describe(arn), await executions.history(arn)];
      written.push({ where: arn, text: JSON.stringify(parts) });
    }
  }
  return written;
};
