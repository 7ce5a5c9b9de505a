import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { SecretNotRotatableError, SecretsManagerRefusedError } from '../../../functions/contract/errors.ts';
import { createSecret } from '../../../functions/create-secret/create-secret.ts';
import { takeOver } from '../../../functions/recover-secret/take-over.ts';
import { secretsManager } from '../../../functions/secret/secrets-manager.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { executionArn } from '../../support/rotation-machine.ts';
import { startTestStandIn, type TestStandIn } from './test-stand-in.ts';

/** What the functions make of refusals, by the SDK and over HTTP. */
let stack: TestStandIn;
beforeEach(async () => {
  stack = await startTestStandIn();
});
afterEach(() => stack.stop());

const ports = () => ({ secrets: secretsManager(stack.client), clock: new FakeClock() });

// Recorded: test_invalid_secret_name of LocalStack's tests.
describe('a name that no secret can have', () => {
  test('is no secret, and no missing permission', async () => {
    const described = ports().secrets.describe('shop app*');
    await expect(described).rejects.toThrow(SecretNotRotatableError);
    await expect(described).rejects.toThrow('no name or ARN of a secret');
  });

  test('refuses a rotation before anything is done', async () => {
    const execution = executionArn('odd');
    const began = createSecret(ports(), { execution, secretId: 'shop app*', mode: 'rotate' });
    await expect(began).rejects.toThrow('no name or ARN of a secret');
  });
});

// https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_limits.html: of the secret, not of a version
describe('a recovery of a secret that a tool left in rotation', () => {
  const stuckWith = async (own: number): Promise<string> => {
    const { arn } = await stack.createSecret();
    await stack.putVersion(arn);
    await stack.putVersion(arn, ['AWSPENDING']);
    if (own > 0)
      await stack.putVersion(
        arn,
        Array.from({ length: own }, (_, index) => `own-${index}`),
      );
    return arn;
  };
  const recover = (secretId: string) =>
    takeOver(ports(), { action: 'take-lock', execution: executionArn('stuck', 'recovery'), secretId });

  test('takes the lock, beside fifteen labels of the owner’s own', async () => {
    expect(await recover(await stuckWith(15))).toMatchObject({ outcome: 'taken' });
  });

  test.each([16, 17])('says that %i are too many, and not that a permission is missing', async (own) => {
    const recovered = recover(await stuckWith(own));
    await expect(recovered).rejects.toThrow(SecretsManagerRefusedError);
    await expect(recovered).rejects.toThrow('a secret can have 20 staging labels');
    await expect(recovered).rejects.not.toThrow('permissions');
  });
});
