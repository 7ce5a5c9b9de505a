import {
  DescribeSecretCommand,
  GetSecretValueCommand,
  ListSecretVersionIdsCommand,
} from '@aws-sdk/client-secrets-manager';
import { z } from 'zod';
import type { Credential, LocalStack } from '../../local-stack/deployment/index.ts';
import { type Subject, usersOf } from './strategies.ts';

/** The key of a value that names an execution, and holds no credential. */
const MARKER = 'docdb-rotation';

const LoginValue = z.object({ username: z.string(), password: z.string() });
const Users = z.array(
  z.object({ user: z.string(), roles: z.array(z.object({ role: z.string(), db: z.string() })) }),
);

/** What someone without any part in the rotation sees of a secret and its database. */
export interface OutsideView {
  /** Labels by version; versions without one have an empty list. */
  readonly labels: ReadonlyMap<string, readonly string[]>;
  readonly credentials: ReadonlyMap<string, Credential>;
  /** The versions that log in. */
  readonly logsIn: ReadonlySet<string>;
  /** Roles by user, those of users that exist. */
  readonly users: ReadonlyMap<string, readonly string[]>;
  /** Of the admin secret: it takes part, but nothing of it may change. */
  readonly adminLabels: string;
}

export const holderOf = ({ labels }: Pick<OutsideView, 'labels'>, label: string): string | undefined =>
  [...labels].find(([, all]) => all.includes(label))?.[0];

export const look = async (stack: LocalStack, subject: Subject): Promise<OutsideView> => {
  const { arn } = subject.secret;
  const [labels, versions] = await Promise.all([labelsOf(stack, arn), versionsOf(stack, arn)]);
  const credentials = new Map<string, Credential>();
  const logsIn = new Set<string>();
  for (const version of versions) {
    const credential = await credentialIn(stack, arn, version);
    if (!credential) continue;
    credentials.set(version, credential);
    if (await stack.logsIn(credential)) logsIn.add(version);
  }
  return {
    labels: new Map(versions.map((version) => [version, labels.get(version) ?? []])),
    credentials,
    logsIn,
    users: await usersInDatabase(stack, subject),
    adminLabels: subject.admin ? JSON.stringify([...(await labelsOf(stack, subject.admin.arn))]) : '',
  };
};

export const labelsOf = async (stack: LocalStack, arn: string): Promise<Map<string, string[]>> => {
  const { VersionIdsToStages } = await stack.secretsManager.send(
    new DescribeSecretCommand({ SecretId: arn }),
  );
  return new Map(Object.entries(VersionIdsToStages ?? {}));
};

const versionsOf = async (stack: LocalStack, arn: string): Promise<string[]> => {
  const { Versions } = await stack.secretsManager.send(
    new ListSecretVersionIdsCommand({ SecretId: arn, IncludeDeprecated: true, MaxResults: 100 }),
  );
  return (Versions ?? []).flatMap(({ VersionId }) => VersionId ?? []);
};

/** Nothing for a version that Secrets Manager made and nobody has filled, or that only carries the lock. */
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
    if (error instanceof Error && error.name === 'ResourceNotFoundException') return undefined;
    throw error;
  }
};

/** Roles by user, those of users that exist. */
export const usersInDatabase = async (
  stack: LocalStack,
  subject: Subject,
): Promise<Map<string, string[]>> => {
  const asked = usersOf(subject).map((user) => ({ user, db: 'admin' }));
  const { users } = await stack.runCommand({ usersInfo: asked });
  return new Map(
    Users.parse(users).map(({ user, roles }) => [user, roles.map(({ role, db }) => `${role}@${db}`).sort()]),
  );
};

export const logsInEverywhere = async (stack: LocalStack, credential: Credential): Promise<boolean> => {
  const answers = await Promise.all(
    stack.documentDb.instances.map((instance) => stack.logsIn(credential, instance)),
  );
  return answers.every(Boolean);
};
