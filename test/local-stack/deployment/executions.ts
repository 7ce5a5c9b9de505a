import { setTimeout as sleep } from 'node:timers/promises';
import {
  DescribeExecutionCommand,
  type DescribeExecutionCommandOutput,
  GetExecutionHistoryCommand,
  type HistoryEvent,
  ListExecutionsCommand,
  type SFNClient,
  StartExecutionCommand,
  StopExecutionCommand,
} from '@aws-sdk/client-sfn';

const POLL_MS = 200;
/** Of the time that an execution has taken so far. A look takes some milliseconds of CPU, which twenty that wait would take from those who work. */
const POLL_SHARE = 0.15;

/** The executions of one state machine. */
export class Executions {
  private readonly client: SFNClient;
  readonly stateMachineArn: string;

  constructor(client: SFNClient, stateMachineArn: string) {
    this.client = client;
    this.stateMachineArn = stateMachineArn;
  }

  /** @returns the ARN of the execution */
  async start(input: unknown, name?: string): Promise<string> {
    const { executionArn } = await this.client.send(
      new StartExecutionCommand({
        stateMachineArn: this.stateMachineArn,
        input: JSON.stringify(input),
        ...(name ? { name } : {}),
      }),
    );
    return executionArn ?? '';
  }

  describe(executionArn: string): Promise<DescribeExecutionCommandOutput> {
    return this.client.send(new DescribeExecutionCommand({ executionArn }));
  }

  /** Cuts an execution off where it is, as someone in the console may. */
  async abort(executionArn: string): Promise<void> {
    await this.client.send(
      new StopExecutionCommand({ executionArn, error: 'Aborted', cause: 'aborted by hand' }),
    );
  }

  /** @throws Error if it has not ended by then */
  async waitFor(executionArn: string, timeoutMs = 60_000): Promise<DescribeExecutionCommandOutput> {
    const start = Date.now();
    for (;;) {
      const execution = await this.describe(executionArn);
      if (execution.status !== 'RUNNING') return execution;
      const waited = Date.now() - start;
      if (waited > timeoutMs) throw new Error(`${executionArn} still runs after ${timeoutMs / 1000} s`);
      await sleep(Math.max(POLL_MS, waited * POLL_SHARE));
    }
  }

  async history(executionArn: string): Promise<HistoryEvent[]> {
    const events: HistoryEvent[] = [];
    let nextToken: string | undefined;
    do {
      const page = await this.client.send(
        new GetExecutionHistoryCommand({
          executionArn,
          maxResults: 1000,
          ...(nextToken ? { nextToken } : {}),
        }),
      );
      events.push(...(page.events ?? []));
      nextToken = page.nextToken;
    } while (nextToken);
    return events;
  }

  /** The states that an execution entered, in that order. */
  async states(executionArn: string): Promise<string[]> {
    const events = await this.history(executionArn);
    return events.flatMap((event) => event.stateEnteredEventDetails?.name ?? []);
  }

  /** All executions, the newest first. */
  async list(): Promise<string[]> {
    const arns: string[] = [];
    let nextToken: string | undefined;
    do {
      const page = await this.client.send(
        new ListExecutionsCommand({
          stateMachineArn: this.stateMachineArn,
          ...(nextToken ? { nextToken } : {}),
        }),
      );
      arns.push(...(page.executions ?? []).map((execution) => execution.executionArn ?? ''));
      nextToken = page.nextToken;
    } while (nextToken);
    return arns;
  }
}
