/** Who is called: a function by the state machine or by Secrets Manager, or one of the two by a function. */
export type Side = 'function' | 'secrets-manager' | 'database';

/** One call of a rotation, named so that the same call is found again in the next run. */
export interface Call {
  readonly side: Side;
  /** The state of the state machine, or the step of the trigger. */
  readonly step: string;
  /** What was called: an operation, a command, or `invoke`. */
  readonly operation: string;
  /** Which of this step's calls of that operation, over all its retries, counted from 1. */
  readonly nth: number;
}

const WRITES = new Set([
  'PutSecretValue',
  'UpdateSecretVersionStage',
  'TagResource',
  'createUser',
  'updateUser',
  'dropUser',
]);

/** Whether the call changes something, so that it matters whether it broke before or after. */
export const isWrite = ({ operation }: Pick<Call, 'operation'>): boolean => WRITES.has(operation);

export const nameOf = ({ step, operation, nth }: Call): string => `${step}/${operation}-${nth}`;
