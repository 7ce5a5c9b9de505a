import { randomUUID } from 'node:crypto';
import { GetSecretValueCommand, UpdateSecretVersionStageCommand } from '@aws-sdk/client-secrets-manager';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTestStandIn, type TestStandIn } from '../test-stand-in.ts';

let stack: TestStandIn;
beforeAll(async () => {
  stack = await startTestStandIn();
});
afterAll(() => stack.stop());

const move = (SecretId: string, VersionStage: string, to?: string, from?: string, { client } = stack) =>
  client.send(
    new UpdateSecretVersionStageCommand({
      SecretId,
      VersionStage,
      ...(to ? { MoveToVersionId: to } : {}),
      ...(from ? { RemoveFromVersionId: from } : {}),
    }),
  );

// https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_UpdateSecretVersionStage.html
describe('UpdateSecretVersionStage', () => {
  test('moves AWSPREVIOUS to the version that AWSCURRENT leaves', async () => {
    const secret = await stack.createSecret();
    const second = await stack.putVersion(secret.arn, ['AWSPENDING']);

    await move(secret.arn, 'AWSCURRENT', second.versionId, secret.versionId);

    expect(await stack.labelsOf(secret.arn)).toEqual({
      [secret.versionId]: ['AWSPREVIOUS'],
      [second.versionId]: ['AWSCURRENT', 'AWSPENDING'],
    });
  });

  test('swaps AWSCURRENT and AWSPREVIOUS when it goes back', async () => {
    const secret = await stack.createSecret();
    const second = await stack.putVersion(secret.arn);
    await move(secret.arn, 'AWSCURRENT', secret.versionId, second.versionId);
    expect(await stack.labelsOf(secret.arn)).toEqual({
      [secret.versionId]: ['AWSCURRENT'],
      [second.versionId]: ['AWSPREVIOUS'],
    });
  });

  test('adds a label that no version has without RemoveFromVersionId', async () => {
    const secret = await stack.createSecret();
    await move(secret.arn, 'AWSPENDING', secret.versionId);
    expect(await stack.labelsOf(secret.arn)).toEqual({ [secret.versionId]: ['AWSCURRENT', 'AWSPENDING'] });
  });

  test('leaves a label where it is when it is already there', async () => {
    const secret = await stack.createSecret();
    const second = await stack.putVersion(secret.arn);
    await move(secret.arn, 'AWSCURRENT', second.versionId);
    await move(secret.arn, 'AWSCURRENT', second.versionId, second.versionId);
    expect(await stack.labelsOf(secret.arn)).toEqual({
      [secret.versionId]: ['AWSPREVIOUS'],
      [second.versionId]: ['AWSCURRENT'],
    });
  });

  test('removes a label and deprecates the version, which stays readable by its id', async () => {
    const secret = await stack.createSecret();
    const second = await stack.putVersion(secret.arn, ['AWSPENDING']);

    await move(secret.arn, 'AWSPENDING', undefined, second.versionId);

    expect(await stack.labelsOf(secret.arn)).toEqual({ [secret.versionId]: ['AWSCURRENT'] });
    const read = await stack.client.send(
      new GetSecretValueCommand({ SecretId: secret.arn, VersionId: second.versionId }),
    );
    expect(read.SecretString).toBe(second.value);
  });

  describe('fails and changes nothing', () => {
    const twoVersions = async () => {
      const secret = await stack.createSecret();
      const second = await stack.putVersion(secret.arn, ['AWSPENDING']);
      return { arn: secret.arn, current: secret.versionId, pending: second.versionId };
    };
    type Versions = Awaited<ReturnType<typeof twoVersions>>;

    test.each<[string, string, (versions: Versions) => Promise<unknown>]>([
      [
        'if another version holds the label and RemoveFromVersionId is missing',
        'InvalidParameterException',
        ({ arn, current }) => move(arn, 'AWSPENDING', current),
      ],
      [
        'if RemoveFromVersionId names a version that does not hold the label',
        'InvalidParameterException',
        ({ arn, current, pending }) => move(arn, 'AWSCURRENT', current, pending),
      ],
      [
        'if RemoveFromVersionId is given and no version holds the label',
        'InvalidParameterException',
        ({ arn, current, pending }) => move(arn, 'mine', current, pending),
      ],
      [
        'if AWSCURRENT would be on no version',
        'InvalidParameterException',
        ({ arn, current }) => move(arn, 'AWSCURRENT', undefined, current),
      ],
      ['if it names no version', 'InvalidParameterException', ({ arn }) => move(arn, 'AWSPENDING')],
      [
        'if the version does not exist',
        'ResourceNotFoundException',
        ({ arn, pending }) => move(arn, 'AWSPENDING', randomUUID(), pending),
      ],
    ])('%s', async (_name, name, request) => {
      const versions = await twoVersions();
      const before = await stack.labelsOf(versions.arn);
      await expect(request(versions)).rejects.toMatchObject({ name, $metadata: { httpStatusCode: 400 } });
      expect(await stack.labelsOf(versions.arn)).toEqual(before);
    });

    // "Staging labels attached across all versions of a secret": https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_limits.html
    test('if the versions of the secret have 20 labels together already', async () => {
      const secret = await stack.createSecret();
      const second = await stack.putVersion(secret.arn, ['label-1']);
      const versions = [secret.versionId, second.versionId];
      for (let label = 2; label < 20; label++) await move(secret.arn, `label-${label}`, versions[label % 2]);
      const refused = { name: 'LimitExceededException' };
      await expect(move(secret.arn, 'one-more', secret.versionId)).rejects.toMatchObject(refused);
      await expect(stack.putVersion(secret.arn, ['label-1', 'one-more'])).rejects.toMatchObject(refused);
      expect(Object.keys(await stack.labelsOf(secret.arn)).sort()).toEqual(versions.sort());
      await move(secret.arn, 'label-1', secret.versionId, second.versionId);
      await stack.putVersion(secret.arn, ['label-1', 'label-2']);
    });
  });
});

/* What AWS does not document: it has no source. */

test('a label may be removed from a version although no version has it, if a test chooses so', async () => {
  const accepting = await startTestStandIn({ removeFromNobody: 'accept' });
  try {
    const { arn, versionId } = await accepting.createSecret();
    const second = await accepting.putVersion(arn, ['other']);
    await move(arn, 'mine', undefined, versionId, accepting);
    await move(arn, 'mine', second.versionId, versionId, accepting);
    expect(await accepting.labelsOf(arn)).toMatchObject({ [second.versionId]: ['mine', 'other'] });
    await expect(move(arn, 'mine', versionId, versionId, accepting)).rejects.toMatchObject({
      name: 'InvalidParameterException',
    });
  } finally {
    await accepting.stop();
  }
});

test('a label may be refused to the version that has it, if a test chooses so', async () => {
  const refusing = await startTestStandIn({ moveToHolder: 'refuse' });
  try {
    const { arn, versionId } = await refusing.createSecret();
    for (const from of [undefined, versionId])
      await expect(move(arn, 'AWSCURRENT', versionId, from, refusing)).rejects.toMatchObject({
        name: 'InvalidParameterException',
      });
    expect(await refusing.labelsOf(arn)).toEqual({ [versionId]: ['AWSCURRENT'] });
  } finally {
    await refusing.stop();
  }
});
