import { randomBytes } from 'node:crypto';
import { DescribeDBClustersCommand, DocDBClient, ModifyDBClusterCommand } from '@aws-sdk/client-docdb';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type DocumentDbApiStandIn, startDocumentDbApi } from './index.ts';

/** Held to AWS's rules by AWS's own client. */
const newPassword = (): string => randomBytes(12).toString('base64url');

let api: DocumentDbApiStandIn;
let client: DocDBClient;
/** What the database was given, in order. */
let passwords: string[];

beforeEach(async () => {
  passwords = [];
  api = await startDocumentDbApi({
    clusters: [
      {
        identifier: 'local',
        endpoint: '127.0.0.1',
        port: 27017,
        primaryUser: 'dbadmin',
        setPassword: async (password) => void passwords.push(password),
      },
    ],
  });
  client = new DocDBClient({
    endpoint: api.url,
    region: 'eu-central-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    maxAttempts: 1,
  });
});
afterEach(async () => {
  client.destroy();
  await api.stop();
});

const describeCluster = async (identifier = 'local') => {
  const { DBClusters } = await client.send(
    new DescribeDBClustersCommand({ DBClusterIdentifier: identifier }),
  );
  return DBClusters?.[0];
};

const modify = (MasterUserPassword: string, more: { ApplyImmediately?: boolean; cluster?: string } = {}) => {
  const { ApplyImmediately = true, cluster = 'local' } = more;
  return client.send(
    new ModifyDBClusterCommand({ DBClusterIdentifier: cluster, MasterUserPassword, ApplyImmediately }),
  );
};

// https://docs.aws.amazon.com/documentdb/latest/developerguide/API_DescribeDBClusters.html
describe('DescribeDBClusters', () => {
  // https://docs.aws.amazon.com/documentdb/latest/developerguide/API_DBCluster.html
  test('tells endpoint, port, primary user, engine and status', async () => {
    expect(await describeCluster()).toMatchObject({
      DBClusterIdentifier: 'local',
      Endpoint: '127.0.0.1',
      Port: 27017,
      MasterUsername: 'dbadmin',
      Engine: 'docdb',
      Status: 'available',
    });
  });

  test('names the secret of a password that AWS manages, and only then', async () => {
    expect(await describeCluster()).not.toHaveProperty('MasterUserSecret');
    api.cluster('local').managedSecretArn = 'arn:of:the:secret';
    expect((await describeCluster())?.MasterUserSecret).toEqual({
      SecretArn: 'arn:of:the:secret',
      SecretStatus: 'active',
    });
  });

  test('refuses an identifier that is no cluster’s', async () => {
    await expect(describeCluster('other')).rejects.toMatchObject({
      name: 'DBClusterNotFoundFault',
      $metadata: { httpStatusCode: 404 },
    });
  });
});

// https://docs.aws.amazon.com/documentdb/latest/developerguide/API_ModifyDBCluster.html
describe('ModifyDBCluster', () => {
  test('changes the password some time later, and is resetting-master-credentials until then', async () => {
    api.cluster('local').resetMs = Number.POSITIVE_INFINITY;
    const password = newPassword();
    expect((await modify(password)).DBCluster?.DBClusterIdentifier).toBe('local');
    expect((await describeCluster())?.Status).toBe('resetting-master-credentials');
    expect(passwords).toEqual([]);
  });

  test('is available again once the password is set', async () => {
    const password = newPassword();
    await modify(password);
    await vi.waitFor(async () => expect((await describeCluster())?.Status).toBe('available'));
    expect(passwords).toEqual([password]);
  });

  test('without ApplyImmediately leaves the password for the maintenance window', async () => {
    await modify(newPassword(), { ApplyImmediately: false });
    expect((await describeCluster())?.Status).toBe('available');
    expect(api.cluster('local').resets).toBe(0);
  });

  test('takes an identifier in any case', async () => {
    await modify(newPassword(), { cluster: 'LOCAL' });
    expect(api.cluster('local').resets).toBe(1);
  });

  // https://docs.aws.amazon.com/documentdb/latest/developerguide/db-cluster-modify.html
  test.each(['resetting-master-credentials', 'modifying', 'stopped'])(
    'refuses to change a cluster that is %s',
    async (status) => {
      api.cluster('local').status = status;
      await expect(modify(newPassword())).rejects.toMatchObject({ name: 'InvalidDBClusterStateFault' });
      expect(api.cluster('local').resets).toBe(0);
    },
  );

  // https://docs.aws.amazon.com/documentdb/latest/developerguide/db-cluster-parameters.html
  test.each([
    ['shorter than 8 characters', 'a'.repeat(7)],
    ['longer than 100 characters', 'a'.repeat(101)],
    ['with a /', `${'a'.repeat(8)}/`],
    ['with a "', `${'a'.repeat(8)}"`],
    ['with an @', `${'a'.repeat(8)}@`],
    ['with a character outside printable ASCII', `${'a'.repeat(8)}é`],
  ])('refuses a password %s, and does not quote it', async (_what, password) => {
    const failure = modify(password);
    await expect(failure).rejects.toMatchObject({ name: 'InvalidParameterValue' });
    await expect(failure).rejects.not.toThrow(password);
    expect(passwords).toEqual([]);
  });

  // https://docs.aws.amazon.com/documentdb/latest/developerguide/docdb-secrets-manager.html
  test('refuses a password where AWS manages it', async () => {
    api.cluster('local').managedSecretArn = 'arn:of:the:secret';
    await expect(modify(newPassword())).rejects.toMatchObject({ name: 'InvalidParameterCombination' });
    expect(passwords).toEqual([]);
  });

  test('refuses an identifier that is no cluster’s', async () => {
    await expect(modify(newPassword(), { cluster: 'other' })).rejects.toMatchObject({
      name: 'DBClusterNotFoundFault',
    });
  });
});

// https://docs.aws.amazon.com/documentdb/latest/developerguide/CommonErrors.html
describe('a fault on demand', () => {
  test.each([
    ['AccessDeniedException', 400],
    ['ThrottlingException', 400],
    ['InternalFailure', 500],
    ['ServiceUnavailable', 503],
  ])('answers %s with status %i, before anything changes', async (type, status) => {
    api.faults.add({ operation: 'ModifyDBCluster', kind: 'error-before', type, status, times: 1 });
    await expect(modify(newPassword())).rejects.toMatchObject({
      name: type,
      $metadata: { httpStatusCode: status },
    });
    expect(api.cluster('local').resets).toBe(0);
  });

  test('loses the reply of a change that was made', async () => {
    const password = newPassword();
    api.faults.add({ operation: 'ModifyDBCluster', kind: 'reply-lost', times: 1 });
    await expect(modify(password)).rejects.toThrow();
    await vi.waitFor(() => expect(passwords).toEqual([password]));
  });
});

test('what is kept of a request has no password in it', async () => {
  const password = newPassword();
  await modify(password);
  expect(api.requests).toHaveLength(1);
  expect(api.requests[0]).toMatchObject({ action: 'ModifyDBCluster', outcome: 'succeeded' });
  expect(JSON.stringify(api.requests)).not.toContain(password);
});
