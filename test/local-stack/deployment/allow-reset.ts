import {
  GetFunctionConfigurationCommand,
  type LambdaClient,
  ListFunctionsCommand,
  UpdateFunctionConfigurationCommand,
} from '@aws-sdk/client-lambda';
import { untilUpdated } from './run-locally.ts';

/** Adds secrets, by their ARNs, and their users to those that the deployment names for a reset, in the recovery's environment. */
export const allowResetThroughAdmin = async (
  lambda: LambdaClient,
  users: Readonly<Record<string, string>>,
): Promise<void> => {
  const { Functions = [] } = await lambda.send(new ListFunctionsCommand({}));
  const FunctionName = Functions.map((each) => each.FunctionName ?? '').find((name) =>
    name.includes('RecoverSecret'),
  );
  const { Environment } = await lambda.send(new GetFunctionConfigurationCommand({ FunctionName }));
  const named = JSON.parse(Environment?.Variables?.RESET_THROUGH_ADMIN ?? '{}');
  await lambda.send(
    new UpdateFunctionConfigurationCommand({
      FunctionName,
      Environment: {
        Variables: {
          ...Environment?.Variables,
          RESET_THROUGH_ADMIN: JSON.stringify({ ...named, ...users }),
        },
      },
    }),
  );
  await untilUpdated(lambda, FunctionName ?? '');
};
