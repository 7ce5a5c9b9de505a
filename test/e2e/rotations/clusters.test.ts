import { GetSecretValueCommand, PutSecretValueCommand } from '@aws-sdk/client-secrets-manager';
import { MongoClient, type MongoClientOptions } from 'mongodb';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type DatabaseSecret, type LocalStack, startLocalStack } from '../../local-stack/deployment/index.ts';
import { expectNoPasswordAnywhere, expectSettled, labelsOf, logsInEverywhere, run } from './outside-judge.ts';

/** Clusters without a writer, users of old, secrets that a service manages, and those that say more than AWS's keys. */
let stack: LocalStack;
beforeAll(async () => {
  stack = await startLocalStack({
    instances: 2,
    propagationTimeoutSeconds: 10,
    drainSeconds: 1,
    waitScale: 0,
  });
});
afterEach(() => {
  stack.documentDb.readOnly = false;
  stack.documentDb.faults.clear();
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

const write = async ({ arn }: DatabaseSecret, keys: Readonly<Record<string, unknown>>): Promise<void> => {
  const SecretString = JSON.stringify({ ...(await currentValue(arn)), ...keys });
  await stack.secretsManager.send(new PutSecretValueCommand({ SecretId: arn, SecretString }));
};

const world = async (secretId: string) => ({
  labels: await labelsOf(stack, secretId),
  users: JSON.stringify(await stack.documentDb.admin.users()),
});

const expectRefused = async ({ arn }: DatabaseSecret, error: string, cause: RegExp): Promise<void> => {
  const before = await world(arn);
  const execution = await run(stack, { secretId: arn });
  expect(execution).toMatchObject({ status: 'FAILED', error });
  expect(execution.cause).toMatch(cause);
  expect(execution.cause).toContain('Nothing was changed');
  expect(execution.states).not.toContain('SetSecret');
  expect(await world(arn)).toEqual(before);
};

const expectRotated = async ({ arn }: DatabaseSecret): Promise<void> => {
  const execution = await run(stack, { secretId: arn });
  expect(execution, execution.cause).toMatchObject({ status: 'SUCCEEDED', output: { outcome: 'rotated' } });
  await expectSettled(stack, arn);
};

/** The user that a client is, which gets no more than a connection string and these options. */
const loginBy = async (uri: string, options: MongoClientOptions = {}): Promise<string> => {
  const client = new MongoClient(uri, { tlsCAFile: stack.documentDb.caFile, ...options });
  try {
    const { authInfo } = await client.db('admin').command({ connectionStatus: 1 });
    return authInfo.authenticatedUsers[0].user;
  } finally {
    await client.close();
  }
};

describe('a connection string in the secret', () => {
  const connectionString = ({ username, password }: DatabaseSecret): string => {
    const { host, port } = stack.documentDb;
    return `mongodb://${username}:${password}@${host}:${port}/?tls=true&authSource=admin&directConnection=true&retryWrites=false`;
  };

  test.each(['single-user', 'alternating-users', 'admin-clone'])(
    'logs in after each rotation: %s',
    async (strategy) => {
      const secret = await stack.makeSecret({
        ...(strategy === 'admin-clone' ? { roles: [{ role: 'root', db: 'admin' }] } : {}),
        tags: { 'docdb-rotation:strategy': strategy },
      });
      const uri = connectionString(secret);
      await write(secret, { connectionString: uri, spring: { data: { mongodb: { uri } } } });
      for (const _turn of [1, 2]) {
        await expectRotated(secret);
        const { username, connectionString: current, spring } = await currentValue(secret.arn);
        expect(await loginBy(String(current))).toBe(username);
        expect(JSON.stringify(spring)).toBe(JSON.stringify({ data: { mongodb: { uri: current } } }));
      }
      await expect(loginBy(uri)).rejects.toMatchObject({ code: 18 });
    },
  );
});

describe('a user with SCRAM-SHA-1 alone', () => {
  // https://docs.aws.amazon.com/documentdb/latest/devguide/scram-sha-256-auth.html: such users
  // "continue to work without any changes".
  test.each(['single-user', 'alternating-users'])('rotates, and logs in: %s', async (strategy) => {
    const secret = await stack.makeSecret({
      createUser: false,
      tags: { 'docdb-rotation:strategy': strategy },
    });
    const { username, password } = secret;
    await stack.runCommand({
      createUser: username,
      pwd: password,
      roles: [{ role: 'readWrite', db: 'shop' }],
      mechanisms: ['SCRAM-SHA-1'],
    });
    for (const _turn of [1, 2]) {
      await expectRotated(secret);
      const { host, port } = stack.documentDb;
      const auth = await stack.credentialOf(secret.arn);
      const user = await loginBy(`mongodb://${host}:${port}/?tls=true&directConnection=true`, {
        auth,
        authMechanism: 'SCRAM-SHA-1',
      });
      expect(user).toBe(auth.username);
    }
  });
});

// https://docs.aws.amazon.com/documentdb/latest/developerguide/global-clusters.html
describe('a cluster in which no instance accepts writes', () => {
  test('is told after the retries, as a secondary cluster of a global cluster, and nothing is changed', async () => {
    const secret = await stack.makeSecret();
    stack.documentDb.readOnly = true;
    await expectRefused(
      secret,
      'DatabaseUnavailableError',
      /no instance of the cluster .* accepts writes now.* Region of the primary cluster/,
    );
    expect(await logsInEverywhere(stack, secret)).toBe(true);
  });

  test('is waited for: after a fail-over the rotation goes on', async () => {
    const secret = await stack.makeSecret();
    stack.documentDb.readOnly = true;
    let asked = 0;
    const watched = stack.documentDb.onCommand(({ command, loggedIn, when }) => {
      if (command !== 'hello' || !loggedIn || when !== 'after') return;
      asked += 1;
      // The second answer still was that no instance takes writes.
      if (asked === 2) stack.documentDb.readOnly = false;
    });
    try {
      await expectRotated(secret);
      expect(asked).toBeGreaterThan(2);
    } finally {
      watched();
    }
  });
});

// Each once made a single user's outage window, and the second then ended as RollbackFailed.
describe('an instance that can not be asked is found before anything changes', () => {
  test('if it is away', async () => {
    stack.documentDb.faults.add({ kind: 'cut-before', instance: 1, times: 1000 });
    await expectRefused(
      await stack.makeSecret(),
      'DatabaseUnavailableError',
      /CheckBefore failed .* the connection/,
    );
  });

  test('if it is not of the domain of the host in the secret, which is an alias', async () => {
    await expectRefused(
      await stack.makeSecret({ value: { host: 'localhost' } }),
      'InstanceNotTrustedError',
      /CheckBefore failed .* outside its own domain/,
    );
  });
});

// https://docs.aws.amazon.com/documentdb/latest/developerguide/endpoints.html
describe('the endpoint of an instance', () => {
  test('that reads is refused, with what to use', async () => {
    const [, reader] = stack.documentDb.instances;
    const secret = await stack.makeSecret({ value: { port: reader?.port } });
    await expectRefused(
      secret,
      'DatabaseUnavailableError',
      /put the cluster endpoint into the secret's host/,
    );
  });

  test('that writes is as good as the cluster’s', async () => {
    const [writer] = stack.documentDb.instances;
    const { host, port } = stack.documentDb;
    const admin = stack.secretsManagerStandIn.seedManaged(await managed(`${host}:${writer?.port}`));
    await stack.manage(admin);
    expect(port).not.toBe(writer?.port);
    const tags = { 'docdb-rotation:admin-secret': admin };
    await expectRotated(await stack.makeSecret({ value: { port: writer?.port }, tags }));
  });
});

/** The secret of the primary user, as DocumentDB would make it. */
const managed = async (hostTag: string) => ({
  name: `rds!cluster-${hostTag.replace(/[^a-z0-9]/g, '-')}`,
  owningService: 'rds',
  secretString: JSON.stringify(stack.primaryUser),
  tags: {
    'aws:rds:primaryDBClusterArn': 'arn:aws:rds:eu-central-1:000000000000:cluster:local',
    'docdb-rotation:host': hostTag,
  },
});

// https://docs.aws.amazon.com/documentdb/latest/developerguide/docdb-secrets-manager.html
describe('an admin secret that DocumentDB manages', () => {
  test.each(['single-user', 'alternating-users'])('serves at the host of its tag: %s', async (strategy) => {
    const { host, port } = stack.documentDb;
    const admin = stack.secretsManagerStandIn.seedManaged({
      ...(await managed(`${host}:${port}`)),
      name: `rds!cluster-${strategy}`,
    });
    await stack.manage(admin);
    const secret = await stack.makeSecret({
      tags: { 'docdb-rotation:strategy': strategy, 'docdb-rotation:admin-secret': admin },
    });
    await expectRotated(secret);
  });

  test('is not sent to a host that someone put into another secret', async () => {
    const admin = stack.secretsManagerStandIn.seedManaged(await managed('shop.example:27017'));
    await stack.manage(admin);
    const attackers = await stack.documentDb.openFront({ certificate: 'trusted' });
    const secret = await stack.makeSecret({
      value: { port: attackers.port },
      tags: {
        'docdb-rotation:strategy': 'alternating-users',
        'docdb-rotation:admin-secret': admin,
        'docdb-rotation:host': `${attackers.host}:${attackers.port}`,
        owningService: 'rds',
      },
    });
    stack.documentDb.observed.splice(0);
    await expectRefused(secret, 'AdminSecretMismatchError', /its tags do not name/);
    const users = new Set(stack.documentDb.observed.map(({ user }) => user));
    expect(users.has(secret.username), 'the secret’s own user logged in').toBe(true);
    expect(users.has(stack.primaryUser.username), 'the admin logged in').toBe(false);
  });
});

test('no password is in any history, log, output or cause of all this', async () => {
  await expectNoPasswordAnywhere(stack);
});
