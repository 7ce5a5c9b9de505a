import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { describe, expect, it } from 'vitest';
import { openAdminSession } from '../../../../functions/database/admin-session.ts';
import { nameIn } from '../../../../functions/secret/secret-name.ts';
import { secretsManager } from '../../../../functions/secret/secrets-manager.ts';
import { newPassword } from '../../../support/in-memory-secret-store.ts';

/** A Secrets Manager that answers every request with that error. The adapter with one that works is tested on the stack. */
const answering = (type: string) => {
  const client = new SecretsManagerClient({
    region: 'eu-central-1',
    credentials: { accessKeyId: 'none', secretAccessKey: 'none' },
    requestHandler: {
      handle: async () => ({
        response: {
          statusCode: 400,
          headers: {},
          reason: type,
          body: new TextEncoder().encode(JSON.stringify({ __type: type, message: 'words of AWS' })),
        },
      }),
    },
  });
  return secretsManager(client);
};

const ARN = 'arn:aws:secretsmanager:eu-central-1:111122223333:secret:shop/app-AbCdEf';

/** What is told when a label is moved. */
const told = async (type: string): Promise<string> => {
  try {
    await answering(type).moveLabel(ARN, 'a-label', { to: 'one' });
  } catch (error) {
    return String(error);
  }
  throw new Error('it was accepted');
};

describe('a refusal by Secrets Manager says what to do about that one', () => {
  // A quota once hinted at permissions.
  it.each([
    ['LimitExceededException', /a secret can have 20 staging labels/],
    ['EncryptionFailure', /KMS key/],
    ['ValidationException', /takes that for no name or ARN of a secret/],
    ['AccessDeniedException', /does this stack manage the secret\? If it does, see the permissions/],
  ])('%s', async (type, remedy) => {
    const message = await told(type);
    expect(message).toMatch(remedy);
    if (type !== 'ValidationException') expect(message).toContain(type);
    expect(message).not.toContain('words of AWS');
    if (type !== 'AccessDeniedException') expect(message).not.toContain('permissions');
  });

  it('of an admin secret: the tag may name one, and the deployment another', async () => {
    const login = { host: 'host', port: 27017, tls: true, username: 'app', password: newPassword() };
    const ports = {
      secrets: answering('AccessDeniedException'),
      database: { login: async () => undefined },
    };
    await expect(openAdminSession(ports, 'shop/admin', login)).rejects.toThrow(
      /reading AWSCURRENT of shop\/admin: AccessDeniedException.*the tag docdb-rotation:admin-secret names: does the deployment name the same one/,
    );
  });
});

describe('the name in an ARN', () => {
  it.each([
    [ARN, 'shop/app'],
    ['arn:aws-cn:secretsmanager:cn-north-1:111122223333:secret:a-b-c-x1y2z3', 'a-b-c'],
    ['shop/app', 'shop/app'],
  ])('%s is %s', (arn, name) => {
    expect(nameIn(arn)).toBe(name);
  });
});
