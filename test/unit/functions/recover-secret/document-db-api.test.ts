import { randomBytes } from 'node:crypto';
import { DocDBClient } from '@aws-sdk/client-docdb';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ClusterApiRefusedError, ClusterApiUnavailableError } from '../../../../functions/contract/errors.ts';
import type { Clusters } from '../../../../functions/recover-secret/clusters.ts';
import { documentDbApi } from '../../../../functions/recover-secret/document-db-api.ts';
import { type DocumentDbApiStandIn, startDocumentDbApi } from '../../../local-stack/document-db-api/index.ts';

/** The adapter over AWS's own client, against the stand-in by real requests. */
const newPassword = (): string => randomBytes(12).toString('base64url');

let api: DocumentDbApiStandIn;
let client: DocDBClient;
let clusters: Clusters;

beforeEach(async () => {
  const setPassword = async (): Promise<void> => {};
  api = await startDocumentDbApi({
    clusters: [
      { identifier: 'one', endpoint: 'one.example.com', port: 27018, primaryUser: 'dbadmin', setPassword },
    ],
  });
  client = new DocDBClient({
    endpoint: api.url,
    region: 'eu-central-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    maxAttempts: 1,
  });
  clusters = documentDbApi(client);
});
afterEach(async () => {
  client.destroy();
  await api.stop();
});

describe('Describing a cluster', () => {
  it('tells what a recovery compares', async () => {
    expect(await clusters.describe('one')).toEqual({
      engine: 'docdb',
      status: 'available',
      host: 'one.example.com',
      port: 27018,
      primaryUser: 'dbadmin',
      passwordManaged: false,
    });
  });

  it('tells that AWS manages the password', async () => {
    api.cluster('one').managedSecretArn = 'arn:of:the:secret';
    expect(await clusters.describe('one')).toMatchObject({ passwordManaged: true });
  });

  it('tells that there is none', async () => {
    expect(await clusters.describe('two')).toBeUndefined();
  });
});

describe('Asking for a password', () => {
  it('is told whether the cluster took it: it is asked to apply it at once', async () => {
    expect(await clusters.askForPassword('one', newPassword())).toBe(true);
    expect(api.cluster('one').resets).toBe(1);
  });

  it('is no failure while the cluster is being changed', async () => {
    api.cluster('one').status = 'modifying';
    expect(await clusters.askForPassword('one', newPassword())).toBe(false);
  });

  it.each(['AccessDenied', 'AccessDeniedException', 'InvalidParameterCombination', 'DBClusterNotFoundFault'])(
    'that is refused by %s is not the same as no answer',
    async (type) => {
      api.faults.add({ operation: 'ModifyDBCluster', kind: 'error-before', type });
      await expect(clusters.askForPassword('one', newPassword())).rejects.toThrow(ClusterApiRefusedError);
    },
  );

  it('is refused for a password that breaks the rules, in words', async () => {
    const failure = clusters.askForPassword('one', `${newPassword()}@`);
    await expect(failure).rejects.toThrow(ClusterApiRefusedError);
    await expect(failure).rejects.toThrow(/InvalidParameterValue; a password has 8 to 100 printable/);
  });

  it.each([
    ['ThrottlingException', 400],
    ['Throttling', 400],
    ['InternalFailure', 500],
    ['ServiceUnavailable', 503],
  ])('that meets %s may be tried again', async (type, status) => {
    api.faults.add({ operation: 'ModifyDBCluster', kind: 'error-before', type, status });
    await expect(clusters.askForPassword('one', newPassword())).rejects.toThrow(ClusterApiUnavailableError);
  });

  it('whose reply is lost may be tried again', async () => {
    api.faults.add({ operation: 'ModifyDBCluster', kind: 'reply-lost' });
    await expect(clusters.askForPassword('one', newPassword())).rejects.toThrow(ClusterApiUnavailableError);
    expect(api.cluster('one').resets).toBe(1);
  });

  it('without anyone there says what may be missing', async () => {
    await api.stop();
    const failure = clusters.askForPassword('one', newPassword());
    await expect(failure).rejects.toThrow(ClusterApiUnavailableError);
    await expect(failure).rejects.toThrow(/is there a route to the API of Amazon RDS/);
  });

  it.each(['AccessDeniedException', 'InternalFailure'])('never quotes what came with %s', async (type) => {
    const password = newPassword();
    api.faults.add({
      operation: 'ModifyDBCluster',
      kind: 'error-before',
      type,
      message: `MasterUserPassword=${password}`,
    });
    const message = await clusters.askForPassword('one', password).catch(String);
    expect(message).toContain(type);
    expect(message).not.toContain(password);
  });
});
