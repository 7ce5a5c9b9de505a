import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { TagResourceCommand } from '@aws-sdk/client-secrets-manager';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { rotateSecret } from '../../chaos/faults/rotate-secret.ts';
import {
  type Assembly,
  type DatabaseSecret,
  type LocalStack,
  type SynthesizeOptions,
  startLocalStack,
  synthesizeApp,
} from '../../local-stack/deployment/index.ts';
import {
  expectNoPasswordAnywhere,
  expectSettled,
  labelsOf,
  logsInEverywhere,
  run,
} from '../rotations/outside-judge.ts';
import { InstalledPackage } from './installed-package.ts';

const Config = z.object({
  certificateAuthorityFile: z.string(),
  secrets: z.tuple(
    [z.object({ arn: z.string(), adminSecretArn: z.string() }), z.object({ arn: z.string() })],
    z.unknown(),
  ),
});

/** An app that has installed the tarball, deployed: the functions and definitions are those of the package. */
let app: InstalledPackage;
let stack: LocalStack;
beforeAll(async () => {
  app = await InstalledPackage.install();
});
beforeAll(async () => {
  stack = await startLocalStack({ instances: 2, extraSecrets: 1, synthesize: synthesizeShop });
  await tagAsTold();
});
afterAll(async () => {
  await stack?.stop();
  app?.remove();
});

const synthesizeShop = async (options: SynthesizeOptions): Promise<Assembly> => {
  const { secrets, certificateAuthorityFile } = Config.parse(options.config);
  const [{ arn: appSecretArn, adminSecretArn }, { arn: reportsSecretArn }] = secrets;
  const shop = { appSecretArn, adminSecretArn, reportsSecretArn, certificateAuthorityFile };
  const directory = join(app.directory, 'cdk.out');
  return await synthesizeApp(app.add('deployed.ts'), { shop }, { ...options, stackName: 'Shop', directory });
};

/** The synthesis says which tags the secrets must have, and the one who deploys puts them on. */
const tagAsTold = async (): Promise<void> => {
  const messages = readFileSync(join(app.directory, 'cdk.out', 'Shop.metadata.json'), 'utf8');
  const told = [...messages.matchAll(/"([\w/-]+) is not made in this app[^"]+it has the tags ([^"]+)"/g)];
  expect(told).toHaveLength(3);
  for (const [, SecretId, list = ''] of told) {
    const Tags = list.split(', ').map((tag) => {
      const [Key, Value] = tag.split('=');
      return { Key, Value };
    });
    await stack.secretsManager.send(new TagResourceCommand({ SecretId, Tags }));
  }
};

const SECRETS: [string, () => DatabaseSecret, boolean][] = [
  ['single-user', () => stack.extraSecrets[0] as DatabaseSecret, false],
  ['alternating-users', () => stack.appSecret, true],
  ['admin-clone', () => stack.adminSecret, true],
];

test.each(SECRETS)('%s rotates by Secrets Manager, then on demand', async (strategy, of, oldOneLogsIn) => {
  const secret = of();
  const before = await labelsOf(stack, secret.arn);

  await rotateSecret(stack, secret.arn);
  const rotation = await stack.secretsManagerStandIn.rotations.latest(secret.arn)?.ended;

  expect(rotation).toMatchObject({ status: 'succeeded' });
  await expectSettled(stack, secret.arn);
  const between = await labelsOf(stack, secret.arn);
  expect(between.previous).toBe(before.current);
  expect(await logsInEverywhere(stack, secret)).toBe(oldOneLogsIn);

  const execution = await run(stack, { secretId: secret.name });

  expect(execution, execution.cause).toMatchObject({
    status: 'SUCCEEDED',
    output: { outcome: 'rotated', strategy, instances: 2 },
  });
  await expectSettled(stack, secret.arn);
  const after = await labelsOf(stack, secret.arn);
  expect(after.previous).toBe(between.current);
  expect(await logsInEverywhere(stack, secret)).toBe(false);
});

test('no password is in any history, log, output or cause of all this', async () => {
  await expectNoPasswordAnywhere(stack);
});
