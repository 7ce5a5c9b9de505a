import { DescribeSecretCommand, type SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { Schedule } from './check-credentials.ts';

export const scheduleOf =
  (client: SecretsManagerClient) =>
  async (secretId: string): Promise<Schedule> => {
    const secret = await client.send(new DescribeSecretCommand({ SecretId: secretId }));
    const { AutomaticallyAfterDays, ScheduleExpression } = secret.RotationRules ?? {};
    return {
      name: secret.Name ?? secretId,
      rotationEnabled: secret.RotationEnabled ?? false,
      createdAt: secret.CreatedDate?.getTime() ?? 0,
      rotatedAt: secret.LastRotatedDate?.getTime(),
      intervalDays: AutomaticallyAfterDays ?? daysOfRate(ScheduleExpression),
      nextRotationAt: secret.NextRotationDate?.getTime(),
    };
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
