import { ListFunctionsCommand, UpdateFunctionConfigurationCommand } from '@aws-sdk/client-lambda';
import type { LocalStack } from '../local-stack/deployment/index.ts';
import { untilUpdated } from '../local-stack/deployment/run-locally.ts';

/**
 * Ends the process of every function, so that its next call begins with a start: setting the memory, to what it is, does that.
 * A process that starts here and loads a bundle is no start of Lambda's, which has its own way to get a machine and the code there.
 */
export const makeCold = async ({ lambda }: LocalStack): Promise<void> => {
  const { Functions = [] } = await lambda.send(new ListFunctionsCommand({}));
  await Promise.all(
    Functions.map(async ({ FunctionName = '', MemorySize }) => {
      await lambda.send(new UpdateFunctionConfigurationCommand({ FunctionName, MemorySize }));
      await untilUpdated(lambda, FunctionName);
    }),
  );
};
