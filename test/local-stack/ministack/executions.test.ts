import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateRoleCommand, IAMClient } from '@aws-sdk/client-iam';
import {
  CreateStateMachineCommand,
  type ExecutionStatus,
  GetExecutionHistoryCommand,
  ListExecutionsCommand,
  SFNClient,
  StartExecutionCommand,
  StopExecutionCommand,
} from '@aws-sdk/client-sfn';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { ensurePython } from '../python/index.ts';
import { type Ministack, startMinistack } from './ministack.ts';

const REGION = 'eu-central-1';
const KEPT = 2;
const WAIT = { timeout: 20_000, interval: 50 };

let directory: string;
let ministack: Ministack;
let client: SFNClient;
let roleArn: string;

beforeAll(async () => {
  const { python } = await ensurePython();
  directory = await mkdtemp(join(tmpdir(), 'executions-'));
  ministack = await startMinistack({ python, directory, region: REGION, keepNewest: KEPT, waitScale: 0.1 });
  const config = {
    endpoint: ministack.url,
    region: REGION,
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  };
  client = new SFNClient(config);
  const iam = new IAMClient(config);
  const { Role } = await iam.send(
    new CreateRoleCommand({ RoleName: 'machine', AssumeRolePolicyDocument: JSON.stringify(TRUST) }),
  );
  roleArn = Role?.Arn ?? '';
  iam.destroy();
}, 180_000);

afterAll(async () => {
  client?.destroy();
  await ministack?.stop();
  await rm(directory, { recursive: true, force: true });
});

const TRUST = {
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Principal: { Service: 'states.amazonaws.com' }, Action: 'sts:AssumeRole' }],
};

const makeMachine = async (name: string, state: object): Promise<string> => {
  const definition = JSON.stringify({ StartAt: 'Only', States: { Only: state } });
  const { stateMachineArn } = await client.send(new CreateStateMachineCommand({ name, definition, roleArn }));
  return stateMachineArn ?? '';
};

const start = (stateMachineArn: string, name: string) =>
  client.send(new StartExecutionCommand({ stateMachineArn, name }));

/** The newest first. */
const namesOf = async (stateMachineArn: string, statusFilter: ExecutionStatus) => {
  const { executions = [] } = await client.send(new ListExecutionsCommand({ stateMachineArn, statusFilter }));
  return executions.map(({ name }) => name);
};

it('ministack forgets executions that are long over, if asked, and none that is not', async () => {
  const short = await makeMachine('short', { Type: 'Pass', End: true });
  const long = await makeMachine('long', { Type: 'Wait', Seconds: 6_000, End: true });
  await start(long, 'waits');
  for (const name of ['first', 'second', 'third', 'fourth']) {
    await start(short, name);
    await vi.waitFor(async () => expect(await namesOf(short, 'SUCCEEDED')).toContain(name), WAIT);
  }
  await vi.waitFor(async () => expect(await namesOf(short, 'SUCCEEDED')).toEqual(['fourth', 'third']), WAIT);
  expect(await namesOf(long, 'RUNNING')).toEqual(['waits']);
});

const typesIn = async (executionArn: string) => {
  const { events = [] } = await client.send(
    new GetExecutionHistoryCommand({ executionArn, maxResults: 1000 }),
  );
  return events.map(({ type = '' }) => type);
};

it('ministack calls nothing more for an execution that was stopped, which stays so', async () => {
  const retrying = await makeMachine('retrying', {
    Type: 'Task',
    Resource: `arn:aws:lambda:${REGION}:000000000000:function:none`,
    Retry: [{ ErrorEquals: ['States.ALL'], IntervalSeconds: 1, MaxAttempts: 10, BackoffRate: 1 }],
    End: true,
  });
  const { executionArn = '' } = await start(retrying, 'stopped');
  await vi.waitFor(async () => expect(await typesIn(executionArn)).toContain('TaskFailed'), WAIT);
  await client.send(new StopExecutionCommand({ executionArn }));

  // By when another one has used up its attempts, this one would have.
  await start(retrying, 'goes on');
  await vi.waitFor(async () => expect(await namesOf(retrying, 'FAILED')).toEqual(['goes on']), WAIT);

  expect(await namesOf(retrying, 'ABORTED')).toEqual(['stopped']);
  const [, afterwards = ''] = (await typesIn(executionArn)).join(' ').split('ExecutionAborted');
  expect(afterwards).not.toContain('TaskScheduled');
});
