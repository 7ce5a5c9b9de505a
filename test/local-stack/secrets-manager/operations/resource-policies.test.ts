import { GetResourcePolicyCommand, PutResourcePolicyCommand } from '@aws-sdk/client-secrets-manager';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestStandIn, type TestStandIn } from '../test-stand-in.ts';

let stack: TestStandIn;
beforeAll(async () => {
  stack = await startTestStandIn();
});
afterAll(() => stack.stop());

// https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_PutResourcePolicy.html
test('a resource policy is kept as it was given, and fails to be kept if it is no JSON', async () => {
  const { arn: SecretId } = await stack.createSecret();
  const ResourcePolicy = JSON.stringify({ Version: '2012-10-17', Statement: [] });
  await stack.client.send(new PutResourcePolicyCommand({ SecretId, ResourcePolicy }));
  const answer = await stack.client.send(new GetResourcePolicyCommand({ SecretId }));
  expect(answer.ResourcePolicy).toBe(ResourcePolicy);
  await expect(
    stack.client.send(new PutResourcePolicyCommand({ SecretId, ResourcePolicy: '{' })),
  ).rejects.toMatchObject({ name: 'MalformedPolicyDocumentException' });
});
