import {
  DescribeExecutionCommand,
  type DescribeExecutionCommandOutput,
  GetExecutionHistoryCommand,
  ListExecutionsCommand,
  StartExecutionCommand,
} from '@aws-sdk/client-sfn';
import { z } from 'zod';
import type { SecretId } from '../names.ts';
import type { Ports } from '../ports.ts';
import { connect } from './steps.ts';

/** Longer than a rotation with its compensation may take here. */
const LONGEST_SECONDS = 600;

/** How an execution ended, as far as it may be told. */
export interface Ended {
  readonly status: string;
  readonly error: string | null;
  /** The first sentence: it has no password, as promise 6 says. */
  readonly cause: string | null;
  readonly seconds: number;
}

export const toldEnd = ({ status, error, seconds }: Ended): string =>
  `${status}${error === null ? '' : ` (${error})`} in ${seconds} s`;

export const start = async (ports: Ports, input: object, machine = 'StateMachineArn'): Promise<string> => {
  const { executionArn = '' } = await ports.clients.stepFunctions.send(
    new StartExecutionCommand({ stateMachineArn: ports.outputs[machine], input: JSON.stringify(input) }),
  );
  return executionArn;
};

export const endOf = async (ports: Ports, executionArn: string): Promise<Ended> => {
  const ended = await ports.until('the execution to end', LONGEST_SECONDS, async () => {
    const execution = await ports.clients.stepFunctions.send(new DescribeExecutionCommand({ executionArn }));
    return execution.status === 'RUNNING' ? undefined : execution;
  });
  return {
    status: ended.status ?? '',
    error: ended.error ?? null,
    cause: ended.cause?.slice(0, 400) ?? null,
    seconds: secondsOf(ended),
  };
};

const secondsOf = ({ startDate, stopDate }: DescribeExecutionCommandOutput): number =>
  Number(((Number(stopDate) - Number(startDate)) / 1000).toFixed(1));

/** Starts an execution, and waits for its end. */
export const execute = async (ports: Ports, input: object): Promise<Ended> =>
  await endOf(ports, await start(ports, input));

/** The states that an execution has entered so far. */
export const statesOf = async (ports: Ports, executionArn: string): Promise<string[]> => {
  const { events = [] } = await ports.clients.stepFunctions.send(
    new GetExecutionHistoryCommand({ executionArn, maxResults: 1000 }),
  );
  return events.flatMap(({ stateEnteredEventDetails }) => stateEnteredEventDetails?.name ?? []);
};

const RecoveryInput = z.looseObject({ executionArn: z.string().optional() });

/** The recovery that was started by itself for an execution that was cut off. */
export const recoveryOf = (ports: Ports, cutOff: string): Promise<string> =>
  ports.until('a recovery to be started', 180, async () => {
    const { stepFunctions } = ports.clients;
    const { executions = [] } = await stepFunctions.send(
      new ListExecutionsCommand({ stateMachineArn: ports.outputs.RecoveryStateMachineArn }),
    );
    for (const { executionArn } of executions) {
      const { input = '{}' } = await stepFunctions.send(new DescribeExecutionCommand({ executionArn }));
      if (RecoveryInput.parse(JSON.parse(input)).executionArn === cutOff) return executionArn;
    }
    return undefined;
  });

/** Whether the labelled versions of a secret log in, on each instance: asked by the prober, which reads them by itself. */
export const judge = async (ports: Ports, id: SecretId, previous = true) => {
  const secretArn = ports.secretArn(id);
  const labels = ['AWSCURRENT', ...(previous ? ['AWSPREVIOUS'] : [])];
  const users = Object.fromEntries(labels.map((label) => [label.toLowerCase(), { secretArn, label }]));
  const outcomes = await ports.probe(
    labels.flatMap((label) => [0, 1].map((at) => connect(`${label} at ${at}`, label.toLowerCase(), { at }))),
    users,
  );
  const everywhere = (first: number) => outcomes.slice(first, first + 2).map(({ ok }) => ok);
  return {
    currentLogsIn: everywhere(0),
    ...(previous ? { previousLogsIn: everywhere(2) } : {}),
  };
};

type Verdict = Awaited<ReturnType<typeof judge>>;

export const toldVerdict = ({ currentLogsIn, previousLogsIn }: Verdict): string => {
  const word = (accepted: readonly boolean[]) => {
    if (accepted.every((each) => each)) return 'logs in everywhere';
    return accepted.some((each) => each) ? 'logs in on some instances only' : 'is refused';
  };
  return `AWSCURRENT ${word(currentLogsIn)}${previousLogsIn ? `, AWSPREVIOUS ${word(previousLogsIn)}` : ''}`;
};
