import { randomUUID } from 'node:crypto';
import { PutSecretValueCommand, TagResourceCommand } from '@aws-sdk/client-secrets-manager';
import { StopExecutionCommand } from '@aws-sdk/client-sfn';
import { afterEach, describe, expect, test } from 'vitest';
import type { DatabaseSecret, LocalStack } from '../../local-stack/deployment/index.ts';
import { useStack } from '../../local-stack/deployment/use-stack.ts';
import { watchLogins } from './login-watch.ts';
import {
  ended,
  expectNoPasswordAnywhere,
  expectSettled,
  labelsOf,
  logsInEverywhere,
  run,
} from './outside-judge.ts';

/** Two users that take turns: the admin clone, and alternating users. */
let stack: LocalStack;
useStack({ propagationTimeoutSeconds: 6, drainSeconds: 1 }, (started) => {
  stack = started;
});
afterEach(() => {
  stack.documentDb.faults.clear();
  stack.secretsManagerStandIn.faults.removeAll();
});

const ROOT = [{ role: 'root', db: 'admin' }];

/** A user as the database itself lists it. */
const userInDatabase = async (
  username: string,
): Promise<{ roles: { role: string; db: string }[] } | undefined> => {
  const { users } = await stack.runCommand({ usersInfo: { user: username, db: 'admin' } });
  return (users as { roles: { role: string; db: string }[] }[])[0];
};

const pair = (
  strategy: string,
  options: Record<string, unknown> = {},
  tags: Record<string, string> = {},
): Promise<DatabaseSecret> =>
  stack.makeSecret({
    ...(strategy === 'admin-clone' ? { roles: ROOT, masterarn: false } : {}),
    ...options,
    tags: { 'docdb-rotation:strategy': strategy, 'docdb-rotation:grace': '0', ...tags },
  });

/** The end of the retirement that a rotation started. */
const retirementOf = async (output: Record<string, unknown>) =>
  await ended(stack.retirements, String(output.retirement));

const rotated = async (secretId: string) => {
  const execution = await run(stack, { secretId });
  expect(execution, execution.cause).toMatchObject({ status: 'SUCCEEDED', output: { outcome: 'rotated' } });
  await expectSettled(stack, secretId);
  return execution;
};

describe('admin-clone', () => {
  test('goes back and forth between the admin and its clone, and makes no third user', async () => {
    const secret = await pair('admin-clone', {}, { 'docdb-rotation:retirement-policy': 'keep' });

    for (const username of [`${secret.username}_clone`, secret.username, `${secret.username}_clone`]) {
      await rotated(secret.arn);
      expect(await stack.credentialOf(secret.arn)).toMatchObject({ username });
      expect((await userInDatabase(username))?.roles).toEqual(ROOT);
    }

    const names = (await stack.documentDb.admin.users()).map(({ name }) => name);
    expect(names.filter((name) => name.startsWith(secret.username)).sort()).toEqual([
      secret.username,
      `${secret.username}_clone`,
    ]);
  });

  test('works for the cluster’s primary user, which can only be locked', async () => {
    const { arn } = stack.adminSecret;
    const Tags = { strategy: 'admin-clone', 'retirement-policy': 'delete', grace: '0' };
    await stack.secretsManager.send(
      new TagResourceCommand({
        SecretId: arn,
        Tags: Object.entries(Tags).map(([key, Value]) => ({ Key: `docdb-rotation:${key}`, Value })),
      }),
    );

    const { output } = await rotated(arn);

    expect(await retirementOf(output)).toMatchObject({
      status: 'SUCCEEDED',
      output: { outcome: 'locked', insteadOf: 'delete' },
    });
    expect((await userInDatabase(stack.primaryUser.username))?.roles).toEqual(ROOT);
    expect(await logsInEverywhere(stack, stack.adminSecret)).toBe(false);
    // And back again, from the clone to the locked primary user.
    await retirementOf((await rotated(arn)).output);
    expect(await stack.credentialOf(arn)).toMatchObject({ username: stack.primaryUser.username });
    expect(await userInDatabase(`${stack.primaryUser.username}_clone`)).toBeUndefined();
  });
});

describe('after the retirement of a predecessor', () => {
  test.each([
    ['delete', 'deleted', undefined, false],
    ['revoke', 'revoked', [], true],
    ['lock', 'locked', ROOT, false],
  ] as const)('by %s the database says so', async (policy, outcome, roles, logsIn) => {
    const secret = await pair('admin-clone', {}, { 'docdb-rotation:retirement-policy': policy });
    const { output } = await rotated(secret.arn);

    expect(await retirementOf(output)).toMatchObject({
      status: 'SUCCEEDED',
      output: { outcome, user: secret.username },
    });

    expect((await userInDatabase(secret.username))?.roles).toEqual(roles);
    expect(await logsInEverywhere(stack, secret)).toBe(logsIn);
    expect((await userInDatabase(`${secret.username}_clone`))?.roles).toEqual(ROOT);
    await expectSettled(stack, secret.arn);
    // Whatever became of it, the next rotation brings it back.
    await rotated(secret.arn);
    expect((await userInDatabase(secret.username))?.roles).toEqual(ROOT);
  });

  test('by keep nothing is started', async () => {
    const secret = await pair('admin-clone', {}, { 'docdb-rotation:retirement-policy': 'keep' });
    const { states } = await rotated(secret.arn);
    expect(states).not.toContain('StartRetirement');
    expect(await logsInEverywhere(stack, secret)).toBe(true);
  });

  test('that wakes up after a revert no one is deleted', async () => {
    const secret = await pair(
      'admin-clone',
      {},
      { 'docdb-rotation:retirement-policy': 'delete', 'docdb-rotation:grace': '600' },
    );
    const { output } = await rotated(secret.arn);
    const arn = String(output.retirement);
    const { input } = await stack.retirements.describe(arn);
    const reverted = await run(stack, { secretId: secret.arn, mode: 'revert' });
    expect(reverted).toMatchObject({ status: 'SUCCEEDED' });

    // An operator hurries it: stops the waiting one, and starts it again without the grace.
    await stack.stepFunctions.send(new StopExecutionCommand({ executionArn: arn }));
    const hurried = await stack.retirements.start({ ...JSON.parse(input ?? ''), graceSeconds: 0 });

    expect(await ended(stack.retirements, hurried)).toMatchObject({ output: { outcome: 'superseded' } });
    expect(await logsInEverywhere(stack, secret)).toBe(true);
    expect(await stack.credentialOf(secret.arn)).toMatchObject({
      username: secret.username,
      password: secret.password,
    });
    await expectSettled(stack, secret.arn);
  });
});

describe('alternating-users', () => {
  const CUSTOM = { role: 'orderReader', db: 'admin' };

  test('copies the current user’s roles in full, on every rotation', async () => {
    await stack.runCommand({
      createRole: CUSTOM.role,
      privileges: [{ resource: { db: 'orders', collection: '' }, actions: ['find'] }],
      roles: [],
    });
    const roles = [{ role: 'readWrite', db: 'shop' }, { role: 'read', db: 'stock' }, CUSTOM];
    const secret = await pair('alternating-users', { roles });
    const clone = `${secret.username}_clone`;
    const rolesOf = async (username: string) =>
      ((await userInDatabase(username))?.roles ?? []).map(({ role, db }) => `${role}@${db}`).sort();

    await rotated(secret.arn);
    expect(await rolesOf(clone)).toEqual(['orderReader@admin', 'read@stock', 'readWrite@shop']);

    await stack.runCommand({ grantRolesToUser: clone, roles: [{ role: 'read', db: 'audit' }] });
    await stack.runCommand({ revokeRolesFromUser: clone, roles: [{ role: 'readWrite', db: 'shop' }] });
    await rotated(secret.arn);
    expect(await rolesOf(secret.username)).toEqual(['orderReader@admin', 'read@audit', 'read@stock']);
  });

  test('works while the admin secret is itself being rotated', async () => {
    const secrets = await Promise.all([
      pair('alternating-users'),
      pair('alternating-users'),
      pair('alternating-users'),
    ]);
    const admin = await stack.makeSecret({ roles: ROOT, masterarn: false });
    for (const { arn } of secrets) {
      await stack.secretsManager.send(
        new TagResourceCommand({
          SecretId: arn,
          Tags: [{ Key: 'docdb-rotation:admin-secret', Value: admin.arn }],
        }),
      );
    }

    const executions = await Promise.all(
      [admin, ...secrets, ...[]].map(({ arn }) => run(stack, { secretId: arn })),
    );

    expect(executions.map(({ status }) => status)).toEqual(executions.map(() => 'SUCCEEDED'));
    for (const { arn } of [admin, ...secrets]) await expectSettled(stack, arn);
  });
});

describe('a rolled-back rotation of a pair', () => {
  test.each(['admin-clone', 'alternating-users'])('leaves no new user, in a first %s', async (strategy) => {
    const secret = await pair(strategy);
    const before = await labelsOf(stack, secret.arn);
    stack.secretsManagerStandIn.faults.add({
      kind: 'error-before',
      type: 'AccessDeniedException',
      operation: 'UpdateSecretVersionStage',
      secretId: secret.arn,
      when: ({ input }) => input.VersionStage === 'AWSCURRENT',
      times: 1,
    });

    expect(await run(stack, { secretId: secret.arn })).toMatchObject({
      status: 'FAILED',
      error: 'RolledBack',
    });

    expect(await userInDatabase(`${secret.username}_clone`)).toBeUndefined();
    expect(await labelsOf(stack, secret.arn)).toEqual(before);
    expect(await logsInEverywhere(stack, secret)).toBe(true);
  });

  test('gives AWSPREVIOUS its user back, if CheckAfter fails after the promotion', async () => {
    const secret = await pair('alternating-users');
    await rotated(secret.arn);
    const before = await labelsOf(stack, secret.arn);
    const stop = stack.secretsManagerStandIn.onRequest(({ moment, operation, input, secretId }) => {
      if (moment !== 'after' || operation !== 'UpdateSecretVersionStage' || secretId !== secret.arn) return;
      if (input.VersionStage !== 'AWSCURRENT') return;
      stop();
      stack.documentDb.faults.add({
        kind: 'refuse',
        code: 2,
        command: 'connectionStatus',
        user: secret.username,
      });
    });
    const watch = watchLogins(stack, secret.arn);

    expect(await run(stack, { secretId: secret.arn })).toMatchObject({
      status: 'FAILED',
      error: 'RolledBack',
    });

    expect(await watch.stop()).toMatchObject({ failures: 0 });
    expect(await labelsOf(stack, secret.arn)).toEqual(before);
    expect(await logsInEverywhere(stack, await stack.credentialOf(secret.arn, 'AWSPREVIOUS'))).toBe(true);
    await expectSettled(stack, secret.arn);
  });

  test.each(['admin-clone', 'alternating-users'])(
    '%s: an abort after the user was made is recovered without it',
    async (strategy) => {
      const secret = await pair(strategy);
      const execution = await stack.executions.start({ secretId: secret.arn });
      const made = Promise.withResolvers<void>();
      const stop = stack.documentDb.onCommand(async ({ when, command, target }) => {
        if (when !== 'after' || command !== 'createUser' || target !== `${secret.username}_clone`) return;
        stop();
        await stack.executions.abort(execution);
        made.resolve();
        // The function ends by it: the recovery waits for a second here, and it might take longer.
        return { kind: 'cut-after' };
      });
      await made.promise;

      await expect
        .poll(() => userInDatabase(`${secret.username}_clone`), { timeout: 30_000 })
        .toBeUndefined();
      await expect
        .poll(async () => (await labelsOf(stack, secret.arn)).pending, { timeout: 30_000 })
        .toBeUndefined();
      expect(await logsInEverywhere(stack, secret)).toBe(true);
    },
  );
});

describe('names', () => {
  test.each([
    ['63 characters', 'single-user', 'n'.repeat(63)],
    ['upper case', 'alternating-users', 'AppUser'],
    ['x_clone from the start', 'alternating-users', 'started_as_clone'],
  ])('%s works with %s', async (_what, strategy, username) => {
    const secret = await pair(strategy, { username });
    await rotated(secret.arn);
    await rotated(secret.arn);
    expect(await stack.credentialOf(secret.arn)).toMatchObject({ username });
  });

  test('fails before anything changes if the clone’s name would be too long', async () => {
    const secret = await pair('alternating-users', { username: 'm'.repeat(60) });
    const execution = await run(stack, { secretId: secret.arn });
    expect(execution).toMatchObject({ status: 'FAILED', error: 'InvalidSecretError' });
    expect(execution.cause).toContain('63 characters');
    await expectSettled(stack, secret.arn);
  });

  test.each(['admin-clone', 'alternating-users'])(
    'fails in %s if the clone’s name is someone else’s, who is left alone',
    async (strategy) => {
      const secret = await pair(strategy);
      const other = await stack.makeSecret({ username: `${secret.username}_clone` });

      const execution = await run(stack, { secretId: secret.arn });

      expect(execution).toMatchObject({ status: 'FAILED', error: 'UserNameTakenError' });
      expect(await logsInEverywhere(stack, other)).toBe(true);
      await expectSettled(stack, secret.arn);
      await expectSettled(stack, other.arn);
    },
  );
});

test('a secret whose username was changed to the admin’s, without its password, gets nothing changed', async () => {
  const secret = await pair('alternating-users');
  const admin = await stack.credentialOf(stack.adminSecret.arn);
  const { host, port } = stack.documentDb;
  const forged = {
    engine: 'mongo',
    host,
    port,
    username: admin.username,
    password: randomUUID(),
    masterarn: stack.adminSecret.arn,
  };
  await stack.secretsManager.send(
    new PutSecretValueCommand({ SecretId: secret.arn, SecretString: JSON.stringify(forged) }),
  );
  const before = JSON.stringify(await stack.documentDb.admin.users());

  for (const strategy of ['alternating-users', 'single-user', 'admin-clone']) {
    await stack.secretsManager.send(
      new TagResourceCommand({
        SecretId: secret.arn,
        Tags: [{ Key: 'docdb-rotation:strategy', Value: strategy }],
      }),
    );
    expect(await run(stack, { secretId: secret.arn }), strategy).toMatchObject({
      status: 'FAILED',
      error: 'NoUsableCredentialsError',
    });
  }
  expect(JSON.stringify(await stack.documentDb.admin.users())).toBe(before);
  expect(await stack.logsIn(admin)).toBe(true);
});

test('no password is in any history, log, output or cause of all this', async () => {
  await expectNoPasswordAnywhere(stack);
});
