import { ListFunctionsCommand, UpdateFunctionConfigurationCommand } from '@aws-sdk/client-lambda';
import { DescribeStateMachineCommand, UpdateStateMachineCommand } from '@aws-sdk/client-sfn';
import { z } from 'zod';
import type { LocalStack } from '../../deployment/index.ts';
import { untilUpdated } from '../../deployment/run-locally.ts';

/** Longer than anyone looks at a breakpoint. The emulator takes more than Lambda's fifteen minutes. */
const A_DAY = 86_400;

const Definition = z.looseObject({
  States: z.record(z.string(), z.looseObject({ Type: z.string(), TimeoutSeconds: z.number().optional() })),
});

/**
 * Gives functions and tasks a day, so that one that is held at a breakpoint does not time out. All other limits stay: those of a rotation,
 * of the propagation of a credential, of each call of a function. The trigger has its own, since it waits by what it has left.
 */
export const extendTimeLimits = async (stack: LocalStack): Promise<void> => {
  const machines = [stack.executions, stack.recoveries, stack.retirements];
  await Promise.all([
    extendFunctions(stack),
    ...machines.map(({ stateMachineArn }) => extendTasks(stack, stateMachineArn)),
  ]);
};

const extendFunctions = async ({ lambda, triggerFunctionName }: LocalStack): Promise<void> => {
  const { Functions = [] } = await lambda.send(new ListFunctionsCommand({}));
  const names = Functions.map(({ FunctionName = '' }) => FunctionName);
  await Promise.all(
    names
      .filter((name) => name !== triggerFunctionName)
      .map(async (FunctionName) => {
        await lambda.send(new UpdateFunctionConfigurationCommand({ FunctionName, Timeout: A_DAY }));
        await untilUpdated(lambda, FunctionName);
      }),
  );
};

const extendTasks = async ({ stepFunctions }: LocalStack, stateMachineArn: string): Promise<void> => {
  const { definition } = await stepFunctions.send(new DescribeStateMachineCommand({ stateMachineArn }));
  const machine = Definition.parse(JSON.parse(definition ?? ''));
  for (const state of Object.values(machine.States))
    if (state.Type === 'Task' && state.TimeoutSeconds !== undefined) state.TimeoutSeconds = A_DAY;
  await stepFunctions.send(
    new UpdateStateMachineCommand({ stateMachineArn, definition: JSON.stringify(machine) }),
  );
};
