import { randomUUID } from 'node:crypto';
import {
  GetSecretValueCommand,
  PutSecretValueCommand,
  UpdateSecretVersionStageCommand,
} from '@aws-sdk/client-secrets-manager';
import type { DatabaseSecret, LocalStack, MakeSecretOptions } from '../../local-stack/deployment/index.ts';
import { run } from '../rotations/outside-judge.ts';

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

/** Of two users that take turns. Its admin is in the middle of a rotation: only AWSPENDING logs in, which takes a closer look. */
export const pairSecret = async (
  stack: LocalStack,
  settings: Readonly<Record<string, string>> = {},
): Promise<Subject> => {
  const subject = await appSecret(stack, { strategy: 'alternating-users', ...settings });
  const { arn, username } = subject.admin;
  const { SecretString = '' } = await stack.secretsManager.send(new GetSecretValueCommand({ SecretId: arn }));
  const password = randomUUID();
  await stack.secretsManager.send(
    new PutSecretValueCommand({
      SecretId: arn,
      SecretString: JSON.stringify({ ...JSON.parse(SecretString), password }),
      VersionStages: ['AWSPENDING'],
    }),
  );
  await stack.documentDb.admin.putUser(username, password, ['root']);
  return subject;
};

/** The secret of a user who needs no one else's power. */
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

/** Takes AWSPENDING off, as someone might who does not know that a rotation runs. */
export const takePendingOff = async (stack: LocalStack, secretId: string, holder: string): Promise<void> => {
  await stack.secretsManager.send(
    new UpdateSecretVersionStageCommand({
      SecretId: secretId,
      VersionStage: 'AWSPENDING',
      RemoveFromVersionId: holder,
    }),
  );
};
