import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startTestStandIn, type TestStandIn } from './test-stand-in.ts';

let stack: TestStandIn;
beforeEach(async () => {
  stack = await startTestStandIn();
});
afterEach(() => stack.stop());

const post = (target: string, body: string) =>
  fetch(stack.standIn.url, {
    method: 'POST',
    headers: { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': target },
    body,
  });

// https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html
describe('the endpoint', () => {
  test('listens on the loopback address only', () => {
    expect(new URL(stack.standIn.url).hostname).toBe('127.0.0.1');
  });

  test('fails for an operation that it does not know', async () => {
    const response = await post('secretsmanager.Unheard', '{}');
    expect(response.status).toBe(400);
    expect(response.headers.get('content-type')).toBe('application/x-amz-json-1.1');
    expect(await response.json()).toMatchObject({ __type: 'UnknownOperationException' });
  });

  test('fails for a body that is no JSON object, and does not repeat it', async () => {
    const response = await post('secretsmanager.PutSecretValue', '{"SecretString": "half');
    expect(response.status).toBe(400);
    const answer = await response.text();
    expect(answer).toContain('InvalidParameterException');
    expect(answer).not.toContain('half');
  });

  // https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_PutSecretValue.html, ClientRequestToken
  test('fails for a raw write without the token that SDKs and the CLI make up', async () => {
    const { name } = await stack.createSecret();
    const response = await post(
      'secretsmanager.PutSecretValue',
      JSON.stringify({ SecretId: name, SecretString: 'text' }),
    );
    expect(await response.json()).toMatchObject({ __type: 'InvalidRequestException' });
  });

  test('stops with all connections, that of a request which is still being served included', async () => {
    await stack.createSecret();
    const arrived = Promise.withResolvers<void>();
    stack.standIn.onRequest(() => {
      arrived.resolve();
      return Promise.withResolvers<void>().promise;
    });
    const refused = expect(post('secretsmanager.ListSecrets', '{}')).rejects.toThrow();
    await arrived.promise;
    await stack.standIn.stop();
    await refused;
  });
});
