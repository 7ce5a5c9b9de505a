import { randomUUID } from 'node:crypto';
import {
  CreateSecretCommand,
  DeleteSecretCommand,
  GetSecretValueCommand,
  PutSecretValueCommand,
  RotateSecretCommand,
} from '@aws-sdk/client-secrets-manager';
import { describe, expect, test } from 'vitest';
import type { LocalStack } from '../../local-stack/deployment/index.ts';
import { useStack } from '../../local-stack/deployment/use-stack.ts';
import {
  type Ended,
  expectNoPasswordAnywhere,
  expectSettled,
  labelsOf,
  logsInEverywhere,
  recover,
  run,
} from './outside-judge.ts';

/** Bad input is a clear error, and nothing is changed. */
let stack: LocalStack;
useStack({ propagationTimeoutSeconds: 6, drainSeconds: 1 }, (started) => {
  stack = started;
});

/** Everything that could have been changed. */
const world = async (secretId: string) => ({
  labels: await labelsOf(stack, secretId),
  users: JSON.stringify(await stack.documentDb.admin.users()),
});

const expectRefused = async (secretId: string, error: string, cause: RegExp): Promise<void> => {
  const before = await world(secretId);
  const execution = await run(stack, { secretId });
  expect(execution).toMatchObject({ status: 'FAILED', error });
  expect(execution.cause).toMatch(cause);
  expect(execution.cause).toContain('Nothing was changed');
  expect(await world(secretId)).toEqual(before);
};

const createRaw = async (value: { SecretString?: string; SecretBinary?: Uint8Array }): Promise<string> => {
  const { ARN = '' } = await stack.secretsManager.send(
    new CreateSecretCommand({ Name: `raw/${randomUUID()}`, ...value }),
  );
  return ARN;
};

describe('a secret whose value can not be used is refused', () => {
  test('if it is not JSON', async () => {
    await expectRefused(
      await createRaw({ SecretString: `{"password": "${randomUUID()}` }),
      'InvalidSecretError',
      /is not JSON/,
    );
  });

  test('if it is binary', async () => {
    await expectRefused(
      await createRaw({ SecretBinary: new Uint8Array([1, 2, 3]) }),
      'InvalidSecretError',
      /binary or empty/,
    );
  });

  test.each([
    ['it lacks a username', { username: undefined }, /"username" is missing/],
    ['it lacks a password', { password: undefined }, /"password" is missing/],
    ['it lacks a host', { host: undefined }, /"host" is missing/],
    ['its engine is another one', { engine: 'postgres' }, /"engine" is missing or unusable/],
    ['it is for an IAM user', { username: 'arn:aws:iam::000000000000:role/app' }, /IAM user/],
    ['its port is none', { port: 'everything' }, /"port" is missing or unusable/],
    [
      'its host is an elastic cluster',
      { host: 'shop-111122223333.eu-central-1.docdb-elastic.amazonaws.com' },
      /elastic clusters are not supported/,
    ],
  ])('if %s', async (_what, value, cause) => {
    const secret = await stack.makeSecret({ value });
    await expectRefused(secret.arn, 'InvalidSecretError', cause);
  });

  test('if another key holds the password too, which can not follow', async () => {
    const secret = await stack.makeSecret();
    const { SecretString = '' } = await stack.secretsManager.send(
      new GetSecretValueCommand({ SecretId: secret.arn }),
    );
    const value = { ...JSON.parse(SecretString), env: { MONGO_PASSWORD: secret.password } };
    await stack.secretsManager.send(
      new PutSecretValueCommand({ SecretId: secret.arn, SecretString: JSON.stringify(value) }),
    );
    await expectRefused(secret.arn, 'InvalidSecretError', /"env\.MONGO_PASSWORD" holds the password too/);
    expect(await logsInEverywhere(stack, secret)).toBe(true);
  });

  test('if a tag is not understood', async () => {
    const secret = await stack.makeSecret({ tags: { 'docdb-rotation:strategy': 'alternate' } });
    await expectRefused(
      secret.arn,
      'InvalidSecretError',
      /"alternate"; it may be single-user, alternating-users, admin-clone/,
    );
  });
});

describe('a secret that can not be rotated is refused', () => {
  test('if it does not exist', async () => {
    const execution = await run(stack, { secretId: 'no/such/secret' });
    expect(execution).toMatchObject({ status: 'FAILED', error: 'SecretNotRotatableError' });
  });

  test('if it is marked for deletion', async () => {
    const secret = await stack.makeSecret();
    await stack.secretsManager.send(
      new DeleteSecretCommand({ SecretId: secret.arn, RecoveryWindowInDays: 7 }),
    );
    await expectRefused(secret.arn, 'SecretNotRotatableError', /marked for deletion/);
  });

  test('if it is a replica of a secret in another Region', async () => {
    const arn = stack.secretsManagerStandIn.seedReplica({
      name: `replica/${randomUUID()}`,
      primaryRegion: 'us-east-1',
      secretString: '{}',
    });
    await stack.manage(arn);
    await expectRefused(arn, 'SecretNotRotatableError', /replica of a secret in us-east-1/);
  });
});

describe('a secret that a service manages', () => {
  // https://docs.aws.amazon.com/documentdb/latest/developerguide/docdb-secrets-manager.html
  const managed = async (): Promise<string> => {
    const arn = stack.secretsManagerStandIn.seedManaged({
      name: `rds!cluster-${randomUUID()}`,
      owningService: 'rds',
      secretString: JSON.stringify({ username: 'stranger', password: randomUUID() }),
    });
    await stack.manage(arn);
    return arn;
  };

  test.each([
    ['a rotation', (secretId: string) => run(stack, { secretId })],
    ['a revert', (secretId: string) => run(stack, { secretId, mode: 'revert' })],
    ['a verification', (secretId: string) => run(stack, { secretId, mode: 'verify' })],
    ['a recovery', (secretId: string) => recover(stack, { secretId })],
  ])('is refused to %s', async (_what, start) => {
    const secretId = await managed();
    const before = await world(secretId);
    const execution = await start(secretId);
    expect(execution.status).toBe('FAILED');
    expect(`${execution.error}: ${execution.cause}`).toMatch(
      /SecretNotRotatableError.*AWS rotates that one itself/,
    );
    expect(await world(secretId)).toEqual(before);
  });

  test('is not written, and no label of it is moved', () => {
    const asked = stack.secretsManagerStandIn.requests.filter(({ secretId = '' }) =>
      secretId.includes('rds!'),
    );
    expect(new Set(asked.map(({ operation }) => operation))).toEqual(new Set(['DescribeSecret']));
  });
});

describe('a database that can not be used is refused', () => {
  test('if the user does not exist', async () => {
    const secret = await stack.makeSecret({ createUser: false });
    await expectRefused(secret.arn, 'UserNotFoundError', new RegExp(`"${secret.username}".*does not exist`));
  });

  test('if the password is wrong', async () => {
    const secret = await stack.makeSecret({ value: { password: randomUUID() } });
    await expectRefused(secret.arn, 'NoUsableCredentialsError', /resetThroughAdmin/);
  });

  test.each(['other-authority', 'other-name', 'expired'] as const)(
    'if its certificate does not verify: %s',
    async (certificate) => {
      const { port } = await stack.documentDb.openFront({ certificate });
      const secret = await stack.makeSecret({ value: { port } });
      await expectRefused(secret.arn, 'CertificateNotTrustedError', /does not verify/);
    },
  );

  test.each([
    ['it speaks no TLS', 'none', undefined, /speaks no TLS; .* add "ssl": false/],
    [
      'it speaks TLS, and the secret says that it does not',
      'trusted',
      false,
      /the key "ssl" is false; write true/,
    ],
  ] as const)('if %s: at once, and no one logs in the other way', async (_what, certificate, ssl, cause) => {
    const { port } = await stack.documentDb.openFront({ certificate });
    const secret = await stack.makeSecret({ value: { port, ssl } });
    await expectRefused(secret.arn, 'InvalidSecretError', cause);
    const verified = await run(stack, { secretId: secret.arn, mode: 'verify' });
    expect(verified).toMatchObject({ status: 'FAILED', error: 'InvalidSecretError' });
    expect(verified.cause).toMatch(cause);
    expect(stack.documentDb.observed.filter(({ user }) => user === secret.username)).toEqual([]);
  });

  test('if the host has no address', async () => {
    const secret = await stack.makeSecret({ value: { host: 'cluster.invalid' } });
    await expectRefused(secret.arn, 'HostNotFoundError', /has no address/);
  });

  test('if the admin secret is for another cluster', async () => {
    const admin = await createRaw({
      SecretString: JSON.stringify({
        engine: 'mongo',
        host: 'other.invalid',
        username: 'root_admin',
        password: randomUUID(),
      }),
    });
    const secret = await stack.makeSecret({
      createUser: false,
      tags: { 'docdb-rotation:admin-secret': admin },
    });
    await expectRefused(secret.arn, 'AdminSecretMismatchError', /is for other.invalid:27017/);
  });

  test('if the user may not change its password and there is no admin secret: the labels go back', async () => {
    const secret = await stack.makeSecret({ masterarn: false });
    const before = await world(secret.arn);
    const execution = await run(stack, { secretId: secret.arn });
    expect(execution).toMatchObject({ status: 'FAILED', error: 'RolledBack' });
    expect(execution.cause).toMatch(/AdminSecretRequiredError.*docdb-rotation:admin-secret/);
    expect(await world(secret.arn)).toEqual(before);
    await expectSettled(stack, secret.arn);
  });
});

describe('a pending version that no rotation wrote is not used', () => {
  const withPending = async (change: Readonly<Record<string, unknown>>) => {
    const secret = await stack.makeSecret();
    const before = await labelsOf(stack, secret.arn);
    const { host, port } = stack.documentDb;
    const own = { engine: 'mongo', host, port, username: secret.username, password: randomUUID() };
    const { VersionId } = await stack.secretsManager.send(
      new PutSecretValueCommand({
        SecretId: secret.arn,
        SecretString: JSON.stringify({ ...own, ...change }),
        VersionStages: ['AWSPENDING'],
      }),
    );
    return { secret, before, token: VersionId };
  };

  const PENDING = [
    ['this user and host', {}],
    ['another user', { username: 'stranger' }],
    ['another host', { host: 'elsewhere.invalid' }],
  ] as const;

  test.each(PENDING)('by an execution with its token, for %s', async (_what, change) => {
    const { secret, before, token } = await withPending(change);

    const execution = await run(stack, { secretId: secret.arn, token });

    expect(execution).toMatchObject({ status: 'FAILED', error: 'UnknownTokenError' });
    expect(execution.cause).toContain('Nothing was changed');
    expect(await labelsOf(stack, secret.arn)).toEqual({ ...before, pending: token });
    expect(await logsInEverywhere(stack, secret)).toBe(true);
  });

  test.each(PENDING)('by the trigger, which takes AWSPENDING off it, for %s', async (_what, change) => {
    const { secret, before, token } = await withPending(change);

    const answer = await stack.invokeTrigger({
      Step: 'createSecret',
      SecretId: secret.arn,
      ClientRequestToken: token,
      RotationToken: randomUUID(),
    });

    expect(answer.payload).toContain('UntrustedVersionError');
    expect(await labelsOf(stack, secret.arn)).toEqual(before);
    expect(await logsInEverywhere(stack, secret)).toBe(true);
    // The next rotation is not kept from beginning.
    expect(await run(stack, { secretId: secret.arn })).toMatchObject({ status: 'SUCCEEDED' });
  });

  test('by a rotation on demand, which leaves it to the one who put it there', async () => {
    const { secret, before, token } = await withPending({});

    const execution = await run(stack, { secretId: secret.arn });

    expect(execution).toMatchObject({ status: 'FAILED', error: 'RotationInProgressError' });
    expect(execution.cause).toContain(`AWSPENDING (version ${token})`);
    expect(await labelsOf(stack, secret.arn)).toEqual({ ...before, pending: token });
    expect(await logsInEverywhere(stack, secret)).toBe(true);
  });

  test('a value that can not be used makes Secrets Manager’s rotation fail, with AWSPENDING taken off', async () => {
    const arn = await createRaw({ SecretString: 'not JSON' });
    await stack.secretsManager.send(
      new RotateSecretCommand({ SecretId: arn, RotationLambdaARN: stack.triggerFunctionArn }),
    );
    const rotation = await stack.secretsManagerStandIn.rotations.latest(arn)?.ended;
    expect(rotation).toMatchObject({
      status: 'failed',
      failures: [{ step: 'createSecret', type: 'InvalidSecretError' }],
    });
    expect(await labelsOf(stack, arn)).toMatchObject({ pending: undefined });
  });
});

describe('an input that is not understood fails at once and says what is wrong with it', () => {
  const expectNotUnderstood = (execution: Ended, cause: RegExp): void => {
    expect(execution).toMatchObject({
      status: 'FAILED',
      error: 'InvalidInputError',
      states: ['Begin', 'CheckInput', 'Refused'],
    });
    expect(execution.cause).toMatch(cause);
    expect(execution.cause).toMatch(/Nothing was changed.*#invalidinputerror$/);
  };

  test.each([
    ['nothing', {}, /secretId is missing/],
    ['a misspelt key', { secretID: 'demo/app' }, /unknown key secretID; known are secretId, mode/],
    ['one key too many', { secretId: 'demo/app', dryRun: true }, /unknown key dryRun/],
    [
      'an unknown mode',
      { secretId: 'demo/app', mode: 'rotation' },
      /unknown mode rotation; known are rotate, verify, revert, check/,
    ],
    ['a mode that is no text', { secretId: 'demo/app', mode: 7 }, /unknown mode 7/],
    [
      'the recovery as a mode',
      { secretId: 'demo/app', mode: 'recover' },
      /start the recovery machine with \{"secretId": "…"\}/,
    ],
    [
      'a reset',
      { secretId: 'demo/app', resetThroughAdmin: true },
      /unknown key resetThroughAdmin.*recovery machine/,
    ],
    ['a short token', { secretId: 'demo/app', token: 'x' }, /token is not the id of a version/],
    [
      'a revert with a token',
      { secretId: 'demo/app', mode: 'revert', token: randomUUID() },
      /a revert takes no token/,
    ],
    ['a list', [], /the input is no object/],
    ['a text', 'demo/app', /the input is no object/],
  ])('by the rotation machine: %s', async (_what, input, cause) => {
    expectNotUnderstood(await run(stack, input), cause);
  });

  test.each([
    ['nothing', {}, /secretId is missing/],
    [
      'one key too many',
      { secretId: 'demo/app', mode: 'rotate' },
      /unknown key mode; known are secretId, resetThroughAdmin, resetThroughCluster/,
    ],
    ['a reset that is a text', { secretId: 'demo/app', resetThroughAdmin: 'true' }, /are true or false/],
    [
      'both resets',
      { secretId: 'demo/app', resetThroughAdmin: true, resetThroughCluster: true },
      /choose one/,
    ],
    ['a list', [], /the input is no object/],
  ])('by the recovery machine: %s', async (_what, input, cause) => {
    expectNotUnderstood(await recover(stack, input), cause);
  });

  test('a token that the secret does not know', async () => {
    const secret = await stack.makeSecret();
    const execution = await run(stack, { secretId: secret.arn, token: randomUUID() });
    expect(execution).toMatchObject({ status: 'FAILED', error: 'UnknownTokenError' });
    await expectSettled(stack, secret.arn);
  });
});

test('a value put by hand beside a rotation on demand is not lost', async () => {
  const secret = await stack.makeSecret();
  const { VersionId } = await stack.secretsManager.send(
    new PutSecretValueCommand({
      SecretId: secret.arn,
      SecretString: JSON.stringify({
        engine: 'mongo',
        host: stack.documentDb.host,
        port: stack.documentDb.port,
        username: secret.username,
        password: secret.password,
        masterarn: stack.adminSecret.arn,
        note: 'by hand',
      }),
    }),
  );
  expect(await run(stack, { secretId: secret.arn })).toMatchObject({ status: 'SUCCEEDED' });
  expect(await labelsOf(stack, secret.arn)).toMatchObject({ previous: VersionId });
  await expectSettled(stack, secret.arn);
});

test('no password is in any history, log, output or cause of all this', async () => {
  await expectNoPasswordAnywhere(stack);
});
