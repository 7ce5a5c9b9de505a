import {
  DescribeSecretCommand,
  GetRandomPasswordCommand,
  PutSecretValueCommand,
} from '@aws-sdk/client-secrets-manager';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Refusal } from '../iam/index.ts';
import { newValue, startTestStandIn, type TestStandIn } from './test-stand-in.ts';

let test: TestStandIn;
let asked: string[];
let refusal: Refusal | undefined;

beforeEach(async () => {
  asked = [];
  refusal = undefined;
  test = await startTestStandIn({
    authorize: async ({ accessKeyId }, action, resource) => {
      asked.push(`${accessKeyId} ${action} ${resource}`);
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
  it('and an access key that nobody gave out is refused as such', async () => {
    refusal = { type: 'UnrecognizedClientException', message: 'invalid' };
    const describing = test.client.send(new DescribeSecretCommand({ SecretId: 'nothing' }));
    await expect(describing).rejects.toMatchObject({ name: 'UnrecognizedClientException' });
  });
});
