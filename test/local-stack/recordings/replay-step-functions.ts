import { randomUUID } from 'node:crypto';
import { EventBridgeClient, PutRuleCommand, PutTargetsCommand } from '@aws-sdk/client-eventbridge';
import { CreateRoleCommand, IAMClient } from '@aws-sdk/client-iam';
import {
  CreateStateMachineCommand,
  DescribeExecutionCommand,
  GetExecutionHistoryCommand,
  SFNClient,
  StartExecutionCommand,
  StopExecutionCommand,
} from '@aws-sdk/client-sfn';
import {
  CreateQueueCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { vi } from 'vitest';
import { type Replay, refusal } from './recording.ts';

const TRUST = {
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Principal: { Service: 'states.amazonaws.com' }, Action: 'sts:AssumeRole' }],
};
const PATIENCE = { timeout: 20_000, interval: 50 };
const NOWHERE = 'arn:aws:states:eu-central-1:000000000000';
const WAITS = { Type: 'Wait', Seconds: 30, End: true };

/** What catches tells what it caught, and all of it. */
const CAUGHT = {
  Catch: [{ ErrorEquals: ['States.ALL'], Output: '{% $states.errorOutput %}', Next: 'Told' }],
};

type Config = ConstructorParameters<typeof SFNClient>[0] & { readonly region: string };

/** State machines of one state each, on ministack. */
export class Machines {
  readonly #sfn: SFNClient;
  readonly #config: Config;
  #role = '';

  constructor(config: Config) {
    this.#config = config;
    this.#sfn = new SFNClient(config);
  }

  async begin(): Promise<void> {
    const iam = new IAMClient(this.#config as object);
    const AssumeRolePolicyDocument = JSON.stringify(TRUST);
    const { Role } = await iam.send(new CreateRoleCommand({ RoleName: 'machine', AssumeRolePolicyDocument }));
    this.#role = Role?.Arn ?? '';
    iam.destroy();
  }

  end(): void {
    this.#sfn.destroy();
  }

  async make(state: object, settings: object = {}): Promise<string> {
    const definition = {
      QueryLanguage: 'JSONata',
      StartAt: 'Only',
      States: { Only: state, Told: { Type: 'Succeed' } },
      ...settings,
    };
    const { stateMachineArn = '' } = await this.#sfn.send(
      new CreateStateMachineCommand({
        name: randomUUID(),
        definition: JSON.stringify(definition),
        roleArn: this.#role,
      }),
    );
    return stateMachineArn;
  }

  async start(stateMachineArn: string, name: string = randomUUID(), input: object = {}): Promise<string> {
    const { executionArn = '' } = await this.#sfn.send(
      new StartExecutionCommand({ stateMachineArn, name, input: JSON.stringify(input) }),
    );
    return executionArn;
  }

  async ended(executionArn: string) {
    return await vi.waitUntil(async () => {
      const answer = await this.#sfn.send(new DescribeExecutionCommand({ executionArn }));
      return answer.status === 'RUNNING' ? undefined : answer;
    }, PATIENCE);
  }

  /** What a state that fails tells its catcher. */
  async caught(state: object): Promise<Record<string, string>> {
    const { output = '{}' } = await this.ended(await this.start(await this.make({ ...state, ...CAUGHT })));
    return JSON.parse(output);
  }

  async stop(executionArn: string): Promise<object | undefined> {
    await this.#sfn.send(new StopExecutionCommand({ executionArn }));
    const { events = [] } = await this.#sfn.send(new GetExecutionHistoryCommand({ executionArn }));
    return events.find(({ type }) => type === 'ExecutionAborted')?.executionAbortedEventDetails;
  }

  /** The event of an execution, as a rule sends it to a queue. */
  async eventOf(execution: () => Promise<string>, status: string): Promise<Record<string, unknown>> {
    const sqs = new SQSClient(this.#config as object);
    const bus = new EventBridgeClient(this.#config as object);
    const { QueueUrl = '' } = await sqs.send(new CreateQueueCommand({ QueueName: randomUUID() }));
    const { Attributes } = await sqs.send(
      new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['QueueArn'] }),
    );
    const pattern = { source: ['aws.states'], detail: { status: [status] } };
    const Rule = randomUUID();
    await bus.send(new PutRuleCommand({ Name: Rule, EventPattern: JSON.stringify(pattern) }));
    await bus.send(new PutTargetsCommand({ Rule, Targets: [{ Id: 'queue', Arn: Attributes?.QueueArn }] }));
    await execution();
    const body = await vi.waitUntil(async () => {
      const { Messages } = await sqs.send(new ReceiveMessageCommand({ QueueUrl }));
      return Messages?.[0]?.Body;
    }, PATIENCE);
    sqs.destroy();
    bus.destroy();
    return JSON.parse(body).detail;
  }
}

const task = (resource: string, input: object, rest: object = {}) => ({
  Type: 'Task',
  Resource: `arn:aws:states:::${resource}`,
  Arguments: input,
  Next: 'Told',
  ...rest,
});

const PUBLISH_NOWHERE = task('sns:publish', {
  TopicArn: 'arn:aws:sns:eu-central-1:000000000000:none',
  Message: 'text',
});

const orNull = (value: unknown): unknown => value ?? null;

export const ofStepFunctions = (machines: () => Machines): Readonly<Record<string, Replay>> => ({
  'error-output': async () => Object.keys(await machines().caught(PUBLISH_NOWHERE)).sort(),
  'task-times-out': async () => {
    const StateMachineArn = await machines().make(WAITS);
    const input = { StateMachineArn, Input: {} };
    return machines().caught(task('states:startExecution.sync:2', input, { TimeoutSeconds: 1 }));
  },
  'machine-times-out': async () => {
    const machine = await machines().make({ ...WAITS, Seconds: 2 }, { TimeoutSeconds: 1 });
    const { status, error, cause } = await machines().ended(await machines().start(machine));
    return { status, error: orNull(error), cause: orNull(cause) };
  },
  'abort-without-words': async () => machines().stop(await machines().start(await machines().make(WAITS))),
  'undefined-result': async () => {
    const machine = await machines().make({ Type: 'Pass', Output: '{% $states.input.none %}', End: true });
    return (await machines().ended(await machines().start(machine))).error;
  },
  'sdk-errors': async () => {
    const input = { ExecutionArn: `${NOWHERE}:execution:none:none` };
    return (await machines().caught(task('aws-sdk:sfn:describeExecution', input))).Error;
  },
  'no-such-topic': async () => (await machines().caught(PUBLISH_NOWHERE)).Error,
  'start-again': async () => {
    const machine = await machines().make(WAITS);
    const first = await machines().start(machine, 'again', { n: 1 });
    const second = await machines().start(machine, 'again', { n: 1 });
    return { same: first === second, other: await refusal(machines().start(machine, 'again', { n: 2 })) };
  },
  'event-of-an-execution': async () => {
    const machine = await machines().make(WAITS);
    const { output, outputDetails, error, cause } = await machines().eventOf(
      () => machines().start(machine),
      'RUNNING',
    );
    return { output, outputDetails, error, cause };
  },
});
