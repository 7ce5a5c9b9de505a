import { InvokeCommand, type LambdaClient } from '@aws-sdk/client-lambda';

/** What a call of the rotation function came to. */
export interface RotationFunctionResult {
  /** Set if the function threw. */
  readonly functionError?: string;
  readonly payload: string;
}

/** Calls a rotation function as the Secrets Manager service does: synchronously, and waits as long as it takes. */
export const invokeRotationFunction = async (
  lambda: LambdaClient,
  functionArn: string,
  event: unknown,
): Promise<RotationFunctionResult> => {
  const { FunctionError, Payload } = await lambda.send(
    new InvokeCommand({ FunctionName: functionArn, Payload: JSON.stringify(event) }),
  );
  const payload = Payload ? Buffer.from(Payload).toString() : '';
  return FunctionError ? { functionError: FunctionError, payload } : { payload };
};
