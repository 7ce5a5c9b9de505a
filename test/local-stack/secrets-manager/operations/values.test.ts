import { randomBytes, randomUUID } from 'node:crypto';
import {
  CreateSecretCommand,
  GetSecretValueCommand,
  PutSecretValueCommand,
  UpdateSecretCommand,
  UpdateSecretVersionStageCommand,
} from '@aws-sdk/client-secrets-manager';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { newValue, startTestStandIn, type TestStandIn } from '../test-stand-in.ts';

let stack: TestStandIn;
beforeAll(async () => {
  stack = await startTestStandIn();
});
afterAll(() => stack.stop());

const read = (input: GetSecretValueCommand['input']) => stack.client.send(new GetSecretValueCommand(input));
const put = (input: PutSecretValueCommand['input']) => stack.client.send(new PutSecretValueCommand(input));

// https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_GetSecretValue.html
describe('GetSecretValue', () => {
  test('reads AWSCURRENT, a label or a version id', async () => {
    const { arn: SecretId, ...first } = await stack.createSecret();
    const second = await stack.putVersion(SecretId);
    await expect(read({ SecretId })).resolves.toMatchObject({
      SecretString: second.value,
      VersionId: second.versionId,
      VersionStages: ['AWSCURRENT'],
    });
    await expect(read({ SecretId, VersionStage: 'AWSPREVIOUS' })).resolves.toMatchObject({
      SecretString: first.value,
    });
    await expect(read({ SecretId, VersionId: first.versionId })).resolves.toMatchObject({
      SecretString: first.value,
    });
  });

  test('fails if the version id and the label are not the same version', async () => {
    const secret = await stack.createSecret();
    await stack.putVersion(secret.arn);
    await expect(
      read({ SecretId: secret.arn, VersionId: secret.versionId, VersionStage: 'AWSCURRENT' }),
    ).rejects.toMatchObject({ name: 'InvalidRequestException' });
  });

  test('fails if there is no such secret, version or label', async () => {
    const { arn: SecretId } = await stack.createSecret();
    const missing = { name: 'ResourceNotFoundException' };
    await expect(read({ SecretId: 'nothing/here' })).rejects.toMatchObject(missing);
    await expect(read({ SecretId, VersionId: randomUUID() })).rejects.toMatchObject(missing);
    await expect(read({ SecretId, VersionStage: 'AWSPENDING' })).rejects.toMatchObject(missing);
  });

  test('returns binary values as bytes', async () => {
    const bytes = randomBytes(16);
    const { ARN = '' } = await stack.client.send(
      new CreateSecretCommand({ Name: `test/${randomUUID()}`, SecretBinary: bytes }),
    );
    const { SecretBinary, SecretString } = await read({ SecretId: ARN });
    expect(Buffer.from(SecretBinary ?? [])).toEqual(bytes);
    expect(SecretString).toBeUndefined();
  });

  // https://docs.aws.amazon.com/secretsmanager/latest/userguide/troubleshoot.html#ARN_secretnamehyphen
  test('takes a name, an ARN or an ARN without its random suffix', async () => {
    const secret = await stack.createSecret();
    for (const SecretId of [secret.name, secret.arn, secret.arn.slice(0, -7)]) {
      await expect(read({ SecretId })).resolves.toMatchObject({ ARN: secret.arn, Name: secret.name });
    }
    expect(secret.arn).toMatch(/:secret:test\/[\w-]+-[A-Za-z0-9]{6}$/);
  });
});

/** Writes a new current version while AWSPENDING is on the current one. */
const putOverPending = async ({ client, createSecret, putVersion, labelsOf }: TestStandIn) => {
  const { arn: SecretId, versionId: first } = await createSecret();
  await client.send(
    new UpdateSecretVersionStageCommand({ SecretId, VersionStage: 'AWSPENDING', MoveToVersionId: first }),
  );
  const { versionId: second } = await putVersion(SecretId);
  return { first, second, labels: await labelsOf(SecretId) };
};

// https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_PutSecretValue.html
describe('PutSecretValue', () => {
  test('moves AWSCURRENT to the new version and AWSPREVIOUS along', async () => {
    const first = await stack.createSecret();
    const second = await stack.putVersion(first.arn);
    const third = await stack.putVersion(first.arn);
    expect(await stack.labelsOf(first.arn)).toEqual({
      [second.versionId]: ['AWSPREVIOUS'],
      [third.versionId]: ['AWSCURRENT'],
    });
  });

  test('takes the labels that it is given from whichever version has them, and moves no other', async () => {
    const first = await stack.createSecret();
    await stack.putVersion(first.arn, ['AWSPENDING']);
    const third = await stack.putVersion(first.arn, ['AWSPENDING', 'mine']);
    expect(await stack.labelsOf(first.arn)).toEqual({
      [first.versionId]: ['AWSCURRENT'],
      [third.versionId]: ['AWSPENDING', 'mine'],
    });
  });

  // Recorded on AWS, test_update_secret_version_stages_current_pending in https://github.com/localstack/localstack/blob/8181a8e972403fe42c6fba8b1b5c6ae60c7bcf45/tests/aws/services/secretsmanager/test_secretsmanager.snapshot.json
  test('takes AWSPENDING off the version that loses AWSCURRENT', async () => {
    const { first, second, labels } = await putOverPending(stack);
    expect(labels).toEqual({ [first]: ['AWSPREVIOUS'], [second]: ['AWSCURRENT'] });
  });

  test('leaves AWSPENDING on a version that is not AWSCURRENT', async () => {
    const first = await stack.createSecret();
    const second = await stack.putVersion(first.arn, ['AWSPENDING']);
    const third = await stack.putVersion(first.arn);
    expect(await stack.labelsOf(first.arn)).toEqual({
      [first.versionId]: ['AWSPREVIOUS'],
      [second.versionId]: ['AWSPENDING'],
      [third.versionId]: ['AWSCURRENT'],
    });
  });

  test('makes the first version of a secret the current one', async () => {
    const { ARN = '' } = await stack.client.send(new CreateSecretCommand({ Name: `test/${randomUUID()}` }));
    const { versionId } = await stack.putVersion(ARN, ['mine']);
    expect(await stack.labelsOf(ARN)).toEqual({ [versionId]: ['AWSCURRENT', 'mine'] });
  });

  test('ignores the same token with the same value', async () => {
    const { arn: SecretId } = await stack.createSecret();
    const written = await stack.putVersion(SecretId, ['AWSPENDING']);
    const before = await stack.labelsOf(SecretId);
    await put({ SecretId, ClientRequestToken: written.versionId, SecretString: written.value });
    expect(await stack.labelsOf(SecretId)).toEqual(before);
  });

  test('fails for the same token with another value: a version is written once', async () => {
    const { arn: SecretId } = await stack.createSecret();
    const written = await stack.putVersion(SecretId, ['AWSPENDING']);
    await expect(
      put({ SecretId, ClientRequestToken: written.versionId, SecretString: newValue() }),
    ).rejects.toMatchObject({ name: 'ResourceExistsException' });
    expect(await stack.readValue(SecretId, 'AWSPENDING')).toBe(written.value);
  });

  test.each([
    ['a token of 31 characters', { ClientRequestToken: 'x'.repeat(31), SecretString: 'text' }],
    ['a token of 65 characters', { ClientRequestToken: 'x'.repeat(65), SecretString: 'text' }],
    ['more than 64 KiB', { SecretString: 'é'.repeat(32 * 1024 + 1) }],
    ['text and bytes at once', { SecretString: 'text', SecretBinary: Buffer.from('text') }],
    ['no value', {}],
    [
      '21 labels',
      { SecretString: 'text', VersionStages: Array.from({ length: 21 }, (_, i) => `label-${i}`) },
    ],
  ])('fails for %s', async (_name, input) => {
    const { arn: SecretId } = await stack.createSecret();
    await expect(put({ SecretId, ...input })).rejects.toMatchObject({ name: 'InvalidParameterException' });
  });
});

// https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_UpdateSecret.html
describe('UpdateSecret', () => {
  test('makes a new current version if it has a value', async () => {
    const secret = await stack.createSecret();
    const { VersionId = '' } = await stack.client.send(
      new UpdateSecretCommand({ SecretId: secret.arn, SecretString: newValue() }),
    );
    expect(await stack.labelsOf(secret.arn)).toEqual({
      [secret.versionId]: ['AWSPREVIOUS'],
      [VersionId]: ['AWSCURRENT'],
    });
  });

  test('changes the description without a new version', async () => {
    const secret = await stack.createSecret();
    await stack.client.send(new UpdateSecretCommand({ SecretId: secret.arn, Description: 'of the shop' }));
    expect(await stack.labelsOf(secret.arn)).toEqual({ [secret.versionId]: ['AWSCURRENT'] });
  });
});

/* As no recording has it. */
test('AWSPENDING stays on the version that loses AWSCURRENT if a test chooses so', async () => {
  const keeping = await startTestStandIn({ pendingOfLastCurrent: 'keep' });
  try {
    const { first, second, labels } = await putOverPending(keeping);
    expect(labels).toEqual({ [first]: ['AWSPENDING', 'AWSPREVIOUS'], [second]: ['AWSCURRENT'] });
  } finally {
    await keeping.stop();
  }
});
