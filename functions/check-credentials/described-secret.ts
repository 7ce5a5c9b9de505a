import {
  DescribeSecretCommand,
  type DescribeSecretCommandOutput,
  ListSecretVersionIdsCommand,
  type SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { SecretsManagerUnavailableError } from '../contract/errors.ts';
import { awsFailure } from '../runtime/aws-failure.ts';
import { CURRENT } from '../secret/labels.ts';
import type { SecretDescription } from '../secret/secret-store.ts';
import type { Schedule } from './check-credentials.ts';

/** @throws SecretsManagerUnavailableError where nothing answers; what Secrets Manager itself answers goes on as it is */
export const scheduleOf =
  (client: SecretsManagerClient) =>
  async (secretId: string): Promise<Schedule> => {
    const secret = await describe(client, secretId);
    const currentSince = await madeAt(client, secretId);
    const { AutomaticallyAfterDays, ScheduleExpression } = secret.RotationRules ?? {};
    return {
      name: secret.Name ?? secretId,
      rotationEnabled: secret.RotationEnabled ?? false,
      currentSince: (currentSince ?? secret.CreatedDate)?.getTime() ?? 0,
      rotatedAt: secret.LastRotatedDate?.getTime(),
      intervalDays: AutomaticallyAfterDays ?? daysOfRate(ScheduleExpression),
      nextRotationAt: secret.NextRotationDate?.getTime(),
    };
  };

/** Which version has which labels. @throws as {@link scheduleOf} does */
export const labelsOf =
  (client: SecretsManagerClient) =>
  async (secretId: string): Promise<Pick<SecretDescription, 'versions'>> => ({
    versions: (await describe(client, secretId)).VersionIdsToStages ?? {},
  });

const describe = async (
  client: SecretsManagerClient,
  secretId: string,
): Promise<DescribeSecretCommandOutput> =>
  await answered(`describing the secret ${secretId}`, () =>
    client.send(new DescribeSecretCommand({ SecretId: secretId })),
  );

/** When AWSCURRENT was made. A secret has at most twenty versions with labels, and a page takes a hundred. */
const madeAt = async (client: SecretsManagerClient, secretId: string): Promise<Date | undefined> => {
  const { Versions = [] } = await answered(`listing the versions of ${secretId}`, () =>
    client.send(new ListSecretVersionIdsCommand({ SecretId: secretId, MaxResults: 100 })),
  );
  return Versions.find(({ VersionStages }) => VersionStages?.includes(CURRENT))?.CreatedDate;
};

const answered = async <T>(doing: string, call: () => Promise<T>): Promise<T> => {
  try {
    return await call();
  } catch (error) {
    const { name, kind } = awsFailure(error);
    if (kind !== 'unanswered') throw error;
    throw new SecretsManagerUnavailableError(
      `${doing}: ${name}; is there a route to Secrets Manager from this VPC?`,
    );
  }
};

/**
 * The days of `rate(30 days)` or `rate(12 hours)`.
 *
 * Source: https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotate-secrets_schedule.html
 */
export const daysOfRate = (expression: string | undefined): number | undefined => {
  const [, number, unit] = /^rate\((\d+) (hour|day)s?\)$/.exec(expression ?? '') ?? [];
  if (number === undefined) return undefined;
  return unit === 'hour' ? Number(number) / 24 : Number(number);
};
