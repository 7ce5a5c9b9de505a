import { setTimeout as sleep } from 'node:timers/promises';
import {
  GetFunctionConfigurationCommand,
  type LambdaClient,
  ListFunctionsCommand,
  UpdateFunctionConfigurationCommand,
} from '@aws-sdk/client-lambda';
import { type LocalStack, startLocalStack, type Undo } from '../../local-stack/deployment/index.ts';
import { Director } from './director.ts';
import { FUNCTION_SECONDS } from './effect.ts';
import { Invocations } from './invocations.ts';

/** Waits and retries take this part of their time. Retries of some seconds become some tenths. */
const WAIT_SCALE = 0.05;

/** A step that was running when its execution was stopped has ended by then, and so have its requests, as on AWS. */
const DRAIN_SECONDS = FUNCTION_SECONDS + 1;

/** Many more than there are at a time: the one who waits for an execution finds it. */
const KEEP_NEWEST = 1000;

export interface WatchedStack {
  readonly stack: LocalStack;
  readonly director: Director;
}

/** A local stack each of whose calls can be seen, numbered and broken. */
export const startWatchedStack = async (
  undo: Undo,
  onProgress: (what: string) => void,
): Promise<WatchedStack> => {
  const invocations = await Invocations.listen();
  undo.add(() => invocations.stop());
  const stack = await startLocalStack(
    {
      instances: 2,
      waitScale: WAIT_SCALE,
      keepNewest: KEEP_NEWEST,
      propagationTimeoutSeconds: 5,
      drainSeconds: DRAIN_SECONDS / WAIT_SCALE,
      functionEnvironment: { INVOCATION_HOOK: invocations.url },
    },
    onProgress,
    undo,
  );
  await shortenFunctions(stack.lambda, stack.triggerFunctionName);
  return { stack, director: new Director(stack, invocations) };
};

/** A function that hangs is ended after some seconds instead of a minute. Not the trigger: it waits for the others. */
const shortenFunctions = async (lambda: LambdaClient, trigger: string): Promise<void> => {
  const { Functions = [] } = await lambda.send(new ListFunctionsCommand({}));
  for (const { FunctionName } of Functions) {
    if (FunctionName === trigger) continue;
    await lambda.send(new UpdateFunctionConfigurationCommand({ FunctionName, Timeout: FUNCTION_SECONDS }));
    await untilUpdated(lambda, FunctionName);
  }
};

const untilUpdated = async (lambda: LambdaClient, FunctionName: string | undefined): Promise<void> => {
  for (;;) {
    const { LastUpdateStatus } = await lambda.send(new GetFunctionConfigurationCommand({ FunctionName }));
    if (LastUpdateStatus !== 'InProgress') return;
    await sleep(20);
  }
};
