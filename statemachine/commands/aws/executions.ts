import {
  DescribeExecutionCommand,
  ExecutionDoesNotExist,
  type ExecutionListItem,
  GetExecutionHistoryCommand,
  type HistoryEvent,
  ListExecutionsCommand,
  type SFNClient,
  StartExecutionCommand,
} from '@aws-sdk/client-sfn';
import { parseObject } from '../../../functions/report-outcome/execution-result.ts';
import { nameIsOf } from '../execution/execution-name.ts';
import { type DeployedRotation, MACHINES, type Machine } from './deployed-rotation.ts';
import { inParallel } from './in-parallel.ts';
import type { Secret } from './secrets.ts';

/** As a list has it: cheap, a thousand an answer. */
export interface ListedExecution {
  readonly arn: string;
  readonly name: string;
  readonly machine: Machine;
  readonly status: string;
  readonly started: Date;
  readonly stopped: Date | undefined;
}

export interface Execution extends ListedExecution {
  readonly machineArn: string;
  readonly input: Readonly<Record<string, unknown>>;
  readonly output: Readonly<Record<string, unknown>>;
  readonly error: string | undefined;
  readonly cause: string | undefined;
}

/** The most that one answer holds: https://docs.aws.amazon.com/step-functions/latest/apireference/API_ListExecutions.html */
const PAGE = 1000;

/** How many executions whose names tell nothing are asked for their inputs. DescribeExecution refills at 10 to 15 a second. */
const MOST_DESCRIBED = 200;

/** The executions of one deployed rotation. */
export class Executions {
  private readonly client: SFNClient;
  private readonly rotation: DeployedRotation;

  constructor(client: SFNClient, rotation: DeployedRotation) {
    this.client = client;
    this.rotation = rotation;
  }

  /** @returns the ARN; the same request sent twice finds the same execution, by its name */
  async start(machine: Machine, name: string, input: object): Promise<string> {
    const stateMachineArn = this.rotation.machines[machine];
    const command = new StartExecutionCommand({ stateMachineArn, name, input: JSON.stringify(input) });
    return (await this.client.send(command)).executionArn ?? '';
  }

  /** @returns undefined if there is none */
  async find(arn: string): Promise<Execution | undefined> {
    try {
      return await this.describe(arn);
    } catch (error) {
      if (error instanceof ExecutionDoesNotExist) return undefined;
      throw error;
    }
  }

  async describe(arn: string): Promise<Execution> {
    const answer = await this.client.send(new DescribeExecutionCommand({ executionArn: arn }));
    const machineArn = answer.stateMachineArn ?? '';
    return {
      arn,
      name: answer.name ?? arn.split(':').at(-1) ?? '',
      machine: MACHINES.find((machine) => this.rotation.machines[machine] === machineArn) ?? 'rotation',
      machineArn,
      status: answer.status ?? 'RUNNING',
      started: answer.startDate ?? new Date(),
      stopped: answer.stopDate,
      input: parseObject(answer.input),
      output: parseObject(answer.output),
      error: answer.error,
      cause: answer.cause,
    };
  }

  async history(arn: string): Promise<HistoryEvent[]> {
    const events: HistoryEvent[] = [];
    let nextToken: string | undefined;
    do {
      const page = await this.client.send(
        new GetExecutionHistoryCommand({
          executionArn: arn,
          maxResults: PAGE,
          includeExecutionData: true,
          nextToken,
        }),
      );
      events.push(...(page.events ?? []));
      nextToken = page.nextToken;
    } while (nextToken !== undefined);
    return events;
  }

  /** Of a machine, the newest first, back to a day: Step Functions keeps them for 90 days. */
  async list(
    machine: Machine,
    { since, status }: { since?: Date; status?: 'RUNNING' } = {},
  ): Promise<ListedExecution[]> {
    const listed: ListedExecution[] = [];
    let nextToken: string | undefined;
    do {
      const page = await this.client.send(
        new ListExecutionsCommand({
          stateMachineArn: this.rotation.machines[machine],
          maxResults: PAGE,
          nextToken,
          ...(status ? { statusFilter: status } : {}),
        }),
      );
      listed.push(...(page.executions ?? []).map((item) => listedExecution(machine, item)));
      nextToken = page.nextToken;
    } while (nextToken !== undefined && (since === undefined || (listed.at(-1)?.started ?? since) >= since));
    return listed
      .filter(({ started }) => since === undefined || started >= since)
      .toSorted((one, other) => other.started.getTime() - one.started.getTime());
  }

  /** What runs now, on any of the machines. */
  async running(): Promise<ListedExecution[]> {
    const lists = await Promise.all(MACHINES.map((machine) => this.list(machine, { status: 'RUNNING' })));
    return lists.flat().toSorted((one, other) => other.started.getTime() - one.started.getTime());
  }

  /** By its name, on whichever machine. */
  async byName(name: string): Promise<Execution | undefined> {
    for (const machine of MACHINES) {
      const found = await this.find(
        `${this.rotation.machines[machine].replace(':stateMachine:', ':execution:')}:${name}`,
      );
      if (found !== undefined) return found;
    }
    return undefined;
  }

  /**
   * Those among a list that are for a secret. By their names as far as these tell; of the others the newest are asked for their
   * inputs.
   */
  async forSecret(secret: Secret, listed: readonly ListedExecution[]): Promise<ListedExecution[]> {
    const unknown = listed
      .filter(({ name }) => nameIsOf(name, secret.arn) === undefined)
      .slice(0, MOST_DESCRIBED);
    const described = await inParallel(unknown, ({ arn }) => this.describe(arn));
    const byInput = new Set(described.filter(({ input }) => isInputFor(input, secret)).map(({ arn }) => arn));
    return listed.filter(({ name, arn }) => nameIsOf(name, secret.arn) ?? byInput.has(arn));
  }
}

const listedExecution = (machine: Machine, item: ExecutionListItem): ListedExecution => ({
  arn: item.executionArn ?? '',
  name: item.name ?? '',
  machine,
  status: item.status ?? '',
  started: item.startDate ?? new Date(0),
  stopped: item.stopDate,
});

/** What an input names as its secret: a recovery by the rule has the input of the execution that was cut off. */
export const secretIdOf = (input: Readonly<Record<string, unknown>>): string | undefined => {
  const subject = typeof input.executionArn === 'string' ? parseObject(input.input) : input;
  return typeof subject.secretId === 'string' ? subject.secretId : undefined;
};

/** What a rotation's input asks for. One that the machine refuses may have anything there. */
export const modeIn = ({ mode }: Readonly<Record<string, unknown>>): string =>
  typeof mode === 'string' ? mode : 'rotate';

/** Secrets Manager takes a name, an ARN, and an ARN without its last six characters. */
export const isInputFor = (
  input: Readonly<Record<string, unknown>>,
  secret: Pick<Secret, 'arn' | 'name'>,
): boolean => {
  const id = secretIdOf(input);
  return id !== undefined && (id === secret.name || id === secret.arn || id === secret.arn.slice(0, -7));
};
