import { afterAll, beforeAll, expect, test } from 'vitest';
import { type DatabaseSecret, type LocalStack, startLocalStack } from '../../local-stack/deployment/index.ts';
import type { CommandEvent } from '../../local-stack/document-db/index.ts';
import type { RequestMoment } from '../../local-stack/secrets-manager/index.ts';
import { type Ended, ended, expectSettled } from './outside-judge.ts';

const OUTAGE_MS = 30_000;

let stack: LocalStack;
beforeAll(async () => {
  stack = await startLocalStack({ propagationTimeoutSeconds: 120, drainSeconds: 1 });
});
afterAll(async () => {
  await stack?.stop();
});

/** The moment at which a step is caught by the outage. */
interface Moment {
  readonly command?: (event: CommandEvent, secret: DatabaseSecret) => boolean;
  readonly request?: (request: RequestMoment) => boolean;
  /** How many such moments pass first. */
  readonly skip?: number;
}

const movesCurrent = ({ operation, input }: RequestMoment): boolean =>
  operation === 'UpdateSecretVersionStage' && input.VersionStage === 'AWSCURRENT';

const MOMENTS: Record<string, Moment> = {
  CreateSecret: { request: ({ moment, operation }) => moment === 'before' && operation === 'PutSecretValue' },
  CheckBefore: {
    command: ({ when, command, user }, { username }) =>
      when === 'before' && command === 'saslContinue' && user === username,
  },
  'SetSecret, before the change': {
    command: ({ when, command, target }, { username }) =>
      when === 'before' && command === 'updateUser' && target === username,
  },
  'SetSecret, after the change': {
    command: ({ when, command, target }, { username }) =>
      when === 'after' && command === 'updateUser' && target === username,
  },
  // The first look at the connection's roles is CheckBefore's.
  TestSecret: {
    command: ({ when, command, user }, { username }) =>
      when === 'before' && command === 'connectionStatus' && user === username,
    skip: 1,
  },
  FinishSecret: { request: (request) => request.moment === 'before' && movesCurrent(request) },
  CheckAfter: { request: (request) => request.moment === 'after' && movesCurrent(request) },
};

/** Holds the secret's rotation at the moment, until the gate opens. */
const holdAt = (
  secret: DatabaseSecret,
  { command, request, skip = 0 }: Moment,
  gate: Promise<void>,
): Promise<void> => {
  const { promise: arrived, resolve } = Promise.withResolvers<void>();
  let passed = 0;
  const hold = async (): Promise<void> => {
    passed += 1;
    if (passed !== skip + 1) return;
    resolve();
    await gate;
  };
  if (command) stack.documentDb.onCommand((event) => (command(event, secret) ? hold() : undefined));
  if (request) {
    stack.secretsManagerStandIn.onRequest((moment) =>
      moment.secretId === secret.arn && request(moment) ? hold() : undefined,
    );
  }
  return arrived;
};

test('a database that is away for 30 seconds in any step is waited for', async () => {
  const gate = Promise.withResolvers<void>();
  const rotations = await Promise.all(
    Object.entries(MOMENTS).map(async ([name, moment]) => {
      const secret = await stack.makeSecret();
      return { name, secret, arrived: holdAt(secret, moment, gate.promise) };
    }),
  );
  const executions = await Promise.all(
    rotations.map(({ secret }) => stack.executions.start({ secretId: secret.arn })),
  );
  await Promise.all(rotations.map(({ arrived }) => arrived));

  stack.documentDb.down({ ms: OUTAGE_MS });
  gate.resolve();

  const ends: Ended[] = await Promise.all(executions.map((arn) => ended(stack.executions, arn)));
  const statuses = rotations.map(
    ({ name }, index) => `${name}: ${ends[index]?.status} ${ends[index]?.cause}`,
  );
  expect(statuses).toEqual(rotations.map(({ name }) => `${name}: SUCCEEDED `));
  for (const { secret } of rotations) await expectSettled(stack, secret.arn);
});
