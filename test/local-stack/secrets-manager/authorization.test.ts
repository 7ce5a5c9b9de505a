import { randomUUID } from 'node:crypto';
import {
  CreateSecretCommand,
  DescribeSecretCommand,
  GetRandomPasswordCommand,
  PutSecretValueCommand,
  TagResourceCommand,
  UntagResourceCommand,
} from '@aws-sdk/client-secrets-manager';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AccessControl, type ContextKeys, type Refusal, type Statement } from '../iam/index.ts';
import { newValue, startTestStandIn, type TestStandIn } from './test-stand-in.ts';

let test: TestStandIn;
let asked: string[];
let keys: ContextKeys[];
let refusal: Refusal | undefined;

beforeEach(async () => {
  asked = [];
  keys = [];
  refusal = undefined;
  test = await startTestStandIn({
    authorize: async ({ accessKeyId }, action, resource, contextKeys) => {
      asked.push(`${accessKeyId} ${action} ${resource}`);
      keys.push(contextKeys);
      return refusal;
    },
  });
});
afterEach(() => test.stop());

/** https://docs.aws.amazon.com/service-authorization/latest/reference/list_awssecretsmanager.html */
describe('a request is authorized', () => {
  it('for the action and the whole ARN of the secret, however it is named', async () => {
    const { arn, name } = await test.createSecret();
    asked = [];
    for (const SecretId of [name, arn, arn.slice(0, -7)]) {
      await test.client.send(new DescribeSecretCommand({ SecretId }));
    }
    expect(asked).toEqual(Array(3).fill(`test secretsmanager:DescribeSecret ${arn}`));
  });

  it('for no resource where AWS knows none', async () => {
    await test.client.send(new GetRandomPasswordCommand({}));
    expect(asked).toEqual(['test secretsmanager:GetRandomPassword *']);
  });

  it('before anybody learns whether the secret exists', async () => {
    refusal = { type: 'AccessDeniedException', message: 'no' };
    const describing = test.client.send(new DescribeSecretCommand({ SecretId: 'nothing' }));
    await expect(describing).rejects.toMatchObject({ name: 'AccessDeniedException', message: 'no' });
    expect(asked).toEqual(['test secretsmanager:DescribeSecret nothing']);
  });

  it('and a refused one changes nothing', async () => {
    const { arn, value, versionId } = await test.createSecret();
    refusal = { type: 'AccessDeniedException', message: 'no' };
    const writing = test.client.send(new PutSecretValueCommand({ SecretId: arn, SecretString: newValue() }));
    await expect(writing).rejects.toMatchObject({ name: 'AccessDeniedException' });
    expect(test.standIn.requests.at(-1)?.outcome).toBe('AccessDeniedException');
    refusal = undefined;
    expect(await test.labelsOf(arn)).toEqual({ [versionId]: ['AWSCURRENT'] });
    expect(await test.readValue(arn)).toBe(value);
  });

  /** https://docs.aws.amazon.com/secretsmanager/latest/apireference/CommonErrors.html */
  it('and an access key that no one gave out is refused as such', async () => {
    refusal = { type: 'UnrecognizedClientException', message: 'invalid' };
    const describing = test.client.send(new DescribeSecretCommand({ SecretId: 'nothing' }));
    await expect(describing).rejects.toMatchObject({ name: 'UnrecognizedClientException' });
  });

  /** https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-tagkeys */
  it('with the names of the tags that it gives or takes away', async () => {
    const Tags = ['one', 'two'].map((Key) => ({ Key, Value: 'any' }));
    const secret = { Name: `test/${randomUUID()}`, SecretString: newValue() };
    const { ARN: SecretId } = await test.client.send(new CreateSecretCommand({ ...secret, Tags }));
    await test.client.send(new TagResourceCommand({ SecretId, Tags }));
    await test.client.send(new UntagResourceCommand({ SecretId, TagKeys: ['one'] }));
    await test.client.send(new DescribeSecretCommand({ SecretId }));
    const both = { 'aws:TagKeys': ['one', 'two'] };
    expect(keys).toEqual([both, both, { 'aws:TagKeys': ['one'] }, {}]);
  });
});

/** https://docs.aws.amazon.com/secretsmanager/latest/userguide/auth-and-access-abac.html */
it('a role may give a secret the tags that its policy names, and no others', async () => {
  const statement: Statement = {
    Effect: 'Allow',
    Action: ['secretsmanager:TagResource'],
    Resource: ['*'],
    Condition: { 'ForAllValues:StringEquals': { 'aws:TagKeys': ['docdb-rotation:proven'] } },
  };
  const control = new AccessControl({
    principalOf: async () => ({ kind: 'role', roleName: 'writer', sessionArn: 'arn:aws:sts:::writer' }),
    policiesOf: async () => [statement],
  });
  const enforcing = await startTestStandIn({
    authorize: async ({ accessKeyId }, action, resource, contextKeys) =>
      action === 'secretsmanager:TagResource'
        ? control.refusalOf(accessKeyId, action, resource, contextKeys)
        : undefined,
  });
  try {
    const { arn: SecretId } = await enforcing.createSecret();
    const tag = (...names: string[]) =>
      enforcing.client.send(
        new TagResourceCommand({ SecretId, Tags: names.map((Key) => ({ Key, Value: 'yes' })) }),
      );
    await tag('docdb-rotation:proven');
    const refused = { name: 'AccessDeniedException' };
    await expect(tag('docdb-rotation:strategy')).rejects.toMatchObject(refused);
    await expect(tag('docdb-rotation:proven', 'docdb-rotation:strategy')).rejects.toMatchObject(refused);
    const { Tags } = await enforcing.client.send(new DescribeSecretCommand({ SecretId }));
    expect(Tags).toEqual([{ Key: 'docdb-rotation:proven', Value: 'yes' }]);
  } finally {
    await enforcing.stop();
  }
});
