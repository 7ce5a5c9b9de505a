import { setTimeout as sleep } from 'node:timers/promises';
import {
  GetSecretValueCommand,
  ListSecretsCommand,
  ListSecretVersionIdsCommand,
} from '@aws-sdk/client-secrets-manager';
import { expect } from 'vitest';
import type { Executions, LocalStack } from '../../local-stack/deployment/index.ts';
import { labelsOf as allLabelsOf, loadWorld, logsInEverywhere } from '../../support/deployed-world.ts';
import { endProblems, leaks, OWNER, ownLabels } from '../../support/invariants.ts';
import type { SeenWorld } from '../../support/seen-world.ts';

export { logsInEverywhere, OWNER };

/** Which version has which label; AWSPENDING beside AWSCURRENT is a legal end and left out. */
export interface Labels {
  readonly current: string | undefined;
  readonly previous: string | undefined;
  readonly pending: string | undefined;
  /** Labels that are none of AWS's, but the one that says nothing. */
  readonly others: readonly string[];
}

export const labelsOf = async (stack: LocalStack, secretId: string): Promise<Labels> => {
  const labels = await allLabelsOf(stack, secretId);
  const { AWSCURRENT: current, AWSPREVIOUS: previous, AWSPENDING: pending } = labels;
  return { current, previous, pending: pending === current ? undefined : pending, others: ownLabels(labels) };
};

/** Whether AWSCURRENT logs in, on every instance of the cluster. */
export const currentLogsIn = async (stack: LocalStack, secretId: string): Promise<boolean> =>
  await logsInEverywhere(stack, await stack.credentialOf(secretId));

/** The invariants that hold at the end of every execution. */
export const expectSettled = async (stack: LocalStack, secretId: string): Promise<void> => {
  expect(await settledProblems(stack, secretId)).toEqual([]);
};

export const settledProblems = async (stack: LocalStack, secretId: string): Promise<string[]> =>
  endProblems(await whenReleased(stack, secretId));

/** The retirement that a rotation starts has the lock for as long as its change takes: some seconds at the most. */
const whenReleased = async (stack: LocalStack, arn: string): Promise<SeenWorld> => {
  const deadline = Date.now() + 20_000;
  for (;;) {
    const world = await loadWorld(stack, { arn }, 'labelled versions');
    if (world.labels[OWNER] === undefined || Date.now() > deadline) return world;
    await sleep(200);
  }
};

export interface Ended {
  readonly arn: string;
  readonly status: string | undefined;
  readonly error: string | undefined;
  readonly cause: string;
  readonly output: Record<string, unknown>;
  readonly states: readonly string[];
}

/** Starts an execution of the rotation machine, and waits for its end. */
export const run = async (stack: LocalStack, input: unknown): Promise<Ended> =>
  await ended(stack.executions, await stack.executions.start(input));

/** Starts an execution of the recovery machine, and waits for its end. */
export const recover = async (stack: LocalStack, input: unknown): Promise<Ended> =>
  await ended(stack.recoveries, await stack.recoveries.start(input));

/** The recoveries that were started with the event of an execution that was cut off, the newest first. */
export const recoveriesOf = async (stack: LocalStack, stopped: string): Promise<string[]> => {
  const found: string[] = [];
  for (const arn of await stack.recoveries.list()) {
    const { input = '{}' } = await stack.recoveries.describe(arn);
    if (JSON.parse(input).executionArn === stopped) found.push(arn);
  }
  return found;
};

/** The end of the recovery that the rule starts for an execution that was cut off. */
export const recoveryOf = async (stack: LocalStack, stopped: string): Promise<Ended> => {
  const deadline = Date.now() + 30_000;
  for (;;) {
    const [recovery] = await recoveriesOf(stack, stopped);
    if (recovery !== undefined) return await ended(stack.recoveries, recovery);
    if (Date.now() > deadline) throw new Error(`no recovery was started for ${stopped}`);
    await sleep(200);
  }
};

export const ended = async (executions: Executions, arn: string): Promise<Ended> => {
  const { status, error, cause, output } = await executions.waitFor(arn, 110_000);
  return {
    arn,
    status,
    error,
    cause: cause ?? '',
    output: output === undefined ? {} : JSON.parse(output),
    states: await executions.states(arn),
  };
};

/** Every password that any version of any secret ever had. */
/** Characters: https://docs.aws.amazon.com/documentdb/latest/developerguide/security.managing-users.html */
const SHORTEST_PASSWORD = 8;

const everyPassword = async (stack: LocalStack): Promise<Set<string>> => {
  const passwords = new Set<string>();
  const { SecretList = [] } = await stack.secretsManager.send(
    new ListSecretsCommand({ MaxResults: 100, IncludePlannedDeletion: false }),
  );
  for (const { ARN } of SecretList) {
    const { Versions = [] } = await stack.secretsManager.send(
      new ListSecretVersionIdsCommand({ SecretId: ARN, IncludeDeprecated: true, MaxResults: 100 }),
    );
    for (const { VersionId } of Versions) {
      const password = await passwordIn(stack, ARN, VersionId);
      if (password !== undefined) passwords.add(password);
    }
  }
  return passwords;
};

const passwordIn = async (
  stack: LocalStack,
  SecretId: string | undefined,
  VersionId: string | undefined,
): Promise<string | undefined> => {
  try {
    const { SecretString = '' } = await stack.secretsManager.send(
      new GetSecretValueCommand({ SecretId, VersionId }),
    );
    const { password }: { password?: unknown } = JSON.parse(SecretString) ?? {};
    // DocumentDB takes none that is shorter, and a test of bad input puts in what is no password at all.
    return typeof password === 'string' && password.length >= SHORTEST_PASSWORD ? password : undefined;
  } catch {
    // Not JSON, or no value: a test of bad input put it there, and there is no password in it.
    return undefined;
  }
};

/** Everything that a rotation wrote anywhere: histories, inputs, outputs, causes, logs. */
const everythingWritten = async (stack: LocalStack): Promise<string> => {
  const parts: string[] = [
    stack.logs(),
    JSON.stringify(stack.secretsManagerStandIn.requests),
    JSON.stringify(stack.documentDbApi.requests),
  ];
  for (const executions of [stack.executions, stack.recoveries, stack.retirements]) {
    for (const arn of await executions.list()) {
      parts.push(
        JSON.stringify(await executions.describe(arn)),
        JSON.stringify(await executions.history(arn)),
      );
    }
  }
  return parts.join('\n');
};

/**
 * No password, of any version that any test of this stack made, is written anywhere.
 *
 * @param more what someone was told besides
 */
export const expectNoPasswordAnywhere = async (stack: LocalStack, more = ''): Promise<void> => {
  const passwords = await everyPassword(stack);
  const written = `${await everythingWritten(stack)}\n${more}`;
  expect(passwords.size, 'passwords to look for').toBeGreaterThan(1);
  expect(written.length, 'text to look in').toBeGreaterThan(1000);
  expect(leaks(passwords, written)).toEqual([]);
};
