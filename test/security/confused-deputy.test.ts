import { randomUUID } from 'node:crypto';
import {
  DescribeSecretCommand,
  GetSecretValueCommand,
  PutSecretValueCommand,
  TagResourceCommand,
} from '@aws-sdk/client-secrets-manager';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  type Ended,
  ended,
  expectNoPasswordAnywhere,
  expectSettled,
  labelsOf,
  logsInEverywhere,
  recover,
  recoveriesOf,
  run,
} from '../e2e/rotations/outside-judge.ts';
import { type DatabaseSecret, type LocalStack, startLocalStack } from '../local-stack/deployment/index.ts';
import type { StoredUser } from '../local-stack/document-db/index.ts';

/**
 * Someone may write one secret, and wants the rotation, which may use the admin secret, to act on another user; or
 * may start the machines, and wants them to act on another secret. Each attempt ends in an error, with every other
 * user as before.
 */
let stack: LocalStack;
beforeAll(async () => {
  // Three seconds to wait for a step in flight: the tests that hold one let it go before.
  stack = await startLocalStack({ propagationTimeoutSeconds: 30, drainSeconds: 60, waitScale: 0.05 });
});
afterAll(async () => {
  await stack?.stop();
});

const currentValue = async (secretId: string): Promise<Record<string, unknown>> => {
  const { SecretString = '' } = await stack.secretsManager.send(
    new GetSecretValueCommand({ SecretId: secretId }),
  );
  return JSON.parse(SecretString);
};

/** Writes a version as the attacker may: any keys, any labels. */
const write = async (
  { arn }: DatabaseSecret,
  change: Readonly<Record<string, unknown>>,
  label = 'AWSCURRENT',
): Promise<string> => {
  const { VersionId = '' } = await stack.secretsManager.send(
    new PutSecretValueCommand({
      SecretId: arn,
      SecretString: JSON.stringify({ ...(await currentValue(arn)), ...change }),
      VersionStages: [label],
    }),
  );
  return VersionId;
};

const tag = async ({ arn }: DatabaseSecret, tags: Readonly<Record<string, string>>): Promise<void> => {
  await stack.secretsManager.send(
    new TagResourceCommand({
      SecretId: arn,
      Tags: Object.entries(tags).map(([key, Value]) => ({ Key: `docdb-rotation:${key}`, Value })),
    }),
  );
};

const users = (): Promise<readonly StoredUser[]> => stack.documentDb.admin.users();

/** Runs the attempt; all users but those of the attacker's own secret are as before, in the database. */
const expectNobodyElseTouched = async <T>(own: DatabaseSecret, attempt: () => Promise<T>): Promise<T> => {
  const others = async () => JSON.stringify((await users()).filter(({ name }) => name !== own.username));
  const before = await others();
  const execution = await attempt();
  expect(await others(), 'the other users').toBe(before);
  return execution;
};

const expectRefused = async (own: DatabaseSecret, error: string | RegExp, input = {}): Promise<void> => {
  const execution = await expectNobodyElseTouched(own, () => run(stack, { secretId: own.arn, ...input }));
  expect(execution.status).toBe('FAILED');
  expect(`${execution.error}: ${execution.cause}`).toMatch(error);
};

describe('a username that is not the secret’s own is refused', () => {
  test.each([
    ['the admin’s', 'single-user', () => stack.primaryUser.username],
    ['the admin’s', 'alternating-users', () => stack.primaryUser.username],
    ['the one of AWS itself', 'single-user', () => 'serviceadmin'],
    ['another application’s', 'single-user', () => stack.appSecret.username],
    ['another application’s', 'alternating-users', () => stack.appSecret.username],
    ['another application’s, for an admin', 'admin-clone', () => stack.appSecret.username],
  ])('%s, in %s', async (_whose, strategy, username) => {
    const secret = await stack.makeSecret({ tags: { 'docdb-rotation:strategy': strategy } });
    await write(secret, { username: username() });
    await expectRefused(secret, /^(NoUsableCredentialsError|UserNotFoundError)/);
  });

  test('if AWSPREVIOUS still logs in as the old one', async () => {
    const secret = await stack.makeSecret();
    await write(secret, { password: secret.password });
    await write(secret, { username: stack.appSecret.username });
    await expectRefused(secret, /^NoUsableCredentialsError/);
    expect(await logsInEverywhere(stack, secret)).toBe(true);
  });

  test('whatever case or invisible characters make it look alike', async () => {
    for (const disguise of [
      stack.appSecret.username.toUpperCase(),
      `${stack.appSecret.username}\u200b`,
      `${stack.appSecret.username}\0`,
      `${stack.appSecret.username} `,
    ]) {
      const secret = await stack.makeSecret();
      await write(secret, { username: disguise });
      await expectRefused(secret, /^(NoUsableCredentialsError|UserNotFoundError)/);
    }
  });

  test('by a recovery too', async () => {
    const secret = await stack.makeSecret();
    await write(secret, { username: stack.appSecret.username });
    // Without AWSPREVIOUS, which still is the secret's own and would be put back.
    await write(secret, { username: stack.appSecret.username });
    const execution = await expectNobodyElseTouched(secret, () => recover(stack, { secretId: secret.arn }));
    expect(execution).toMatchObject({ status: 'FAILED', error: 'RecoveryFailed' });
    expect(execution.cause).toContain('NoUsableCredentialsError');
  });
});

describe('a clone that is someone else’s', () => {
  test.each(['alternating-users', 'admin-clone'])('is left alone in %s', async (strategy) => {
    const secret = await stack.makeSecret({
      roles: [{ role: 'root', db: 'admin' }],
      tags: { 'docdb-rotation:strategy': strategy },
    });
    const victim = await stack.makeSecret({ username: `${secret.username}_clone` });
    await expectRefused(secret, /^UserNameTakenError/);
    // A refused rotation leaves its version behind: it proves nothing.
    await expectRefused(secret, /^UserNameTakenError/);
    expect(await logsInEverywhere(stack, victim)).toBe(true);
  });

  test('is left alone if the attacker’s own user is named as the clone', async () => {
    const victim = await stack.makeSecret({ roles: [{ role: 'root', db: 'admin' }] });
    const secret = await stack.makeSecret({
      username: `${victim.username}_clone`,
      tags: { 'docdb-rotation:strategy': 'alternating-users' },
    });
    await expectRefused(secret, /^UserNameTakenError/);
    expect(await logsInEverywhere(stack, victim)).toBe(true);
  });

  // A locked predecessor of the secret's own does not log in either: the tag with the proven versions tells the two apart.
  test.each([
    ['an admin’s', [{ role: 'root', db: 'admin' }]],
    ['an application’s', [{ role: 'readWrite', db: 'shop' }]],
  ])('is left alone if the attacker plants an AWSPREVIOUS for it: %s', async (_whose, roles) => {
    const secret = await stack.makeSecret({ tags: { 'docdb-rotation:strategy': 'alternating-users' } });
    const victim = await stack.makeSecret({ username: `${secret.username}_clone`, roles });
    await write(secret, { username: victim.username, password: randomUUID() });
    await write(secret, { username: secret.username, password: secret.password });
    await expectRefused(secret, /^UserNameTakenError: .*no proven version/);
    expect(await logsInEverywhere(stack, victim)).toBe(true);
    await expectSettled(stack, secret.arn);
  });

  test.each(['revert', 'recovery'])(
    'is left alone by a %s to an AWSPREVIOUS that the attacker plants for it',
    async (way) => {
      const secret = await stack.makeSecret({ tags: { 'docdb-rotation:strategy': 'alternating-users' } });
      const victim = await stack.makeSecret({ username: `${secret.username}_clone` });
      await write(secret, { username: victim.username, password: randomUUID() });
      await write(secret, { username: secret.username, password: secret.password });
      const execution = await expectNobodyElseTouched(secret, () =>
        way === 'revert'
          ? run(stack, { secretId: secret.arn, mode: 'revert' })
          : recover(stack, { secretId: secret.arn }),
      );
      if (way === 'revert') expect(execution).toMatchObject({ error: 'UntrustedVersionError' });
      else expect(execution).toMatchObject({ status: 'SUCCEEDED', output: { outcome: 'nothing-to-do' } });
      expect(await logsInEverywhere(stack, victim)).toBe(true);
      await expectSettled(stack, secret.arn);
    },
  );
});

describe('a secret that names another cluster, or another admin, gets no help', () => {
  test('if its host is a server of the attacker’s, the admin’s credential does not go there', async () => {
    const secret = await stack.makeSecret();
    const { port } = await stack.documentDb.openFront({ certificate: 'trusted' });
    await write(secret, { port });
    stack.documentDb.observed.splice(0);
    // The attacker's server is the real one by another way, so that it could change the user.
    const execution = await run(stack, { secretId: secret.arn });
    expect(execution).toMatchObject({ status: 'FAILED' });
    expect(execution.cause).toContain('AdminSecretMismatchError');
    const adminCame = stack.documentDb.observed.filter(({ user }) => user === stack.primaryUser.username);
    expect(adminCame).toEqual([]);
    expect(await logsInEverywhere(stack, secret)).toBe(true);
  });

  test.each([
    ['itself', (secret: DatabaseSecret) => secret.arn],
    ['another application’s', () => stack.appSecret.arn],
  ])('if the tag admin-secret names %s', async (_whose, admin) => {
    const secret = await stack.makeSecret();
    await tag(secret, { 'admin-secret': admin(secret) });
    const before = await labelsOf(stack, secret.arn);
    await expectRefused(secret, /^RolledBack: SetSecret failed with NotAuthorizedError/);
    expect(await labelsOf(stack, secret.arn)).toEqual(before);
    await expectSettled(stack, secret.arn);
  });

  test('if only its value names the admin secret: the one who may write it chooses no admin', async () => {
    const secret = await stack.makeSecret({ masterarn: false });
    await write(secret, { masterarn: stack.adminSecret.arn });
    stack.documentDb.observed.splice(0);
    await expectRefused(secret, /^RolledBack: SetSecret failed with AdminSecretRequiredError/);
    expect(stack.documentDb.observed.filter(({ user }) => user === stack.primaryUser.username)).toEqual([]);
    await expectSettled(stack, secret.arn);
  });

  test('if the secret that the tag names does not exist', async () => {
    const secret = await stack.makeSecret();
    await tag(secret, {
      'admin-secret': 'arn:aws:secretsmanager:eu-central-1:000000000000:secret:none-AbCdEf',
    });
    // AWS does not tell a secret that is missing from one that the functions may not read.
    await expectRefused(
      secret,
      /^RolledBack: SetSecret failed with SecretsManagerRefusedError: .*AccessDenied/,
    );
    await expectSettled(stack, secret.arn);
  });

  test('if the tag admin-secret names one with the same host and a user of the attacker’s', async () => {
    const secret = await stack.makeSecret();
    const forged = await stack.makeSecret({ createUser: false });
    await tag(secret, { 'admin-secret': forged.arn });
    await expectRefused(secret, /^RolledBack: SetSecret failed with AdminSecretUnavailableError/);
    await expectSettled(stack, secret.arn);
  });

  test('if the admin secret says "ssl": false, nothing is sent without TLS', async () => {
    const admin = await stack.makeSecret({ roles: [{ role: 'root', db: 'admin' }] });
    await write(admin, { ssl: false });
    const secret = await stack.makeSecret({ tags: { 'docdb-rotation:admin-secret': admin.arn } });
    stack.documentDb.observed.splice(0);
    await expectRefused(secret, /^RolledBack: SetSecret failed with DatabaseUnavailableError/);
    expect(stack.documentDb.observed.filter(({ user }) => user === admin.username)).toEqual([]);
    await expectSettled(stack, secret.arn);
  });
});

describe('a pending version that was planted is not used', () => {
  test.each([
    ['for the secret’s own user', () => ({})],
    ['for the admin', () => ({ username: stack.primaryUser.username })],
    ['for another application', () => ({ username: stack.appSecret.username })],
    ['for another server', () => ({ port: 1 })],
    ['without TLS', () => ({ ssl: false })],
    ['without TLS, in words', () => ({ ssl: 'False' })],
  ])('%s', async (_what, change) => {
    const secret = await stack.makeSecret();
    const before = await labelsOf(stack, secret.arn);
    const token = await write(secret, { password: randomUUID(), ...change() }, 'AWSPENDING');
    await expectRefused(secret, /^UnknownTokenError/, { token });
    await expectRefused(secret, /^RotationInProgressError/);
    expect(await labelsOf(stack, secret.arn)).toEqual({ ...before, pending: token });
    expect(await logsInEverywhere(stack, secret)).toBe(true);
    // And if Secrets Manager took it for its own.
    const answer = await expectNobodyElseTouched(secret, () =>
      stack.invokeTrigger({
        Step: 'createSecret',
        SecretId: secret.arn,
        ClientRequestToken: token,
        RotationToken: randomUUID(),
      }),
    );
    expect(answer.payload).toContain('UntrustedVersionError');
    expect(await labelsOf(stack, secret.arn)).toEqual(before);
    await expectSettled(stack, secret.arn);
  });

  test('by a recovery: for the admin, or another application', async () => {
    for (const username of [stack.primaryUser.username, stack.appSecret.username]) {
      const secret = await stack.makeSecret();
      await write(secret, { username, password: randomUUID() }, 'AWSPENDING');
      const execution = await expectNobodyElseTouched(secret, () => recover(stack, { secretId: secret.arn }));
      expect(execution).toMatchObject({ status: 'SUCCEEDED', output: { outcome: 'recovered' } });
      await expectSettled(stack, secret.arn);
    }
  });

  test('by a rollback: an AWSPREVIOUS for the admin, or for another server', async () => {
    // The real database by another way: the credential logs in there.
    const { port } = await stack.documentDb.openFront({ certificate: 'trusted' });
    for (const change of [{ username: stack.primaryUser.username }, { port }]) {
      const secret = await stack.makeSecret();
      await write(secret, change);
      await write(secret, { username: secret.username, port: stack.documentDb.port });
      await expectRefused(secret, /^UntrustedVersionError/, { mode: 'revert' });
      await expectSettled(stack, secret.arn);
    }
  });
});

describe('a token is no key to another version', () => {
  test('if it is another secret’s', async () => {
    const secret = await stack.makeSecret();
    const other = await stack.makeSecret();
    const token = await write(other, { password: randomUUID() }, 'AWSPENDING');
    const before = await labelsOf(stack, other.arn);
    await expectRefused(secret, /^UnknownTokenError/, { token });
    expect(await labelsOf(stack, other.arn)).toEqual(before);
    await expectSettled(stack, secret.arn);
  });

  test('if it is an old version’s, whose password someone may know', async () => {
    const secret = await stack.makeSecret();
    const { current: token = '' } = await labelsOf(stack, secret.arn);
    for (let round = 0; round < 2; round++) {
      expect(await run(stack, { secretId: secret.arn })).toMatchObject({ status: 'SUCCEEDED' });
    }
    const before = await labelsOf(stack, secret.arn);
    await expectRefused(secret, /^(UnknownTokenError|PendingVersionMismatchError)/, { token });
    expect(await labelsOf(stack, secret.arn)).toEqual(before);
    expect(await logsInEverywhere(stack, secret), 'the first password logs in').toBe(false);
  });
});

/** Starts a rotation that stops before the database changes, until it is let go. */
const heldRotation = async (secret: DatabaseSecret) => {
  const gate = Promise.withResolvers<void>();
  const arrived = Promise.withResolvers<void>();
  const stop = stack.documentDb.onCommand(async ({ when, command, target }) => {
    if (when !== 'before' || command !== 'updateUser' || target !== secret.username) return;
    stop();
    arrived.resolve();
    await gate.promise;
  });
  const arn = await stack.executions.start({ secretId: secret.arn });
  await arrived.promise;
  return { arn, letGo: () => gate.resolve() };
};

describe('the event of EventBridge, made by hand', () => {
  test.each(['ABORTED', 'RUNNING'])(
    'with the ARN of a rotation that runs (%s): the recovery takes over, and AWSCURRENT logs in',
    async (status) => {
      const secret = await stack.makeSecret();
      const rotation = await heldRotation(secret);
      const input = JSON.stringify({ secretId: secret.arn });
      const recovery = await stack.recoveries.start({ executionArn: rotation.arn, status, input });
      await expect
        .poll(() => stack.recoveries.states(recovery), { timeout: 20_000 })
        .toContain('WaitForDrain');
      rotation.letGo();
      const ends = [await ended(stack.recoveries, recovery), await ended(stack.executions, rotation.arn)];
      expect(ends, JSON.stringify(ends)).toMatchObject([
        { status: 'SUCCEEDED', output: { outcome: 'recovered' } },
        { status: 'FAILED', error: 'RotationSupersededError' },
      ]);
      // The rule sends another one after who was superseded: it finds all in order.
      await expect.poll(() => recoveriesOf(stack, rotation.arn), { timeout: 20_000 }).toHaveLength(2);
      for (const arn of await recoveriesOf(stack, rotation.arn)) {
        expect(await ended(stack.recoveries, arn)).toMatchObject({ status: 'SUCCEEDED' });
      }
      await expectSettled(stack, secret.arn);
    },
  );

  test.each([
    ['an input that is no text', { executionArn: 'x', status: 'ABORTED', input: { secretId: 'demo/app' } }],
    ['an input that is no JSON', { executionArn: 'x', status: 'ABORTED', input: '{"secretId":' }],
    ['an ARN that is none', { executionArn: 7, status: 'ABORTED', input: '{"secretId":"demo/app"}' }],
    ['a secretId that is none', { executionArn: 'x', status: 'ABORTED', input: '{"secretId":{"a":1}}' }],
    [
      'a token that is none',
      { executionArn: 'x', status: 'ABORTED', input: '{"secretId":"demo/app","token":1}' },
    ],
    [
      'more than it has',
      {
        executionArn: 'x',
        status: 'ABORTED',
        mode: 'recover',
        resetThroughAdmin: true,
        input: '{"secretId":"demo/app","resetThroughAdmin":true}',
      },
    ],
  ])('with %s changes nothing', async (_what, event) => {
    const before = await labelsOf(stack, stack.appSecret.arn);
    const execution = await recover(stack, event);
    expect(execution.status).toMatch(/FAILED|SUCCEEDED/);
    expect(await labelsOf(stack, stack.appSecret.arn)).toEqual(before);
    await expectSettled(stack, stack.appSecret.arn);
  });
});

describe('a retirement that is started by hand', () => {
  const retire = async (
    secret: DatabaseSecret,
    change: Readonly<Record<string, unknown>>,
  ): Promise<Ended> => {
    const { current } = await labelsOf(stack, secret.arn);
    const input = {
      secretId: secret.arn,
      version: current,
      strategy: 'alternating-users',
      adminSecret: stack.adminSecret.arn,
      predecessor: `${secret.username}_clone`,
      policy: 'delete',
      graceSeconds: 0,
      ...change,
    };
    return await ended(stack.retirements, await stack.retirements.start(input));
  };

  test.each([
    ['the admin', () => stack.primaryUser.username],
    ['another application', () => stack.appSecret.username],
    ['the secret’s own user', (secret: DatabaseSecret) => secret.username],
  ])('does not touch %s', async (_whom, predecessor) => {
    const secret = await stack.makeSecret();
    const execution = await expectNobodyElseTouched(secret, () =>
      retire(secret, { predecessor: predecessor(secret) }),
    );
    expect(execution).toMatchObject({ status: 'FAILED', error: 'RetirementFailed' });
    expect(execution.cause).toContain('UntrustedVersionError');
    expect(await logsInEverywhere(stack, secret)).toBe(true);
  });

  test.each(['delete', 'revoke', 'lock'])(
    'does not touch a user that has the clone’s name, but was never this secret’s: %s',
    async (policy) => {
      const secret = await stack.makeSecret();
      const victim = await stack.makeSecret({ username: `${secret.username}_clone` });
      await expectNobodyElseTouched(secret, () => retire(secret, { policy }));
      expect(await logsInEverywhere(stack, victim)).toBe(true);
    },
  );

  test('does not touch the user of an old version that is named by hand', async () => {
    const secret = await stack.makeSecret({
      tags: { 'docdb-rotation:strategy': 'alternating-users', 'docdb-rotation:retirement-policy': 'keep' },
    });
    const { current: version } = await labelsOf(stack, secret.arn);
    expect(await run(stack, { secretId: secret.arn })).toMatchObject({ status: 'SUCCEEDED' });
    const execution = await retire(secret, { version });
    expect(execution.output).toMatchObject({ outcome: 'superseded' });
    await expectSettled(stack, secret.arn);
  });
});

test('the admin secret has the labels that it had, and logs in', async () => {
  const { VersionIdsToStages = {} } = await stack.secretsManager.send(
    new DescribeSecretCommand({ SecretId: stack.adminSecret.arn }),
  );
  expect(Object.values(VersionIdsToStages)).toEqual([['AWSCURRENT']]);
  await expectSettled(stack, stack.adminSecret.arn);
});

test('no password is in any history, log, output or cause of all this', async () => {
  await expectNoPasswordAnywhere(stack);
});
