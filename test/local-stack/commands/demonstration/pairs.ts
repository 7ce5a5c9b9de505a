import { TagResourceCommand } from '@aws-sdk/client-secrets-manager';
import type { DatabaseSecret, LocalStack } from '../../deployment/index.ts';
import { type PairRotation, rotatePair } from './rotate-pair.ts';
import type { Scenario } from './scenario.ts';

/** Long enough to be seen, and for a client to finish a login that it had begun with the old user. */
const GRACE_SECONDS = 2;

const scenario = (
  title: string,
  secretOf: (stack: LocalStack) => Promise<DatabaseSecret>,
  rotation: PairRotation,
): Scenario => ({
  title,
  run: async (stack, terminal) => rotatePair(stack, await secretOf(stack), rotation, terminal),
});

const tagsOf = (strategy: string, predecessor: string) => ({
  'docdb-rotation:strategy': strategy,
  'docdb-rotation:retirement-policy': predecessor,
  'docdb-rotation:grace': String(GRACE_SECONDS),
});

/** It asks for `delete`, to show what becomes of that: this user can't be dropped. */
const primaryUser = async (stack: LocalStack): Promise<DatabaseSecret> => {
  const tags = Object.entries(tagsOf('admin-clone', 'delete')).map(([Key, Value]) => ({ Key, Value }));
  await stack.secretsManager.send(new TagResourceCommand({ SecretId: stack.adminSecret.arn, Tags: tags }));
  return stack.adminSecret;
};

export const clonedPrimaryUser = scenario(
  'The cluster’s primary user is replaced by its clone, and locked',
  primaryUser,
  { name: 'primary user cloned', strategy: 'admin-clone', retired: 'locked' },
);

export const clonedAdmin = scenario(
  'A self-made admin is replaced by its clone, and deleted',
  (stack) =>
    stack.makeSecret({
      name: 'demo/shop-admin',
      username: 'shop_admin',
      roles: [{ role: 'root', db: 'admin' }],
      masterarn: false,
      tags: tagsOf('admin-clone', 'delete'),
    }),
  { name: 'admin cloned', strategy: 'admin-clone', retired: 'deleted' },
);

/** The admin whose power it takes is by now the clone of the first of these scenarios. */
export const alternatingUsers = scenario(
  'Two users of an application take turns, and both stay',
  (stack) =>
    stack.makeSecret({
      name: 'demo/alternating',
      username: 'orders',
      tags: tagsOf('alternating-users', 'keep'),
    }),
  { name: 'alternating users', strategy: 'alternating-users' },
);
