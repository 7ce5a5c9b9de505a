import {
  BatchGetSecretValueCommand,
  DeleteSecretCommand,
  type Filter,
  ListSecretsCommand,
  ListSecretVersionIdsCommand,
  paginateListSecrets,
  TagResourceCommand,
} from '@aws-sdk/client-secrets-manager';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTestStandIn, type TestStandIn } from '../test-stand-in.ts';

let stack: TestStandIn;
beforeAll(async () => {
  stack = await startTestStandIn();
  for (const name of ['shop/orders', 'shop/stock', 'Shop/other', 'blog/posts'])
    await stack.createSecret(name);
  const tag = (SecretId: string, Key: string, Value: string) =>
    stack.client.send(new TagResourceCommand({ SecretId, Tags: [{ Key, Value }] }));
  await tag('shop/orders', 'docdb-rotation:strategy', 'single-user');
  await tag('blog/posts', 'docdb-rotation:strategy', 'admin-clone');
  await stack.createSecret('shop/deleted');
  await stack.client.send(new DeleteSecretCommand({ SecretId: 'shop/deleted' }));
});
afterAll(() => stack.stop());

// https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_ListSecrets.html and API_Filter.html
describe('ListSecrets', () => {
  const list = async (...Filters: Filter[]) => {
    const { SecretList = [] } = await stack.client.send(new ListSecretsCommand({ Filters }));
    return SecretList.map(({ Name }) => Name);
  };

  test('leaves out secrets marked for deletion, unless asked for them', async () => {
    expect(await list()).not.toContain('shop/deleted');
    const { SecretList } = await stack.client.send(new ListSecretsCommand({ IncludePlannedDeletion: true }));
    expect(SecretList?.map(({ Name }) => Name)).toContain('shop/deleted');
  });

  test('compares names by prefix and case', async () => {
    expect(await list({ Key: 'name', Values: ['shop/'] })).toEqual(['shop/orders', 'shop/stock']);
  });

  test('finds secrets by tag key and tag value, and needs all filters to pass', async () => {
    const byKey: Filter = { Key: 'tag-key', Values: ['docdb-rotation:strategy'] };
    expect(await list(byKey)).toEqual(['shop/orders', 'blog/posts']);
    expect(await list(byKey, { Key: 'tag-value', Values: ['admin-'] })).toEqual(['blog/posts']);
  });

  test('turns a value with an exclamation mark round', async () => {
    expect(await list({ Key: 'name', Values: ['!shop/'] })).toEqual(['Shop/other', 'blog/posts']);
  });

  test('pages through the list, every secret once', async () => {
    const names: (string | undefined)[] = [];
    let pages = 0;
    for await (const { SecretList = [] } of paginateListSecrets({ client: stack.client, pageSize: 3 }, {})) {
      pages++;
      names.push(...SecretList.map(({ Name }) => Name));
    }
    expect(pages).toBe(2);
    expect(names).toEqual(['shop/orders', 'shop/stock', 'Shop/other', 'blog/posts']);
  });

  test('fails for a token that it did not give', async () => {
    await expect(stack.client.send(new ListSecretsCommand({ NextToken: 'made-up' }))).rejects.toMatchObject({
      name: 'InvalidNextTokenException',
    });
  });
});

// https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_ListSecretVersionIds.html
test('ListSecretVersionIds tells deprecated versions only with IncludeDeprecated', async () => {
  const first = await stack.createSecret();
  const second = await stack.putVersion(first.arn);
  const third = await stack.putVersion(first.arn);
  const list = async (IncludeDeprecated: boolean) => {
    const { Versions = [] } = await stack.client.send(
      new ListSecretVersionIdsCommand({ SecretId: first.arn, IncludeDeprecated }),
    );
    return Versions.map(({ VersionId }) => VersionId);
  };
  expect(await list(false)).toEqual([second.versionId, third.versionId]);
  expect(await list(true)).toEqual([first.versionId, second.versionId, third.versionId]);
});

// https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_BatchGetSecretValue.html
test('BatchGetSecretValue returns what it finds and says what is wrong with the rest', async () => {
  const { SecretValues, Errors } = await stack.client.send(
    new BatchGetSecretValueCommand({ SecretIdList: ['shop/orders', 'shop/deleted', 'missing'] }),
  );
  expect(SecretValues?.map(({ Name }) => Name)).toEqual(['shop/orders']);
  expect(Errors?.map(({ SecretId, ErrorCode }) => [SecretId, ErrorCode])).toEqual([
    ['shop/deleted', 'InvalidRequestException'],
    ['missing', 'ResourceNotFoundException'],
  ]);
});
