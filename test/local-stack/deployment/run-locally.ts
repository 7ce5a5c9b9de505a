import { setTimeout as sleep } from 'node:timers/promises';
import {
  GetFunctionConfigurationCommand,
  type LambdaClient,
  ListFunctionsCommand,
  Runtime,
  UpdateFunctionConfigurationCommand,
} from '@aws-sdk/client-lambda';

const UPDATE_TIMEOUT_MS = 20_000;

/**
 * Switches every deployed function to the runtime whose errors keep their names, and points its clients
 * to the stand-ins. All else stays as the template says.
 */
export const runFunctionsLocally = async (
  lambda: LambdaClient,
  environment: Readonly<Record<string, string>>,
): Promise<void> => {
  const { Functions: functions } = await lambda.send(new ListFunctionsCommand({}));
  await Promise.all(
    (functions ?? []).map(async ({ FunctionName, Environment }) => {
      await lambda.send(
        new UpdateFunctionConfigurationCommand({
          FunctionName,
          Runtime: Runtime.providedal2023,
          Environment: { Variables: { ...Environment?.Variables, ...environment } },
        }),
      );
      await untilUpdated(lambda, FunctionName ?? '');
    }),
  );
};

/** The change counts for calls that begin after it. */
export const untilUpdated = async (lambda: LambdaClient, functionName: string): Promise<void> => {
  const deadline = Date.now() + UPDATE_TIMEOUT_MS;
  while (Date.now() < deadline) {
    const { LastUpdateStatus } = await lambda.send(
      new GetFunctionConfigurationCommand({ FunctionName: functionName }),
    );
    if (LastUpdateStatus !== 'InProgress') return;
    await sleep(20);
  }
  throw new Error(`${functionName} was not updated in ${UPDATE_TIMEOUT_MS / 1000} s`);
};
