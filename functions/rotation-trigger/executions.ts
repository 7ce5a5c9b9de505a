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
  /** As it was started with; who may start executions chooses names, too. */
  readonly input: string;
  readonly error?: string;
  readonly cause?: string;
}

export interface Executions {
  /** Starts the execution, or finds the one of that name: who else may start executions may have come first, with an input of theirs. */
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
      const { status, input, error, cause } = await reachingStepFunctions('calling Step Functions', () =>
        client.send(new DescribeExecutionCommand({ executionArn: arnOf(name) })),
      );
      return {
        arn: arnOf(name),
        name,
        status: status ?? 'RUNNING',
        input: input ?? '{}',
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
      const text = JSON.stringify(input);
      try {
        await reachingStepFunctions('calling Step Functions', () =>
          client.send(new StartExecutionCommand({ stateMachineArn, name, input: text })),
        );
      } catch (failure) {
        if (!(failure instanceof ExecutionAlreadyExists)) throw failure;
      }
      return (await find(name)) ?? { arn: arnOf(name), name, status: 'RUNNING', input: text };
    },
    link: consoleLink,
  };
};
