import { randomUUID } from 'node:crypto';
import {
  DeleteSecretCommand,
  GetSecretValueCommand,
  PutSecretValueCommand,
} from '@aws-sdk/client-secrets-manager';
import { describe, expect, test } from 'vitest';
import { expectNoPasswordAnywhere, expectSettled, labelsOf, run } from '../e2e/rotations/outside-judge.ts';
import type { DatabaseSecret, LocalStack } from '../local-stack/deployment/index.ts';
import { useStack } from '../local-stack/deployment/use-stack.ts';

/** Secret values as odd as JSON allows: kept as data where they can be, refused clearly where not. */
let stack: LocalStack;
useStack({ propagationTimeoutSeconds: 6, drainSeconds: 1, waitScale: 0 }, (started) => {
  stack = started;
});

const textOf = async (secretId: string): Promise<string> => {
  const { SecretString = '' } = await stack.secretsManager.send(
    new GetSecretValueCommand({ SecretId: secretId }),
  );
  return SecretString;
};

/** Puts raw text before the closing bracket of the secret's JSON. */
const secretWith = async (raw: string): Promise<DatabaseSecret> => {
  const secret = await stack.makeSecret();
  const text = await textOf(secret.arn);
  await stack.secretsManager.send(
    new PutSecretValueCommand({
      SecretId: secret.arn,
      SecretString: `${text.slice(0, -1)}${raw === '' ? '' : ','}${raw}}`,
    }),
  );
  return secret;
};

describe('is kept as it is through a rotation', () => {
  test.each([
    ['a key of the prototype', '"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}'],
    ['a key with the name of a method', '"toString":1,"hasOwnProperty":null,"then":"x"'],
    ['forty levels', `"deep":${'['.repeat(40)}${']'.repeat(40)}`],
    ['NUL, text from right to left, and half a character', '"note":"\\u0000\\u202e\\u0627\\ud800"'],
    ['keys of no letters', '"":"","\\n":"","\\u2028":[]'],
    ['numbers that fit', '"n":[0,-1,1.5,9007199254740991]'],
  ])('%s', async (_what, raw) => {
    const secret = await secretWith(raw);
    expect(await run(stack, { secretId: secret.arn })).toMatchObject({ status: 'SUCCEEDED' });
    await expectSettled(stack, secret.arn);
    const expected = JSON.stringify(JSON.parse(`{${raw}}`)).slice(1, -1);
    expect((await textOf(secret.arn)).includes(expected), 'the value holds it').toBe(true);
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });

  test('a value of nearly 64 KiB', async () => {
    const secret = await secretWith(`"note":"${'x'.repeat(65_536 - 1000)}"`);
    expect(await run(stack, { secretId: secret.arn })).toMatchObject({ status: 'SUCCEEDED' });
    await expectSettled(stack, secret.arn);
    expect((await textOf(secret.arn)).length).toBeGreaterThan(64_000);
  });

  test('of a key that is there twice the last one, as JSON.parse reads it', async () => {
    const secret = await secretWith('"dbClusterIdentifier":"second"');
    expect(await run(stack, { secretId: secret.arn })).toMatchObject({ status: 'SUCCEEDED' });
    expect(JSON.parse(await textOf(secret.arn)).dbClusterIdentifier).toBe('second');
  });

  // Regression: JSON.parse reads what a double holds, so that 1e400 once became null.
  test.each(['12345678901234567890', '0.1000000000000000055', '1e400'])(
    'a number that no double holds: %s',
    async (number) => {
      const secret = await secretWith(`"id":${number}`);
      expect(await run(stack, { secretId: secret.arn })).toMatchObject({ status: 'SUCCEEDED' });
      expect((await textOf(secret.arn)).includes(`"id":${number}`)).toBe(true);
    },
  );
});

describe('is refused, with nothing changed', () => {
  test.each([
    ['nothing but brackets', '['.repeat(30_000)],
    ['five thousand levels', `${'{"a":'.repeat(5000)}1${'}'.repeat(5000)}`],
    ['a text', '"text"'],
    ['null', 'null'],
    ['a list', '[{"engine":"mongo"}]'],
  ])('%s', async (_what, SecretString) => {
    const secret = await stack.makeSecret();
    await stack.secretsManager.send(new PutSecretValueCommand({ SecretId: secret.arn, SecretString }));
    const before = await labelsOf(stack, secret.arn);
    const execution = await run(stack, { secretId: secret.arn });
    expect(execution).toMatchObject({ status: 'FAILED', error: 'InvalidSecretError' });
    expect(execution.cause).toContain('Nothing was changed');
    expect(execution.cause.length).toBeLessThan(1000);
    expect(await labelsOf(stack, secret.arn)).toEqual(before);
  });

  test.each([
    ['a port beyond any', '"port":1e400'],
    ['a port that is no whole number', '"port":27017.5'],
    ['a port in other digits', '"port":"٢٧٠١٧"'],
    ['a host with credentials', '"host":"a:b@127.0.0.1"'],
    ['a host with options', '"host":"127.0.0.1/?tls=false&"'],
    ['two hosts', '"host":"127.0.0.1,127.0.0.2"'],
    ['a host with a line break', '"host":"127.0.0.1\\n"'],
    ['a local socket', '"host":"%2Ftmp%2Fx.sock"'],
    ['ssl that is neither', '"ssl":"no"'],
    ['ssl as a number', '"ssl":0'],
    ['a username that is an object', '"username":{"$gt":""}'],
    ['a password that is a list', `"password":["${randomUUID()}"]`],
    ['a masterarn that is an object', '"masterarn":{}'],
    ['a username that is too long', `"username":"${'x'.repeat(64)}"`],
  ])('%s', async (_what, raw) => {
    const secret = await secretWith(raw);
    const before = await labelsOf(stack, secret.arn);
    const execution = await run(stack, { secretId: secret.arn });
    expect(execution).toMatchObject({ status: 'FAILED', error: 'InvalidSecretError' });
    expect(await labelsOf(stack, secret.arn)).toEqual(before);
  });

  test('an empty password', async () => {
    const secret = await secretWith('"password":""');
    const execution = await run(stack, { secretId: secret.arn });
    expect(execution).toMatchObject({ status: 'FAILED', error: 'InvalidSecretError' });
    // The search for passwords would find an empty one anywhere.
    await stack.secretsManager.send(
      new DeleteSecretCommand({ SecretId: secret.arn, ForceDeleteWithoutRecovery: true }),
    );
  });

  test.each([
    ['NUL', '"username":"app\\u0000"'],
    ['text from right to left', '"username":"\\u202eppa"'],
    ['a query', '"username":"{\\"$gt\\":\\"\\"}"'],
    ['a line break and what looks like a log', '"username":"app\\n{\\"level\\":\\"INFO\\"}"'],
  ])('a username of %s, which no one has', async (_what, raw) => {
    const secret = await secretWith(raw);
    const execution = await run(stack, { secretId: secret.arn });
    expect(execution.status).toBe('FAILED');
    expect(execution.error).toMatch(/^(InvalidSecretError|NoUsableCredentialsError|UserNotFoundError)$/);
    for (const line of stack.logs().split('\n')) expect(line.startsWith('{"level":"INFO"}')).toBe(false);
  });

  test.each([
    ['strategy', '__proto__'],
    ['strategy', ' single-user'],
    ['strategy', 'single-user\u200b'],
    ['retirement-policy', 'constructor'],
    ['grace', '-1'],
    ['grace', '1e3'],
    ['grace', '٣'],
    ['grace', '999999999'],
  ])('the tag %s with the value "%s"', async (tag, value) => {
    const secret = await stack.makeSecret({ tags: { [`docdb-rotation:${tag}`]: value } });
    const execution = await run(stack, { secretId: secret.arn });
    expect(execution).toMatchObject({ status: 'FAILED', error: 'InvalidSecretError' });
    expect(execution.cause).toContain(`docdb-rotation:${tag}`);
    await expectSettled(stack, secret.arn);
  });
});

test('no password is in any history, log, output or cause of all this', async () => {
  await expectNoPasswordAnywhere(stack);
});
