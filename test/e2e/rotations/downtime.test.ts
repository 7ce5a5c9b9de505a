import { expect, test } from 'vitest';
import { makeCold } from '../../bench/cold.ts';
import { workerMemory } from '../../bench/worker-memory.ts';
import type { DatabaseSecret, LocalStack } from '../../local-stack/deployment/index.ts';
import { useStack } from '../../local-stack/deployment/use-stack.ts';
import { holdInWindow } from './holds.ts';
import { watchLogins } from './login-watch.ts';
import { ended, expectNoPasswordAnywhere, expectSettled, labelsOf, run } from './outside-judge.ts';

/** How many rotations each strategy makes. `npm run test:downtime` makes 50. */
const ROUNDS = Number(process.env.DOWNTIME_ROUNDS ?? 9);

let stack: LocalStack;
useStack({ propagationTimeoutSeconds: 6, drainSeconds: 1 }, (started) => {
  stack = started;
});

// Where only the size of a file tells one process from another, that is Linux.
test.runIf(process.platform === 'linux')(
  'a single user: nothing is cold in its outage window, FinishSecret has started before it is needed',
  async () => {
    await makeCold(stack);
    const secret = await stack.makeSecret();
    const held = holdInWindow(stack, secret.username);
    const rotation = await stack.executions.start({ secretId: secret.arn });
    await held.arrived;
    await expect.poll(() => workerMemory(stack, ['finish-secret']).size, { timeout: 30_000 }).toBe(1);
    expect(await stack.executions.states(rotation)).not.toContain('FinishSecret');
    held.release();
    expect(await ended(stack.executions, rotation)).toMatchObject({ status: 'SUCCEEDED' });
  },
);

const otherOf = (username: string): string =>
  username.endsWith('_clone') ? username.slice(0, -'_clone'.length) : `${username}_clone`;

/** What makes the next rotation of a secret fail, in each of its steps. */
const FAILURES: Record<string, (secret: DatabaseSecret, current: string) => void> = {
  CreateSecret: ({ arn }) => deny(arn, 'PutSecretValue'),
  CheckBefore: (_secret, current) => refuse('connectionStatus', { user: current }),
  SetSecret: (_secret, current) => refuse(['createUser', 'updateUser'], { target: otherOf(current) }),
  TestSecret: (_secret, current) => refuse('connectionStatus', { user: otherOf(current) }),
  FinishSecret: ({ arn }) => deny(arn, 'UpdateSecretVersionStage', 'AWSCURRENT'),
  CheckAfter: ({ arn }, current) => {
    const stop = stack.secretsManagerStandIn.onRequest(({ moment, operation, input, secretId }) => {
      if (moment !== 'after' || operation !== 'UpdateSecretVersionStage' || secretId !== arn) return;
      if (input.VersionStage !== 'AWSCURRENT') return;
      stop();
      refuse('connectionStatus', { user: otherOf(current) });
    });
  },
};

const refuse = (command: string | string[], match: { user?: string; target?: string }): void => {
  stack.documentDb.faults.add({ kind: 'refuse', code: 2, command, ...match });
};

const deny = (secretId: string, operation: string, label?: string): void => {
  stack.secretsManagerStandIn.faults.add({
    kind: 'error-before',
    type: 'AccessDeniedException',
    operation,
    secretId,
    when: ({ input }) => label === undefined || input.VersionStage === label,
    times: 1,
  });
};

/** Every third rotation fails, in one step after the other. */
const rotate = async (secret: DatabaseSecret, round: number): Promise<void> => {
  const steps = Object.keys(FAILURES);
  const step = round % 3 === 2 ? steps[Math.floor(round / 3) % steps.length] : undefined;
  const before = await labelsOf(stack, secret.arn);
  if (step !== undefined) FAILURES[step]?.(secret, (await stack.credentialOf(secret.arn)).username);

  const execution = await run(stack, { secretId: secret.arn });

  if (step === undefined) {
    expect(execution, execution.cause).toMatchObject({ status: 'SUCCEEDED' });
    // It has the lock while it retires a user, and would meet the next round's failure.
    const { retirement } = execution.output;
    if (retirement === undefined) return await expectSettled(stack, secret.arn);
    expect(await ended(stack.retirements, String(retirement))).toMatchObject({ status: 'SUCCEEDED' });
  } else {
    expect(execution, execution.cause).toMatchObject({ status: 'FAILED' });
    expect(execution.cause).toContain(`${step} failed with`);
    expect(await labelsOf(stack, secret.arn)).toEqual(before);
  }
  await expectSettled(stack, secret.arn);
};

test(
  'a client that logs in all the time sees no failure, while pairs rotate, fail in every step and roll back',
  async () => {
    const root = [{ role: 'root', db: 'admin' }];
    const tags = (strategy: string) => ({ 'docdb-rotation:strategy': strategy, 'docdb-rotation:grace': '1' });
    const admin = await stack.makeSecret({ roles: root, masterarn: false, tags: tags('admin-clone') });
    const app = await stack.makeSecret({ tags: tags('alternating-users') });
    const watches = [watchLogins(stack, admin.arn), watchLogins(stack, app.arn)];

    for (let round = 0; round < ROUNDS; round++) {
      await Promise.all([admin, app].map((secret) => rotate(secret, round)));
    }

    const counts = await Promise.all(watches.map((watch) => watch.stop()));
    console.log(`${ROUNDS} rotations of each strategy; logins and failures:`, JSON.stringify(counts));
    for (const { logins, failures } of counts) {
      expect(logins).toBeGreaterThan(ROUNDS);
      expect(failures).toBe(0);
    }
    await expectNoPasswordAnywhere(stack);
  },
  60_000 + ROUNDS * 15_000,
);
