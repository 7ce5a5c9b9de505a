import { setTimeout as sleep } from 'node:timers/promises';
import {
  DescribeSecretCommand,
  GetSecretValueCommand,
  ListSecretsCommand,
  ListSecretVersionIdsCommand,
} from '@aws-sdk/client-secrets-manager';
import { expect } from 'vitest';
import type { Credential, Executions, LocalStack } from '../../local-stack/deployment/index.ts';

/**
 * What an outsider sees of a secret and its database: the labels, and which credential logs in where. Everything
 * here asks the stand-ins with clients of its own; nothing of the product is used.
 */

/** It says nothing, and stays on the version that was written last. */
const CLAIM = 'docdb-rotation-claim';

/** Names the execution that has the lock. Only one that needs an operator leaves it behind. */
export const OWNER = 'docdb-rotation-owner';

/** Which version has which label; AWSPENDING beside AWSCURRENT is a legal end and left out. */
export interface Labels {
  readonly current: string | undefined;
  readonly previous: string | undefined;
  readonly pending: string | undefined;
  /** Labels that are none of AWS's, but the one that says nothing. */
  readonly others: readonly string[];
}

export const labelsOf = async (stack: LocalStack, secretId: string): Promise<Labels> => {
  const { VersionIdsToStages = {} } = await stack.secretsManager.send(
    new DescribeSecretCommand({ SecretId: secretId }),
  );
  const holder = (label: string) =>
    Object.entries(VersionIdsToStages).find(([, labels]) => labels.includes(label))?.[0];
  const current = holder('AWSCURRENT');
  const pending = holder('AWSPENDING');
  return {
    current,
    previous: holder('AWSPREVIOUS'),
    pending: pending === current ? undefined : pending,
    others: Object.values(VersionIdsToStages)
      .flat()
      .filter((label) => !label.startsWith('AWS') && label !== CLAIM),
  };
};

/** Whether AWSCURRENT logs in, on every instance of the cluster. */
export const currentLogsIn = async (stack: LocalStack, secretId: string): Promise<boolean> =>
  await logsInEverywhere(stack, await stack.credentialOf(secretId));

export const logsInEverywhere = async (stack: LocalStack, credential: Credential): Promise<boolean> => {
  const answers = await Promise.all(
    stack.documentDb.instances.map((instance) => stack.logsIn(credential, instance)),
  );
  return answers.every(Boolean);
};

/** The invariants that hold at the end of every execution: AWSCURRENT logs in, and no label is left dangling. */
export const expectSettled = async (stack: LocalStack, secretId: string): Promise<void> => {
  const labels = await labelsWhenReleased(stack, secretId);
  expect(await currentLogsIn(stack, secretId), 'AWSCURRENT logs in').toBe(true);
  expect(labels).toMatchObject({ pending: undefined, others: [] });
};

/** The retirement that a rotation starts has the lock for as long as its change takes: some seconds at the most. */
const labelsWhenReleased = async (stack: LocalStack, secretId: string): Promise<Labels> => {
  const deadline = Date.now() + 20_000;
  for (;;) {
    const labels = await labelsOf(stack, secretId);
    if (!labels.others.includes(OWNER) || Date.now() > deadline) return labels;
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
    return JSON.parse(SecretString).password;
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
  const found = [...passwords].filter((password) => {
    const forms = [
      password,
      encodeURIComponent(password),
      JSON.stringify(password).slice(1, -1),
      Buffer.from(password).toString('base64'),
    ];
    return forms.some((form) => written.includes(form));
  });
  // The number only: a message with the password would be one more place where it is written.
  expect(found.length, 'passwords that are written somewhere').toBe(0);
};
