import {
  DescribeSecretCommand,
  PutSecretValueCommand,
  UpdateSecretVersionStageCommand,
} from '@aws-sdk/client-secrets-manager';
import { run } from '../integration/outside.ts';
import type { DatabaseSecret, LocalStack, MakeSecretOptions } from '../stack/local-stack/index.ts';

/** A secret with an admin secret of its own, so that what is granted for the two can be taken away by itself. */
export interface Subject {
  readonly secret: DatabaseSecret;
  readonly admin: DatabaseSecret;
}

const ROOT = [{ role: 'root', db: 'admin' }];

const tagsFor = (settings: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(settings).map(([key, value]) => [`docdb-rotation:${key}`, value]));

/** An application's secret. */
export const appSecret = async (
  stack: LocalStack,
  settings: Readonly<Record<string, string>> = {},
  options: MakeSecretOptions = {},
): Promise<Subject> => {
  const admin = await stack.makeSecret({ roles: ROOT, masterarn: false });
  const tags = tagsFor({ 'admin-secret': admin.arn, ...settings });
  return { admin, secret: await stack.makeSecret({ masterarn: false, tags, ...options }) };
};

/** The secret of a user who needs nobody else's power. */
export const powerfulSecret = async (
  stack: LocalStack,
  settings: Readonly<Record<string, string>> = {},
): Promise<Subject> => {
  const secret = await stack.makeSecret({ roles: ROOT, masterarn: false, tags: tagsFor(settings) });
  return { admin: secret, secret };
};

/** One that was rotated before, so that it has an AWSPREVIOUS. */
export const rotatedBefore = async (stack: LocalStack, subject: Subject): Promise<Subject> => {
  const { status, cause, output } = await run(stack, { secretId: subject.secret.arn });
  if (status !== 'SUCCEEDED') throw new Error(`the rotation before ended as ${status}: ${cause}`);
  if (output.retirement) await stack.retirements.waitFor(String(output.retirement));
  return subject;
};

/** One whose admin secret is in the middle of a rotation: its AWSCURRENT does not log in, and AWSPREVIOUS does. */
export const withAdminAway = async (stack: LocalStack, subject: Subject): Promise<Subject> => {
  const { admin } = subject;
  const { host, port } = stack.documentDb;
  const value = { engine: 'mongo', host, port, username: admin.username, password: crypto.randomUUID() };
  await stack.secretsManager.send(
    new PutSecretValueCommand({ SecretId: admin.arn, SecretString: JSON.stringify(value) }),
  );
  return subject;
};

/** Takes a label off whatever has it, as someone might who does not know that a rotation runs. */
export const takeOff = async (stack: LocalStack, secretId: string, label: string): Promise<void> => {
  await stack.secretsManager.send(
    new UpdateSecretVersionStageCommand({
      SecretId: secretId,
      VersionStage: label,
      RemoveFromVersionId: await holderOf(stack, secretId, label),
    }),
  );
};

/** Has the secret locked by no execution that runs. */
export const lock = async (stack: LocalStack, secretId: string): Promise<void> => {
  await stack.secretsManager.send(
    new UpdateSecretVersionStageCommand({
      SecretId: secretId,
      VersionStage: 'docdb-rotation-owner',
      MoveToVersionId: await holderOf(stack, secretId, 'AWSCURRENT'),
    }),
  );
};

const holderOf = async (stack: LocalStack, secretId: string, label: string): Promise<string | undefined> => {
  const { VersionIdsToStages = {} } = await stack.secretsManager.send(
    new DescribeSecretCommand({ SecretId: secretId }),
  );
  return Object.entries(VersionIdsToStages).find(([, labels]) => labels.includes(label))?.[0];
};
