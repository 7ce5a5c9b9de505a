import {
  DescribeSecretCommand,
  type DescribeSecretCommandOutput,
  ListSecretsCommand,
  ListSecretVersionIdsCommand,
  ResourceNotFoundException,
  type SecretListEntry,
  type SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { TAG_PREFIX } from '../../../functions/contract/tags.ts';
import { CommandError } from '../command-error.ts';
import { oneLine } from '../terminal/harmless.ts';
import type { DeployedRotation } from './deployed-rotation.ts';

/** What can be known of a secret without its value, which no command ever reads. */
export interface Secret {
  readonly arn: string;
  readonly name: string;
  readonly tags: Readonly<Record<string, string>>;
  /** Which version has which labels. */
  readonly versions: Readonly<Record<string, readonly string[]>>;
  readonly rotationEnabled: boolean;
  /** Of the function that Secrets Manager calls. */
  readonly lambdaArn: string | undefined;
  readonly schedule: string | undefined;
  readonly created: Date | undefined;
  readonly changed: Date | undefined;
  /** By Secrets Manager: an execution on demand does not count there. */
  readonly rotated: Date | undefined;
  /** The end of the window in which Secrets Manager rotates next. */
  readonly next: Date | undefined;
}

/** @throws CommandError if there is none */
export const describeSecret = async (client: SecretsManagerClient, secretId: string): Promise<Secret> => {
  try {
    const answer = await client.send(new DescribeSecretCommand({ SecretId: secretId }));
    return secretOf(answer, answer.VersionIdsToStages);
  } catch (error) {
    if (!(error instanceof ResourceNotFoundException)) throw error;
    throw new CommandError(
      `there is no secret ${secretId} in ${await client.config.region()}; see docdb-rotation list`,
    );
  }
};

/** All secrets that a rotation looks after: those that Secrets Manager rotates by its trigger, and those with its tags. */
export const managedSecrets = async (
  client: SecretsManagerClient,
  rotation: DeployedRotation,
): Promise<Secret[]> => {
  const secrets: Secret[] = [];
  let NextToken: string | undefined;
  do {
    // The most that one answer holds: https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_ListSecrets.html
    const page = await client.send(new ListSecretsCommand({ MaxResults: 100, NextToken }));
    secrets.push(...(page.SecretList ?? []).map((entry) => secretOf(entry, entry.SecretVersionsToStages)));
    NextToken = page.NextToken;
  } while (NextToken !== undefined);
  return secrets
    .filter((secret) => isManagedBy(secret, rotation))
    .toSorted((one, other) => compare(one.name, other.name));
};

const compare = (one: string, other: string): number => (one < other ? -1 : one > other ? 1 : 0);

/** A tag alone counts where Secrets Manager calls no function at all: the schedule was cancelled, or is yet to come. */
export const isManagedBy = (secret: Secret, { triggerName }: DeployedRotation): boolean => {
  if (secret.lambdaArn !== undefined && secret.rotationEnabled) {
    return triggerName !== undefined && secret.lambdaArn.split(':')[6] === triggerName;
  }
  return Object.keys(secret.tags).some((tag) => tag.startsWith(TAG_PREFIX));
};

const secretOf = (
  entry: SecretListEntry | DescribeSecretCommandOutput,
  versions: Record<string, string[]> | undefined,
): Secret => {
  const { ScheduleExpression, AutomaticallyAfterDays } = entry.RotationRules ?? {};
  return {
    arn: entry.ARN ?? '',
    name: entry.Name ?? '',
    tags: Object.fromEntries((entry.Tags ?? []).map(({ Key = '', Value = '' }) => [Key, Value])),
    versions: Object.fromEntries(Object.entries(versions ?? {}).map(([id, labels]) => [oneLine(id), labels])),
    rotationEnabled: entry.RotationEnabled ?? false,
    lambdaArn: entry.RotationLambdaARN,
    schedule:
      ScheduleExpression ?? (AutomaticallyAfterDays ? `rate(${AutomaticallyAfterDays} days)` : undefined),
    created: entry.CreatedDate,
    changed: entry.LastChangedDate,
    rotated: entry.LastRotatedDate,
    next: entry.NextRotationDate,
  };
};

/** When each labelled version was made. */
export const versionDates = async (
  client: SecretsManagerClient,
  secretArn: string,
): Promise<Map<string, Date>> => {
  const dates = new Map<string, Date>();
  let NextToken: string | undefined;
  do {
    const page = await client.send(
      new ListSecretVersionIdsCommand({ SecretId: secretArn, MaxResults: 100, NextToken }),
    );
    for (const { VersionId, CreatedDate } of page.Versions ?? []) {
      if (VersionId !== undefined && CreatedDate !== undefined) dates.set(oneLine(VersionId), CreatedDate);
    }
    NextToken = page.NextToken;
  } while (NextToken !== undefined);
  return dates;
};
