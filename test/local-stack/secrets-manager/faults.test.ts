import { randomUUID } from 'node:crypto';
import {
  DescribeSecretCommand,
  PutSecretValueCommand,
  RotateSecretCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { RequestMoment } from './index.ts';
import { FUNCTION_ARN, newValue, REGION, startTestStandIn, type TestStandIn } from './test-stand-in.ts';

let stack: TestStandIn;
beforeEach(async () => {
  stack = await startTestStandIn();
});
afterEach(() => stack.stop());

const versionsOf = async (SecretId: string) => Object.keys(await stack.labelsOf(SecretId)).length;

describe('a fault', () => {
  test.each([
    ['ThrottlingException', 400],
    ['AccessDeniedException', 400],
    ['InternalServiceError', 500],
  ])('answers %s with status %i, before anything changes', async (type, status) => {
    const { arn } = await stack.createSecret();
    const fault = stack.standIn.faults.add({
      operation: 'PutSecretValue',
      kind: 'error-before',
      type,
      times: 1,
    });

    await expect(stack.putVersion(arn)).rejects.toMatchObject({
      name: type,
      $metadata: { httpStatusCode: status },
    });

    expect(await versionsOf(arn)).toBe(1);
    expect(fault.hits).toBe(1);
    await stack.putVersion(arn);
    expect(await versionsOf(arn)).toBe(2);
  });

  test('loses the reply of an operation that was applied', async () => {
    const { arn } = await stack.createSecret();
    const fault = stack.standIn.faults.add({ operation: 'PutSecretValue', kind: 'reply-lost', times: 1 });
    const token = randomUUID();

    await expect(stack.putVersion(arn, ['AWSPENDING'], token)).rejects.toThrow();

    expect(await fault.hit).toMatchObject({ operation: 'PutSecretValue', secretId: arn });
    expect(await stack.labelsOf(arn)).toMatchObject({ [token]: ['AWSPENDING'] });
    expect(stack.standIn.requests.findLast(({ operation }) => operation === 'PutSecretValue')?.outcome).toBe(
      'reply-lost',
    );
  });

  test('is survived by a client that retries', async () => {
    const { arn } = await stack.createSecret();
    const client = new SecretsManagerClient({
      endpoint: stack.standIn.url,
      region: REGION,
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    });
    stack.standIn.faults.add({ operation: 'PutSecretValue', kind: 'reply-lost', times: 1 });
    await client.send(new PutSecretValueCommand({ SecretId: arn, SecretString: newValue() }));
    client.destroy();
    expect(await versionsOf(arn)).toBe(2);
  });

  test('cuts the connection before anything changes', async () => {
    const { arn } = await stack.createSecret();
    stack.standIn.faults.add({ operation: 'PutSecretValue', kind: 'connection-cut-before', times: 1 });
    await expect(stack.putVersion(arn)).rejects.toThrow();
    expect(await versionsOf(arn)).toBe(1);
  });

  test('strikes the secret and the requests that it names, until it is removed', async () => {
    const one = await stack.createSecret();
    const other = await stack.createSecret();
    const fault = stack.standIn.faults.add({
      operation: 'PutSecretValue',
      secretId: one.name,
      when: ({ input }) => Array.isArray(input.VersionStages) && input.VersionStages.includes('AWSPENDING'),
      kind: 'error-before',
      type: 'ThrottlingException',
    });
    await stack.putVersion(other.arn, ['AWSPENDING']);
    await stack.putVersion(one.arn);
    await expect(stack.putVersion(one.arn, ['AWSPENDING'])).rejects.toMatchObject({
      name: 'ThrottlingException',
    });
    fault.remove();
    await stack.putVersion(one.arn, ['AWSPENDING']);
    expect(fault.hits).toBe(1);
  });

  test('delays an operation, which then happens', async () => {
    const { arn } = await stack.createSecret();
    stack.standIn.faults.add({ operation: 'PutSecretValue', kind: 'delay', milliseconds: 1, times: 1 });
    await stack.putVersion(arn);
    expect(await versionsOf(arn)).toBe(2);
  });
});

describe('a hook', () => {
  test('is called before and after the operation, which waits for it', async () => {
    const { arn } = await stack.createSecret();
    const seen: unknown[] = [];
    const remove = stack.standIn.onRequest(async ({ moment, operation }: RequestMoment) => {
      if (operation !== 'PutSecretValue') return;
      seen.push([moment, await versionsOf(arn)]);
    });
    await stack.putVersion(arn);
    expect(seen).toEqual([
      ['before', 1],
      ['after', 2],
    ]);
    remove();
    await stack.putVersion(arn);
    expect(seen).toHaveLength(2);
  });

  test('is told the error of a refused operation', async () => {
    const moments: RequestMoment[] = [];
    stack.standIn.onRequest((moment) => void moments.push(moment));
    await expect(stack.client.send(new DescribeSecretCommand({ SecretId: 'missing' }))).rejects.toThrow();
    expect(moments[1]).toMatchObject({ moment: 'after', error: 'ResourceNotFoundException' });
  });
});

test('neither the request log nor hooks and faults see a value or a rotation token', async () => {
  const seen: unknown[] = [];
  const secretMaterial: string[] = [];
  stack.standIn.onRequest((moment) => void seen.push(moment));
  stack.standIn.faults.add({
    operation: 'PutSecretValue',
    when: (request) => seen.push(request) === 0,
    kind: 'reply-lost',
  });
  stack.onRotation(async ({ SecretId, ClientRequestToken, RotationToken }) => {
    const SecretString = newValue();
    secretMaterial.push(SecretString, RotationToken);
    await stack.client.send(
      new PutSecretValueCommand({ SecretId, ClientRequestToken, RotationToken, SecretString }),
    );
    return { functionError: 'Unhandled', payload: '{}' };
  });
  const secret = await stack.createSecret();
  await stack.client.send(new RotateSecretCommand({ SecretId: secret.arn, RotationLambdaARN: FUNCTION_ARN }));
  await stack.standIn.rotations.settled();

  const everything = JSON.stringify([seen, stack.standIn.requests, stack.standIn.rotations.all]);
  expect(everything).toContain('PutSecretValue');
  expect(secretMaterial).toHaveLength(2);
  for (const material of [secret.value, ...secretMaterial]) expect(everything.includes(material)).toBe(false);
});
