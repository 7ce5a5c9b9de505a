import {
  GetPolicyCommand,
  InvokeCommand,
  type LambdaClient,
  ResourceNotFoundException,
} from '@aws-sdk/client-lambda';
import { z } from 'zod';

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

const Policy = z.object({
  Statement: z.array(
    z.object({ Effect: z.string(), Principal: z.union([z.string(), z.object({ Service: z.string() })]) }),
  ),
});

/** Whether a function exists and its policy lets a service invoke it. Its conditions are not looked at. */
export const lets = async (lambda: LambdaClient, functionArn: string, service: string): Promise<boolean> => {
  try {
    const answer = await lambda.send(new GetPolicyCommand({ FunctionName: functionArn }));
    const { Statement } = Policy.parse(JSON.parse(answer.Policy ?? '{"Statement": []}'));
    return Statement.some(
      ({ Effect, Principal }) =>
        Effect === 'Allow' && typeof Principal === 'object' && Principal.Service === service,
    );
  } catch (error) {
    if (error instanceof ResourceNotFoundException) return false;
    throw error;
  }
};
