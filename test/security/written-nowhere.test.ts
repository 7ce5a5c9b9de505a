import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import { RotateSecretCommand } from '@aws-sdk/client-secrets-manager';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { type Ended, expectSettled, logsInEverywhere, recover, run } from '../e2e/rotations/outside-judge.ts';
import { type DatabaseSecret, type LocalStack, startLocalStack } from '../local-stack/deployment/index.ts';
import { filesBelow, leaksIn, processesBelow, type Written } from './leaks.ts';
import { executionsOf, passwordsOf } from './searched.ts';

/**
 * No password and no RotationToken is written anywhere, whatever characters it is made of: each way of a rotation is
 * gone with passwords that mean something to JSON, URIs, shells and regular expressions, and then all that was
 * written is searched.
 */

/** Every event of every function, as Lambda handed it over. */
interface FunctionEvent {
  readonly functionName: string;
  readonly event: Readonly<Record<string, unknown>>;
}

const Told = z.object({
  moment: z.string(),
  functionName: z.string(),
  event: z.record(z.string(), z.unknown()).optional(),
});

const events: FunctionEvent[] = [];
const samples = new Map<string, string>();
const known = new Set<string>();
const hook = createServer(async (request, response) => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  const { functionName, event } = Told.parse(JSON.parse(Buffer.concat(chunks).toString()));
  if (event !== undefined) events.push({ functionName, event });
  // While a function has passwords in its hands: what does the rest of the machine see of it?
  for (const { where, text } of processesBelow(process.pid)) samples.set(`${where}: ${text}`, text);
  response.end();
});

let stack: LocalStack;
beforeAll(async () => {
  await new Promise<void>((resolve) => hook.listen(0, '127.0.0.1', resolve));
  const address = hook.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  stack = await startLocalStack({
    propagationTimeoutSeconds: 6,
    drainSeconds: 1,
    waitScale: 0,
    functionEnvironment: { INVOCATION_HOOK: `http://127.0.0.1:${port}/` },
  });
});
afterAll(async () => {
  await stack?.stop();
  hook.closeAllConnections();
  hook.close();
});

/** What DocumentDB takes: 8 to 100 printable ASCII characters, but / " and @. */
const PASSWORDS: Readonly<Record<string, () => string>> = {
  JSON: () => `{[\\u0041,'x':null]}\\n${noise()}`,
  'JSONata and templates': () => `\${x} {% $y %} <%= z %> {{w}} $(v)${noise()}`,
  'a URI': () => `%40:${noise()}?a=b&c=%2F#d+e;f%`,
  'a shell': () => `'; $(id) \`id\` | & > < * ~ ! \\ ${noise()}`,
  'a regular expression': () => `^(.*)+$|[^\\]]{8,}?\\d${noise()}`,
  SCRAM: () => `n,a=x,n=y,r=z=2C=3D${noise()}`,
  spaces: () => `   ${noise()}   `,
  'one hundred characters': () => `${'$&'.repeat(41)}${noise()}`,
};

const noise = (): string => randomBytes(9).toString('hex');

const secretWith = async (password: string, strategy: string): Promise<DatabaseSecret> => {
  const secret = await stack.makeSecret({
    createUser: false,
    value: { password },
    tags: { 'docdb-rotation:strategy': strategy },
  });
  await stack.runCommand({
    createUser: secret.username,
    pwd: password,
    roles: [{ role: 'readWrite', db: 'shop' }],
  });
  known.add(password);
  return { ...secret, password };
};

const done = async (ending: Promise<Ended>): Promise<void> => {
  const execution = await ending;
  expect(execution, execution.cause).toMatchObject({ status: 'SUCCEEDED' });
};

const byHand = async (username: string, password: string): Promise<void> => {
  known.add(password);
  await stack.runCommand({ updateUser: username, pwd: password });
};

describe.each(['single-user', 'alternating-users'])('with %s, any password can be rotated', (strategy) => {
  test.each(Object.keys(PASSWORDS))('one that means something to %s', async (kind) => {
    const secret = await secretWith(PASSWORDS[kind]?.() ?? '', strategy);

    await done(run(stack, { secretId: secret.arn }));
    await expectSettled(stack, secret.arn);

    await done(run(stack, { secretId: secret.arn, mode: 'revert' }));
    expect(await logsInEverywhere(stack, secret), 'the password of before').toBe(true);
    await expectSettled(stack, secret.arn);

    await stack.secretsManager.send(
      new RotateSecretCommand({ SecretId: secret.arn, RotationLambdaARN: stack.triggerFunctionArn }),
    );
    const rotation = await stack.secretsManagerStandIn.rotations.latest(secret.arn)?.ended;
    expect(rotation, JSON.stringify(rotation?.failures)).toMatchObject({ status: 'succeeded' });
    await expectSettled(stack, secret.arn);

    await done(run(stack, { secretId: secret.arn, mode: 'revert' }));
    await byHand(secret.username, PASSWORDS[kind]?.() ?? '');
    await stack.allowResetThroughAdmin(secret);
    await done(recover(stack, { secretId: secret.arn, resetThroughAdmin: true }));
    await expectSettled(stack, secret.arn);
  });
});

test('a rotation that is rolled back puts such a password back', async () => {
  const secret = await secretWith(PASSWORDS['a shell']?.() ?? '', 'single-user');
  stack.secretsManagerStandIn.faults.add({
    kind: 'error-before',
    type: 'AccessDeniedException',
    operation: 'UpdateSecretVersionStage',
    secretId: secret.arn,
    when: ({ input }) => input.VersionStage === 'AWSCURRENT',
    times: 1,
  });
  expect(await run(stack, { secretId: secret.arn })).toMatchObject({ status: 'FAILED', error: 'RolledBack' });
  expect(await logsInEverywhere(stack, secret)).toBe(true);
});

test('a database that quotes the password in its error is not quoted', async () => {
  for (const fault of [
    (pwd: string) => ({ errmsg: `bad password "${pwd}" in { updateUser: "x", pwd: "${pwd}" }` }),
    (pwd: string) => ({ errmsg: 'no', codeName: pwd }),
  ]) {
    const secret = await secretWith(PASSWORDS.JSON?.() ?? '', 'single-user');
    const stop = stack.documentDb.onCommand(async ({ when, command, target }) => {
      if (when !== 'before' || command !== 'updateUser' || target !== secret.username) return undefined;
      stop();
      const { password } = await stack.credentialOf(secret.arn, 'AWSPENDING');
      return { kind: 'refuse' as const, code: 2, ...fault(password) };
    });
    expect(await run(stack, { secretId: secret.arn })).toMatchObject({
      status: 'FAILED',
      error: 'RolledBack',
    });
    await expectSettled(stack, secret.arn);
  }
});

test('Secrets Manager that quotes the request in its error is not quoted', async () => {
  const secret = await secretWith(PASSWORDS.JSON?.() ?? '', 'single-user');
  stack.secretsManagerStandIn.faults.add({
    kind: 'error-before',
    type: 'InvalidRequestException',
    message: `can not write {"password": "${secret.password}"}`,
    operation: 'PutSecretValue',
    secretId: secret.arn,
    times: 1,
  });
  const execution = await run(stack, { secretId: secret.arn });
  expect(execution).toMatchObject({ status: 'FAILED', error: 'SecretsManagerRefusedError' });
  await expectSettled(stack, secret.arn);
});

const rotationTokens = (): Set<string> =>
  new Set(
    events.flatMap(({ event }) => (typeof event.RotationToken === 'string' ? [event.RotationToken] : [])),
  );

/** WiredTiger's own files hold the users, as a database must. */
const isStorage = (path: string): boolean => path.includes('/document-db/data/');

describe('afterwards, of all passwords and RotationTokens', () => {
  let secrets: Set<string>;
  beforeAll(async () => {
    const tokens = rotationTokens();
    const all = new Set([...known, ...(await passwordsOf(stack))]);
    expect(tokens.size, 'RotationTokens').toBeGreaterThan(10);
    expect(all.size, 'passwords').toBeGreaterThan(60);
    secrets = new Set([...all, ...tokens]);
  });

  const expectNone = (written: readonly Written[], least: number): void => {
    expect(written.length, 'places to look in').toBeGreaterThanOrEqual(least);
    expect(leaksIn(written, secrets), 'places with a secret in them').toEqual([]);
  };

  test('none is in the history, input, output or cause of an execution', async () => {
    expectNone(await executionsOf(stack), 50);
  });

  test('none is in what a function was called with, but the RotationToken that the trigger gets', () => {
    const written = events.map(({ functionName, event: { RotationToken: _, ...event } }) => ({
      where: functionName,
      text: JSON.stringify(event),
    }));
    expectNone(written, 100);
    const withToken = events.filter(({ event }) => event.RotationToken !== undefined);
    expect(new Set(withToken.map(({ functionName }) => functionName)).size).toBe(1);
  });

  test('none is in a log', () => {
    const log = stack.logs();
    expect(log.length).toBeGreaterThan(10_000);
    expectNone([{ where: 'the logs', text: log }], 1);
  });

  test('none is in the arguments or the environment of a process, at any time', () => {
    const texts = [...samples].map(([where, text]) => ({ where: where.slice(0, 60), text }));
    expect(
      [...samples.values()].filter((text) => text.includes('AWS_LAMBDA_FUNCTION_NAME')).length,
    ).toBeGreaterThan(5);
    expectNone(texts, 20);
  });

  test('none is in a file, but the database’s own', () => {
    expectNone(filesBelow(stack.directory, isStorage), 10);
  });

  test('the search finds what is there', () => {
    const password = PASSWORDS.JSON?.() ?? '';
    for (const text of [
      password,
      JSON.stringify(JSON.stringify({ password })),
      `mongodb://x:${encodeURIComponent(password)}@h`,
      Buffer.from(password).toString('base64'),
    ]) {
      expect(leaksIn([{ where: 'here', text: `before ${text} after` }], [password])).toEqual(['here']);
    }
  });
});
