import { randomUUID } from 'node:crypto';
import {
  CreateSecretCommand,
  DeleteSecretCommand,
  DescribeSecretCommand,
  GetSecretValueCommand,
  PutSecretValueCommand,
  RestoreSecretCommand,
  TagResourceCommand,
  UntagResourceCommand,
} from '@aws-sdk/client-secrets-manager';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { newValue, startTestStandIn, type TestStandIn } from '../test-stand-in.ts';

let stack: TestStandIn;
let now = new Date('2030-01-01T00:00:00Z');
beforeAll(async () => {
  stack = await startTestStandIn({ now: () => now });
});
afterAll(() => stack.stop());

// https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_CreateSecret.html
describe('CreateSecret', () => {
  test('answers the same request again, and fails for a name that is taken', async () => {
    const input = {
      Name: `test/${randomUUID()}`,
      SecretString: newValue(),
      ClientRequestToken: randomUUID(),
    };
    const first = await stack.client.send(new CreateSecretCommand(input));
    const again = await stack.client.send(new CreateSecretCommand(input));
    expect(again.ARN).toBe(first.ARN);
    await expect(
      stack.client.send(new CreateSecretCommand({ Name: input.Name, SecretString: newValue() })),
    ).rejects.toMatchObject({ name: 'ResourceExistsException' });
  });

  test('makes a secret without a version if it is given no value', async () => {
    const { ARN = '', VersionId } = await stack.client.send(
      new CreateSecretCommand({ Name: `test/${randomUUID()}` }),
    );
    expect(VersionId).toBeUndefined();
    expect(await stack.labelsOf(ARN)).toEqual({});
  });

  // Recorded: test_invalid_secret_name of LocalStack's tests.
  test.each(['not this', 'not*this', 'not?this', 'not]this'])(
    'fails for the name %j, which has other characters than letters, digits and /_+=.@!-',
    async (Name) => {
      await expect(stack.client.send(new CreateSecretCommand({ Name }))).rejects.toMatchObject({
        name: 'ValidationException',
      });
    },
  );
});

// https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_DeleteSecret.html
describe('DeleteSecret', () => {
  test('makes the value unreachable at once, until the secret is restored', async () => {
    const { arn: SecretId, name, value } = await stack.createSecret();
    await stack.client.send(new DeleteSecretCommand({ SecretId, RecoveryWindowInDays: 7 }));

    const refused = { name: 'InvalidRequestException' };
    await expect(stack.client.send(new GetSecretValueCommand({ SecretId }))).rejects.toMatchObject(refused);
    await expect(stack.putVersion(SecretId)).rejects.toMatchObject(refused);
    await expect(stack.createSecret(name)).rejects.toMatchObject(refused);
    const { DeletedDate } = await stack.client.send(new DescribeSecretCommand({ SecretId }));
    expect(DeletedDate).toEqual(new Date(now.getTime() + 7 * 24 * 60 * 60 * 1000));

    await stack.client.send(new RestoreSecretCommand({ SecretId }));
    expect(await stack.readValue(SecretId)).toBe(value);
  });

  test('removes the secret after its recovery window, of 30 days unless told otherwise', async () => {
    const { arn: SecretId } = await stack.createSecret();
    await stack.client.send(new DeleteSecretCommand({ SecretId }));
    const before = now;
    now = new Date(before.getTime() + 30 * 24 * 60 * 60 * 1000);
    await expect(stack.client.send(new RestoreSecretCommand({ SecretId }))).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
    });
    now = before;
  });

  test('with ForceDeleteWithoutRecovery removes it at once, and finds nothing wrong with a missing one', async () => {
    const { arn: SecretId, name } = await stack.createSecret();
    for (let time = 0; time < 2; time++) {
      await stack.client.send(new DeleteSecretCommand({ SecretId, ForceDeleteWithoutRecovery: true }));
    }
    await expect(stack.createSecret(name)).resolves.toMatchObject({ name });
  });

  test('fails for a recovery window together with ForceDeleteWithoutRecovery', async () => {
    const { arn: SecretId } = await stack.createSecret();
    const input = { SecretId, ForceDeleteWithoutRecovery: true, RecoveryWindowInDays: 7 };
    await expect(stack.client.send(new DeleteSecretCommand(input))).rejects.toMatchObject({
      name: 'InvalidParameterException',
    });
  });
});

// https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_TagResource.html
test('tags are added, replaced and taken away', async () => {
  const { arn: SecretId } = await stack.createSecret();
  const tag = (Key: string, Value: string) =>
    stack.client.send(new TagResourceCommand({ SecretId, Tags: [{ Key, Value }] }));
  await tag('docdb-rotation:strategy', 'single-user');
  await tag('docdb-rotation:strategy', 'admin-clone');
  await tag('team', 'shop');
  await stack.client.send(new UntagResourceCommand({ SecretId, TagKeys: ['team'] }));
  const { Tags } = await stack.client.send(new DescribeSecretCommand({ SecretId }));
  expect(Tags).toEqual([{ Key: 'docdb-rotation:strategy', Value: 'admin-clone' }]);
  await expect(tag('aws:mine', 'no')).rejects.toMatchObject({ name: 'InvalidParameterException' });
});

// InvalidRequestException: https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_TagResource.html
// The message is as recorded on AWS, localstack's test_tag_untag_resource_on_deleted_secret, 2026-01-29.
test('tags of a secret that is marked for deletion fail to be changed', async () => {
  const { arn: SecretId } = await stack.createSecret();
  await stack.client.send(new DeleteSecretCommand({ SecretId, RecoveryWindowInDays: 7 }));
  const refused = {
    name: 'InvalidRequestException',
    message: expect.stringContaining('marked for deletion'),
  };
  const tagging = new TagResourceCommand({ SecretId, Tags: [{ Key: 'team', Value: 'shop' }] });
  await expect(stack.client.send(tagging)).rejects.toMatchObject(refused);
  const untagging = new UntagResourceCommand({ SecretId, TagKeys: ['team'] });
  await expect(stack.client.send(untagging)).rejects.toMatchObject(refused);
});

// https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_TagResource.html
test('tags count 50 at most, and one that exists counts once', async () => {
  const { arn: SecretId } = await stack.createSecret();
  const tag = (...names: string[]) =>
    stack.client.send(
      new TagResourceCommand({ SecretId, Tags: names.map((Key) => ({ Key, Value: 'any' })) }),
    );
  await tag(...Array.from({ length: 50 }, (_, number) => `tag-${number}`));
  await tag('tag-1');
  await expect(tag('one-more')).rejects.toMatchObject({ name: 'InvalidParameterException' });
  const { Tags } = await stack.client.send(new DescribeSecretCommand({ SecretId }));
  expect(Tags).toHaveLength(50);
});

// https://docs.aws.amazon.com/secretsmanager/latest/userguide/replicate-secrets.html
test('a replica shows its primary Region, is read like any secret and fails to be written', async () => {
  const value = newValue();
  const SecretId = stack.standIn.seedReplica({
    name: 'test/replica',
    secretString: value,
    primaryRegion: 'us-east-1',
  });
  const described = await stack.client.send(new DescribeSecretCommand({ SecretId }));
  expect(described.PrimaryRegion).toBe('us-east-1');
  expect(await stack.readValue(SecretId)).toBe(value);
  await expect(
    stack.client.send(new PutSecretValueCommand({ SecretId, SecretString: newValue() })),
  ).rejects.toMatchObject({ name: 'InvalidRequestException' });
});

// https://docs.aws.amazon.com/secretsmanager/latest/userguide/service-linked-secrets.html
test('a secret that a service manages names the service, and is read like any secret', async () => {
  const value = newValue();
  const SecretId = stack.standIn.seedManaged({
    name: 'rds!cluster-test',
    secretString: value,
    owningService: 'rds',
    tags: { 'aws:secretsmanager:owningService': 'rds' },
  });
  const described = await stack.client.send(new DescribeSecretCommand({ SecretId }));
  expect(described).toMatchObject({ Name: 'rds!cluster-test', OwningService: 'rds' });
  expect(await stack.readValue(SecretId)).toBe(value);
});
