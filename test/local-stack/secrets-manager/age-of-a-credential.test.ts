import { CancelRotateSecretCommand, RotateSecretCommand } from '@aws-sdk/client-secrets-manager';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { scheduleOf } from '../../../functions/check-credentials/described-secret.ts';
import { FUNCTION_ARN, startTestStandIn, type TestStandIn } from './test-stand-in.ts';

/** What the check for overdue credentials reads of a secret, by the SDK and over HTTP. */
const DAY_MS = 24 * 3600 * 1000;
const BEGAN = Date.parse('2026-01-01T00:00:00Z');
let now: number;
let stack: TestStandIn;
beforeEach(async () => {
  now = BEGAN;
  stack = await startTestStandIn({ now: () => new Date(now) });
});
afterEach(() => stack.stop());

const scheduled = async (): Promise<string> => {
  const { arn: SecretId } = await stack.createSecret();
  const rules = { RotationLambdaARN: FUNCTION_ARN, RotationRules: { ScheduleExpression: 'rate(30 days)' } };
  await stack.client.send(new RotateSecretCommand({ SecretId, ...rules, RotateImmediately: false }));
  await stack.standIn.rotations.settled();
  return SecretId;
};

// https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_DescribeSecret.html, LastRotatedDate
test('a rotation on demand makes it new, though no rotation of Secrets Manager has ended', async () => {
  const secret = await scheduled();
  now += 20 * DAY_MS;
  await stack.putVersion(secret);
  expect(await scheduleOf(stack.client)(secret)).toMatchObject({
    rotationEnabled: true,
    currentSince: now,
    rotatedAt: undefined,
    intervalDays: 30,
  });
});

// https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_CancelRotateSecret.html
test('a schedule that someone cancelled is gone', async () => {
  const SecretId = await scheduled();
  await stack.client.send(new CancelRotateSecretCommand({ SecretId }));
  expect(await scheduleOf(stack.client)(SecretId)).toMatchObject({ rotationEnabled: false });
});
