import { randomUUID } from 'node:crypto';
import { PutSecretValueCommand, TagResourceCommand } from '@aws-sdk/client-secrets-manager';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type DatabaseSecret, type LocalStack, startLocalStack } from '../../local-stack/deployment/index.ts';
import type { ManagedCluster } from '../../local-stack/document-db-api/index.ts';
import {
  currentLogsIn,
  type Ended,
  ended,
  expectNoPasswordAnywhere,
  expectSettled,
  type Labels,
  labelsOf,
  OWNER,
  recover as recoverSecret,
} from './outside-judge.ts';

/** No one knows the primary user's password any more, and its cluster is asked for another, on the deployed stack. */
let stack: LocalStack;
let cluster: ManagedCluster;
beforeAll(async () => {
  stack = await startLocalStack({ breakGlass: true, instances: 2, drainSeconds: 1, waitScale: 0.1 });
  cluster = stack.documentDbApi.cluster('local');
});
afterAll(async () => {
  await stack?.stop();
});

/** Someone sets a password that no version of the secret has. */
const losePassword = () => stack.documentDb.admin.putUser(stack.primaryUser.username, randomUUID(), ['root']);

beforeEach(losePassword);

let facts: Pick<ManagedCluster, 'endpoint' | 'port' | 'primaryUser' | 'engine' | 'status' | 'resetMs'>;
beforeEach(() => {
  const { endpoint, port, primaryUser, engine, status, resetMs } = cluster;
  facts = { endpoint, port, primaryUser, engine, status, resetMs };
});
afterEach(() => {
  Object.assign(cluster, facts, { managedSecretArn: undefined, tellsOfReset: true });
  stack.documentDbApi.faults.removeAll();
});

const recover = (more: Readonly<Record<string, unknown>> = {}, secret = stack.adminSecret): Promise<Ended> =>
  recoverSecret(stack, { secretId: secret.arn, ...more });

const throughCluster = (secret?: DatabaseSecret) => recover({ resetThroughCluster: true }, secret);

/** How often the cluster was asked since. */
const asked = (action = 'ModifyDBCluster'): number =>
  stack.documentDbApi.requests.filter((request) => request.action === action).length;

const expectPutRight = async (execution: Ended): Promise<void> => {
  expect(execution).toMatchObject({
    status: 'SUCCEEDED',
    output: { outcome: 'recovered', recovery: { passwordReset: true } },
  });
  await expectSettled(stack, stack.adminSecret.arn);
};

/** Where AWS's own labels are. */
const stagesOf = async (secretId: string): Promise<Omit<Labels, 'others'>> => {
  const { others: _others, ...stages } = await labelsOf(stack, secretId);
  return stages;
};

/** It ended with this error, and no password, role or label is another one. It keeps the lock. */
const expectRefused = async (
  attempt: () => Promise<Ended>,
  error: string,
  cause: RegExp,
  secret = stack.adminSecret,
): Promise<void> => {
  const before = {
    asked: asked(),
    resets: cluster.resets,
    labels: await stagesOf(stack.adminSecret.arn),
  };
  const execution = await attempt();
  expect(execution).toMatchObject({ status: 'FAILED', error: 'RecoveryFailed' });
  expect(execution.cause).toContain(`RecoverSecret failed with ${error}`);
  expect(execution.cause).toMatch(cause);
  expect({
    asked: asked(),
    resets: cluster.resets,
    labels: await stagesOf(stack.adminSecret.arn),
  }).toEqual(before);
  expect((await labelsOf(stack, secret.arn)).others).toEqual([OWNER]);
  expect(await currentLogsIn(stack, stack.adminSecret.arn), 'the password is still lost').toBe(false);
};

describe('the lost password of the primary user', () => {
  test('is put right through the cluster, only when told to', async () => {
    await expectRefused(recover, 'NoUsableCredentialsError', /"resetThroughCluster": true/);

    await expectPutRight(await throughCluster());
  });

  test('is waited for, and the cluster is asked once', async () => {
    cluster.resetMs = 2000;
    const before = asked();

    const execution = await throughCluster();

    await expectPutRight(execution);
    expect(execution.states).toContain('WaitForNextAttempt');
    expect(asked()).toBe(before + 1);
  });

  test('is put right by a cluster whose status does not tell of it', async () => {
    cluster.resetMs = 2000;
    cluster.tellsOfReset = false;

    await expectPutRight(await throughCluster());
  });

  test('is put right if the reply of the cluster is lost', async () => {
    cluster.resetMs = 500;
    const fault = stack.documentDbApi.faults.add({
      operation: 'ModifyDBCluster',
      kind: 'reply-lost',
      times: 1,
    });

    await expectPutRight(await throughCluster());
    expect(fault.hits).toBe(1);
  });

  test('is put right if the API throttles for a moment', async () => {
    const type = 'ThrottlingException';
    stack.documentDbApi.faults.add({ operation: 'DescribeDBClusters', kind: 'error-before', type, times: 3 });
    stack.documentDbApi.faults.add({ operation: 'ModifyDBCluster', kind: 'error-before', type, times: 3 });

    await expectPutRight(await throughCluster());
  });

  test('is put right once the cluster is no longer busy with something else', async () => {
    cluster.status = 'modifying';
    const before = asked();
    const described = stack.documentDbApi.faults.add({
      operation: 'DescribeDBClusters',
      kind: 'delay',
      milliseconds: 1,
    });
    const started = await stack.recoveries.start({
      secretId: stack.adminSecret.arn,
      resetThroughCluster: true,
    });
    await described.hit;
    await expect
      .poll(() => stack.recoveries.states(started), { timeout: 20_000 })
      .toContain('WaitForNextAttempt');
    expect(asked()).toBe(before);

    cluster.status = 'available';

    await expectPutRight(await ended(stack.recoveries, started));
  });

  test('is left alone as long as AWSCURRENT logs in', async () => {
    await expectPutRight(await throughCluster());
    const before = asked('DescribeDBClusters');

    expect(await throughCluster()).toMatchObject({
      status: 'SUCCEEDED',
      output: { outcome: 'nothing-to-do' },
    });
    expect(asked('DescribeDBClusters')).toBe(before);
  });
});

describe('nothing is reset', () => {
  test('if AWS refuses it', async () => {
    for (const operation of ['DescribeDBClusters', 'ModifyDBCluster']) {
      const fault = stack.documentDbApi.faults.add({ operation, kind: 'error-before', type: 'AccessDenied' });
      const execution = await throughCluster();
      expect(execution).toMatchObject({ status: 'FAILED', error: 'RecoveryFailed' });
      expect(execution.cause).toMatch(/ClusterApiRefusedError: .*AccessDenied; see the permissions/);
      fault.remove();
    }
    expect(await currentLogsIn(stack, stack.adminSecret.arn)).toBe(false);
  });

  test.each<[string, Partial<ManagedCluster>, RegExp]>([
    ['its primary user is another one', { primaryUser: 'stranger' }, /primary user is "stranger"/],
    ['it has another endpoint', { endpoint: 'other.example.com' }, /the cluster's endpoint is other/],
    ['it has another port', { port: 1 }, /the cluster's endpoint is .*:1;/],
    ['AWS manages its password', { managedSecretArn: 'arn:of:it' }, /managed by AWS/],
    ['it is no DocumentDB', { engine: 'neptune' }, /its engine is neptune/],
  ])('of a cluster if %s', async (_what, says, cause) => {
    Object.assign(cluster, says);
    await expectRefused(throughCluster, 'ClusterMismatchError', cause);
  });

  test('for a secret that the deployment did not name, whatever its value and its tags say', async () => {
    const secret = await stack.makeSecret();
    const { host, port } = stack.documentDb;
    const SecretString = JSON.stringify({
      engine: 'mongo',
      host,
      port,
      username: stack.primaryUser.username,
      password: randomUUID(),
      dbClusterIdentifier: 'local',
    });
    // Twice: before the first rotation a recovery goes back to an AWSPREVIOUS that logs in, for another user too.
    for (const _label of ['AWSCURRENT', 'AWSPREVIOUS'])
      await stack.secretsManager.send(new PutSecretValueCommand({ SecretId: secret.arn, SecretString }));
    await stack.secretsManager.send(
      new TagResourceCommand({
        SecretId: secret.arn,
        Tags: [{ Key: 'docdb-rotation:cluster', Value: `${host}:${port}` }],
      }),
    );

    await expectRefused(
      () => throughCluster(secret),
      'ResetNotAllowedError',
      /name that cluster by resetThroughCluster in manage\(\)/,
      secret,
    );
  });

  test('if both ways to reset are asked for', async () => {
    const execution = await recover({ resetThroughAdmin: true, resetThroughCluster: true });
    expect(execution).toMatchObject({ status: 'FAILED', error: 'InvalidInputError' });
    expect(execution.cause).toContain('choose one');
  });
});

test('no password is written anywhere', async () => {
  await expectPutRight(await throughCluster());
  await expectNoPasswordAnywhere(stack);
});
