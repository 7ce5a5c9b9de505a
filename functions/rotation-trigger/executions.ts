import {
  DescribeExecutionCommand,
  ExecutionAlreadyExists,
  ExecutionDoesNotExist,
  type SFNClient,
  StartExecutionCommand,
} from '@aws-sdk/client-sfn';
import { consoleLink } from '../runtime/console-link.ts';
import { reachingStepFunctions } from '../runtime/reaching-step-functions.ts';

export interface Execution {
  readonly arn: string;
  readonly name: string;
  readonly status: string;
  readonly error?: string;
  readonly cause?: string;
}

export interface Executions {
  /** Starts the execution, or finds the one of that name. */
  start(name: string, input: object): Promise<Execution>;
  find(name: string): Promise<Execution | undefined>;
  /** The ARN that an execution of that name has, or will have. */
  arnOf(name: string): string;
  /** Where an operator sees it, in the console. */
  link(executionArn: string): string;
}

export const stepFunctions = (client: SFNClient, stateMachineArn: string): Executions => {
  const arnOf = (name: string): string =>
    `${stateMachineArn.replace(':stateMachine:', ':execution:')}:${name}`;
  const find = async (name: string): Promise<Execution | undefined> => {
    try {
      const { status, error, cause } = await reachingStepFunctions('calling Step Functions', () =>
        client.send(new DescribeExecutionCommand({ executionArn: arnOf(name) })),
      );
      return {
        arn: arnOf(name),
        name,
        status: status ?? 'RUNNING',
        ...(error === undefined ? {} : { error }),
        ...(cause === undefined ? {} : { cause }),
      };
    } catch (failure) {
      if (failure instanceof ExecutionDoesNotExist) return undefined;
      throw failure;
    }
  };
  return {
    find,
    arnOf,
    start: async (name, input) => {
      try {
        await reachingStepFunctions('calling Step Functions', () =>
          client.send(new StartExecutionCommand({ stateMachineArn, name, input: JSON.stringify(input) })),
        );
      } catch (failure) {
        if (!(failure instanceof ExecutionAlreadyExists)) throw failure;
      }
      return (await find(name)) ?? { arn: arnOf(name), name, status: 'RUNNING' };
    },
    link: consoleLink,
  };
};
