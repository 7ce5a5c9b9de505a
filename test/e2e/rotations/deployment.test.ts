import { createHash, randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { GetFunctionCommand, ListFunctionsCommand, UpdateFunctionCodeCommand } from '@aws-sdk/client-lambda';
import { GetSecretValueCommand, PutSecretValueCommand } from '@aws-sdk/client-secrets-manager';
import { DescribeStateMachineCommand, UpdateStateMachineCommand } from '@aws-sdk/client-sfn';
import { unzipSync, zipSync } from 'fflate';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  type DatabaseSecret,
  type LocalStack,
  newPassword,
  startLocalStack,
} from '../../local-stack/deployment/index.ts';
import { untilUpdated } from '../../local-stack/deployment/run-locally.ts';
import { loadWorld, type Place } from '../../support/deployed-world.ts';
import { type Aftermath, aftermathProblems } from '../../support/invariants.ts';
import { holdInWindow } from './holds.ts';
import { ended, expectNoPasswordAnywhere, expectSettled, recoveryOf, run } from './outside-judge.ts';

/*
 * A deployment over what is going on: an execution goes on with the definition that it began with, as on AWS, and its next step is
 * a function of the new deployment.
 */

/** A deployment must fit in, on a machine that does other things too. */
const GRACE_SECONDS = 40;

const OLD = readFileSync(join(import.meta.dirname, '..', '..', 'upgrade', 'rotation-0.1.asl.json'), 'utf8');

let stack: LocalStack;
beforeAll(async () => {
  stack = await startLocalStack({ propagationTimeoutSeconds: 100, drainSeconds: 1 });
});
afterAll(async () => {
  await stack?.stop();
});

const functionNames = async (): Promise<string[]> => {
  const { Functions = [] } = await stack.lambda.send(new ListFunctionsCommand({}));
  return Functions.map(({ FunctionName = '' }) => FunctionName);
};

const functionNamed = async (step: string): Promise<string> =>
  (await functionNames()).find((name) => name.includes(step)) ?? '';

const markOf = (deployment: string, functionName: string): string =>
  `deployment ${deployment}: ${functionName}`;

/** The code of before, which now tells in its log by which deployment it came. */
const updateFunction = async (deployment: string, FunctionName: string): Promise<void> => {
  const { Code } = await stack.lambda.send(new GetFunctionCommand({ FunctionName }));
  const files = unzipSync(new Uint8Array(await (await fetch(Code?.Location ?? '')).arrayBuffer()));
  const { 'index.mjs': handler = new Uint8Array(), bootstrap = new Uint8Array() } = files;
  const marked = `${Buffer.from(handler)}\nconsole.error(${JSON.stringify(markOf(deployment, FunctionName))});\n`;
  const ZipFile = zipSync(
    { ...files, 'index.mjs': Buffer.from(marked), bootstrap: [bootstrap, { os: 3, attrs: 0o755 << 16 }] },
    { level: 0 },
  );
  await stack.lambda.send(new UpdateFunctionCodeCommand({ FunctionName, ZipFile }));
  await untilUpdated(stack.lambda, FunctionName);
};

const definitionOf = async (stateMachineArn: string): Promise<string> =>
  (await stack.stepFunctions.send(new DescribeStateMachineCommand({ stateMachineArn }))).definition ?? '';

const updateDefinition = async (stateMachineArn: string, definition: string): Promise<void> => {
  await stack.stepFunctions.send(new UpdateStateMachineCommand({ stateMachineArn, definition }));
};

/** Every function has other code, and every machine another comment and state: its name says by which deployment it came. */
const deployAgain = async (deployment: string): Promise<void> => {
  for (const name of await functionNames()) await updateFunction(deployment, name);
  for (const { stateMachineArn } of [stack.executions, stack.recoveries, stack.retirements]) {
    const definition = (await definitionOf(stateMachineArn)).replaceAll(
      /"(CheckAfter|CheckRecovered|RetireUser)\w*"/g,
      `"$1${deployment}"`,
    );
    const changed = { ...JSON.parse(definition), Comment: `deployment ${deployment}` };
    await updateDefinition(stateMachineArn, JSON.stringify(changed));
  }
};

const placeOf = ({ arn, username }: DatabaseSecret): Place => ({ arn, users: [username] });

test('over a rotation in its outage window: it goes on with its own definition and the new functions, and ends well', async () => {
  const secret = await stack.makeSecret();
  const before = await loadWorld(stack, placeOf(secret));
  const held = holdInWindow(stack, secret.username);
  const rotation = await stack.executions.start({ secretId: secret.arn });
  await held.arrived;

  await deployAgain('Second');

  expect((await stack.executions.describe(rotation)).status, 'it is held').toBe('RUNNING');
  expect(await stack.executions.states(rotation)).not.toContain('FinishSecret');
  held.release();
  const end = await ended(stack.executions, rotation);
  expect(end, end.cause).toMatchObject({ status: 'SUCCEEDED', output: { outcome: 'rotated' } });
  expect(end.states).toContain('CheckAfter');
  expect(end.states).not.toContain('CheckAfterSecond');
  for (const step of ['FinishSecret', 'ReleaseLock'])
    expect(stack.logs()).toContain(markOf('Second', await functionNamed(step)));
  await expectSettled(stack, secret.arn);
  const after = await loadWorld(stack, placeOf(secret));
  expect(aftermathProblems(after, before.snapshot(), 'rotated')).toEqual([]);
  const next = await run(stack, { secretId: secret.arn });
  expect(next, next.cause).toMatchObject({ status: 'SUCCEEDED', output: { outcome: 'rotated' } });
  expect(next.states).toContain('CheckAfterSecond');
});

/** With the functions of now in the places of those of then. */
const definitionOfBefore = async (): Promise<string> => {
  const arnOf = async (step: string): Promise<string> => {
    const FunctionName = await functionNamed(step);
    const { Configuration } = await stack.lambda.send(new GetFunctionCommand({ FunctionName }));
    return Configuration?.FunctionArn ?? '';
  };
  const values: Record<string, string> = {
    OperatorsTopicArn: stack.operatorsTopicArn,
    RetirementStateMachineArn: stack.retirementStateMachineArn,
    Partition: 'aws',
    RunbookUrl: 'https://runbook.example',
    ForwardBudgetSeconds: '600',
    StragglerSeconds: '1',
  };
  for (const [, step = ''] of OLD.matchAll(/\$\{(\w+)FunctionArn\}/g))
    values[`${step}FunctionArn`] ??= await arnOf(step);
  return OLD.replaceAll(/\$\{(\w+)\}/g, (_, name: string) => values[name] ?? '');
};

/** What an execution of before 0.2 had left behind, and known, when its functions were replaced. */
interface Begun {
  readonly execution: string;
  readonly definition: string;
  readonly aftermath: Aftermath;
}

/** Its first step is one of now. */
const beforeCreateSecret = async (): Promise<Begun> => ({
  execution: randomUUID(),
  definition: await definitionOfBefore(),
  aftermath: 'restored',
});

/** The functions of before wrote the version of its token, with AWSPENDING as the lock, and set the password. */
const inOutageWindow = async ({ arn, name, username }: DatabaseSecret): Promise<Begun> => {
  const execution = randomUUID();
  const executionArn = `${stack.stateMachineArn.replace(':stateMachine:', ':execution:')}:${execution}`;
  const token = createHash('sha256').update(executionArn).digest('hex');
  const { SecretString = '{}', VersionId: current } = await stack.secretsManager.send(
    new GetSecretValueCommand({ SecretId: arn }),
  );
  const pending = { ...JSON.parse(SecretString), password: newPassword() };
  await stack.secretsManager.send(
    new PutSecretValueCommand({
      SecretId: arn,
      ClientRequestToken: token,
      SecretString: JSON.stringify(pending),
      VersionStages: ['AWSPENDING'],
    }),
  );
  await stack.runCommand({ updateUser: username, pwd: pending.password });
  const plan = {
    outcome: 'created',
    secretArn: arn,
    secretName: name,
    token,
    target: token,
    strategy: 'single-user',
    predecessor: 'keep',
    graceSeconds: 0,
    labelsBefore: { current },
    users: { current: username, pending: username },
    host: `${pending.host}:${pending.port}`,
  };
  const roles = [{ role: 'readWrite', db: 'shop' }];
  const { States, ...definition } = JSON.parse(await definitionOfBefore());
  const begun = {
    Type: 'Pass',
    Assign: {
      plan,
      before: { logsIn: ['AWSCURRENT'], roles },
      roles,
      databaseTouched: true,
      changingSince: '{% $millis() %}',
    },
    Output: {},
    Next: 'TestSecret',
  };
  return {
    execution,
    // As if its first steps had been run: their functions are no more.
    definition: JSON.stringify({ ...definition, States: { ...States, CreateSecret: begun } }),
    aftermath: 'rotated',
  };
};

test.each([
  ['before its first step', beforeCreateSecret],
  ['in its outage window', inOutageWindow],
])(
  'over an execution of the definition of before 0.2, %s: it is superseded, and the recovery that follows answers',
  async (_where, begin) => {
    const secret = await stack.makeSecret();
    const before = await loadWorld(stack, placeOf(secret));
    const { execution, definition, aftermath } = await begin(secret);
    const { stateMachineArn } = stack.executions;
    const now = await definitionOf(stateMachineArn);
    await updateDefinition(stateMachineArn, definition);
    try {
      const rotation = await stack.executions.start({ secretId: secret.arn }, execution);
      const end = await ended(stack.executions, rotation);

      expect(end).toMatchObject({ status: 'FAILED', error: 'RotationSupersededError' });
      expect(end.states, 'it is the definition of before').toContain('RememberFailure');
      const recovery = await recoveryOf(stack, rotation);
      expect(recovery, recovery.cause).toMatchObject({ status: 'SUCCEEDED' });
    } finally {
      await updateDefinition(stateMachineArn, now);
    }
    await expectSettled(stack, secret.arn);
    const after = await loadWorld(stack, placeOf(secret));
    expect(aftermathProblems(after, before.snapshot(), aftermath)).toEqual([]);
    const next = await run(stack, { secretId: secret.arn });
    expect(next, next.cause).toMatchObject({ status: 'SUCCEEDED', output: { outcome: 'rotated' } });
  },
);

test('over a waiting retirement: it retires the user when its time has come, with its own definition and the new function', async () => {
  const secret = await stack.makeSecret({
    tags: {
      'docdb-rotation:strategy': 'alternating-users',
      'docdb-rotation:retirement-policy': 'lock',
      'docdb-rotation:grace': String(GRACE_SECONDS),
    },
  });
  const place = { arn: secret.arn, isPair: true, users: [secret.username, `${secret.username}_clone`] };
  const before = await loadWorld(stack, place);
  const { output, cause, status } = await run(stack, { secretId: secret.arn });
  expect(status, cause).toBe('SUCCEEDED');
  const retirement = String(output.retirement);
  await expect.poll(() => stack.retirements.states(retirement)).toContain('WaitForGrace');

  await deployAgain('Third');

  expect((await stack.retirements.states(retirement)).at(-1), 'it waits').toBe('WaitForGrace');
  expect(await stack.logsIn(secret)).toBe(true);
  const end = await ended(stack.retirements, retirement);
  expect(end, end.cause).toMatchObject({
    status: 'SUCCEEDED',
    output: { outcome: 'locked', user: secret.username },
  });
  expect(end.states).not.toContain('RetireUserThird');
  expect(stack.logs()).toContain(markOf('Third', await functionNamed('RetireUser')));
  await expectSettled(stack, secret.arn);
  const after = await loadWorld(stack, place);
  expect(aftermathProblems(after, before.snapshot(), 'rotated')).toEqual([]);
  expect(await stack.logsIn(secret)).toBe(false);
}, 180_000);

test('no password is in any history, log, output or cause of all this', async () => {
  await expectNoPasswordAnywhere(stack);
});
