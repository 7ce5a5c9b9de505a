import {
  DescribeSecretCommand,
  GetSecretValueCommand,
  ListSecretVersionIdsCommand,
} from '@aws-sdk/client-secrets-manager';
import { z } from 'zod';
import type { Credential, LocalStack } from '../local-stack/deployment/index.ts';
import { momentProblems, mustLogIn } from './invariants.ts';
import { type SeenVersion, SeenWorld } from './seen-world.ts';

/*
 * A secret and its database on a local stack, as someone sees them without any part in the rotation: by clients of the tests' own,
 * and nothing of the product.
 */

/** The key of a value that names an execution, and holds no credential. */
const MARKER = 'docdb-rotation';

const LoginValue = z.object({ username: z.string(), password: z.string() });
const Users = z.array(
  z.object({ user: z.string(), roles: z.array(z.object({ role: z.string(), db: z.string() })) }),
);

/** Where to look. */
export interface Place {
  readonly arn: string;
  /** @default false */
  readonly isPair?: boolean;
  /** The users whom the secret may be for, whether they exist or not. */
  readonly users?: readonly string[];
}

/** @param extent each rotation leaves one more version without a label */
export const loadWorld = async (
  stack: LocalStack,
  { arn, isPair = false, users = [] }: Place,
  extent: 'every version' | 'labelled versions' = 'every version',
): Promise<SeenWorld> => {
  const labels = await labelsOf(stack, arn);
  const ids =
    extent === 'every version' ? await versionsOf(stack, arn) : new Set<string>(Object.values(labels));
  const versions = new Map<string, SeenVersion>();
  for (const version of ids) versions.set(version, await see(stack, arn, version, labels));
  return new SeenWorld({ isPair, versions, users: await usersInDatabase(stack, users) });
};

/** Invariants 1 and 5 right now: label by label, until one logs in. */
export const momentProblemsOf = async (
  stack: LocalStack,
  { arn, isPair = false }: Place,
): Promise<string[]> => {
  const labels = await labelsOf(stack, arn);
  const versions = new Map<string, SeenVersion>();
  const view = new SeenWorld({ isPair, versions, users: {} });
  for (const label of mustLogIn(view)) {
    const version = labels[label];
    if (version === undefined) continue;
    versions.set(version, await see(stack, arn, version, labels));
    if (view.logsIn(version)) break;
  }
  return momentProblems(view);
};

const see = async (
  stack: LocalStack,
  arn: string,
  version: string,
  labels: Readonly<Record<string, string>>,
): Promise<SeenVersion> => {
  const credential = await credentialIn(stack, arn, version);
  const own = Object.keys(labels).filter((label) => labels[label] === version);
  const accepted = credential !== undefined && (await stack.logsIn(credential));
  return {
    labels: own,
    credential,
    logsIn: accepted,
    logsInEverywhere: own.length > 0 && accepted && (await logsInEverywhere(stack, credential)),
  };
};

/** The version that each label is on. */
export const labelsOf = async (
  stack: LocalStack,
  secretId: string,
): Promise<Readonly<Record<string, string>>> => {
  const { VersionIdsToStages = {} } = await stack.secretsManager.send(
    new DescribeSecretCommand({ SecretId: secretId }),
  );
  return Object.fromEntries(
    Object.entries(VersionIdsToStages).flatMap(([version, labels]) =>
      labels.map((label) => [label, version]),
    ),
  );
};

const versionsOf = async (stack: LocalStack, arn: string): Promise<string[]> => {
  const { Versions = [] } = await stack.secretsManager.send(
    new ListSecretVersionIdsCommand({ SecretId: arn, IncludeDeprecated: true, MaxResults: 100 }),
  );
  const age = ({ CreatedDate }: (typeof Versions)[number]): number => CreatedDate?.getTime() ?? 0;
  return Versions.sort((one, other) => age(one) - age(other)).flatMap(({ VersionId }) => VersionId ?? []);
};

/** Nothing for a version that Secrets Manager made and no one has filled, that only carries the lock, or that someone broke. */
export const credentialIn = async (
  stack: LocalStack,
  arn: string,
  version: string,
): Promise<Credential | undefined> => {
  try {
    const { SecretString } = await stack.secretsManager.send(
      new GetSecretValueCommand({ SecretId: arn, VersionId: version }),
    );
    const value = JSON.parse(SecretString ?? '');
    return MARKER in value ? undefined : LoginValue.parse(value);
  } catch (error) {
    if (error instanceof Error && NO_CREDENTIAL.has(error.name)) return undefined;
    throw error;
  }
};

/** No value, no JSON, or no username and password in it. */
const NO_CREDENTIAL = new Set(['ResourceNotFoundException', 'SyntaxError', 'TypeError', 'ZodError']);

/** Roles by user, of those that exist. */
const usersInDatabase = async (stack: LocalStack, names: readonly string[]): Promise<SeenWorld['users']> => {
  if (names.length === 0) return {};
  const { users } = await stack.runCommand({ usersInfo: names.map((user) => ({ user, db: 'admin' })) });
  return Object.fromEntries(
    Users.parse(users).map(({ user, roles }) => [
      user,
      roles
        .map(({ role, db }) => ({ role, db }))
        .sort((one, other) => `${one.role}@${one.db}`.localeCompare(`${other.role}@${other.db}`)),
    ]),
  );
};

export const logsInEverywhere = async (stack: LocalStack, credential: Credential): Promise<boolean> => {
  const answers = await Promise.all(
    stack.documentDb.instances.map((instance) => stack.logsIn(credential, instance)),
  );
  return answers.every(Boolean);
};
