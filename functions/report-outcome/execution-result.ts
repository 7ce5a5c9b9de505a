import type { ExecutionEnded } from './execution-ended.ts';

/** What Step Functions itself says of an execution. */
export interface ExecutionDescription {
  readonly status: string | undefined;
  readonly input?: string | undefined;
  readonly output?: string | undefined;
  readonly error?: string | undefined;
}

export interface Executions {
  describe(executionArn: string): Promise<ExecutionDescription>;
}

/** How an execution ended, with all that belongs to it. */
export interface ExecutionResult {
  readonly executionArn: string;
  readonly stateMachineArn: string;
  readonly status: ExecutionEnded['status'];
  readonly input: Readonly<Record<string, unknown>>;
  readonly output: Readonly<Record<string, unknown>>;
  readonly error: string | null | undefined;
}

/** Thrown where Step Functions does not know the end yet of which its own event tells: asked later, it will. */
export class EndNotSettledError extends Error {
  override readonly name = 'EndNotSettledError';
}

/**
 * Adds what the event came without.
 *
 * @throws EndNotSettledError since what DescribeExecution answers may be some time old:
 *   https://docs.aws.amazon.com/step-functions/latest/apireference/API_DescribeExecution.html
 */
export const executionResult = async (
  executions: Executions,
  event: ExecutionEnded,
): Promise<ExecutionResult> => {
  const { executionArn, stateMachineArn, status } = event;
  const { input, output, error } = isWhole(event) ? event : await described(executions, event);
  return {
    executionArn,
    stateMachineArn,
    status,
    input: parseObject(input),
    output: parseObject(output),
    error,
  };
};

const isWhole = ({ status, input, output, error }: ExecutionEnded): boolean =>
  typeof input === 'string' &&
  (status !== 'SUCCEEDED' || typeof output === 'string') &&
  (status !== 'FAILED' || typeof error === 'string');

const described = async (
  executions: Executions,
  { executionArn, status }: ExecutionEnded,
): Promise<ExecutionDescription> => {
  const description = await executions.describe(executionArn);
  if (description.status === status) return description;
  throw new EndNotSettledError(
    `${executionArn} has ended as ${status}, but Step Functions still says ${description.status}; ask again`,
  );
};

/** @returns an object without keys for everything that is none: someone may have started an execution with a number */
export const parseObject = (text: unknown): Record<string, unknown> => {
  if (typeof text !== 'string') return {};
  try {
    return asObject(JSON.parse(text));
  } catch {
    return {};
  }
};

export const asObject = (value: unknown): Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {};
