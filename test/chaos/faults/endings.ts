import { setTimeout as sleep } from 'node:timers/promises';
import type { LocalStack } from '../../local-stack/deployment/index.ts';
import type { CaseActor } from './case-actor.ts';
import type { Director } from './director.ts';

/** Each look is a request, and there are many at a time. */
const POLL_MS = 400;
const LONGEST_MS = 180_000;

/** Which of the state machines an execution is of. */
type Machine = 'rotation' | 'recovery' | 'retirement';

/** How an execution ended. */
export interface Ending {
  readonly arn: string;
  readonly machine: Machine;
  readonly status: string;
  readonly error: string | undefined;
  readonly cause: string;
  readonly input: string;
  readonly output: Record<string, unknown>;
}

/** Waits until nothing goes on any more for a secret: executions, recoveries, retirements, functions in flight. */
export const untilOver = async (
  stack: LocalStack,
  director: Director,
  actor: CaseActor,
  first: string | undefined,
): Promise<Ending[]> => {
  if (first) actor.executions.add(first);
  const endings = new Map<string, Ending>();
  const deadline = Date.now() + LONGEST_MS;
  while (Date.now() < deadline) {
    for (const arn of actor.executions) if (!endings.has(arn)) await note(stack, arn, endings);
    for (const { output } of endings.values()) {
      if (typeof output.retirement === 'string' && output.retirement.startsWith('arn:'))
        actor.executions.add(output.retirement);
    }
    const allEnded = [...actor.executions].every((arn) => endings.has(arn));
    if (allEnded && !director.isBusy(actor) && !awaitsRecovery([...endings.values()])) {
      return [...actor.executions].flatMap((arn) => endings.get(arn) ?? []);
    }
    await sleep(POLL_MS);
  }
  const running = [...actor.executions].filter((arn) => !endings.has(arn)).length;
  actor.problems.add(
    running > 0
      ? `${running} executions still run after ${LONGEST_MS / 1000} s`
      : 'an execution was stopped, and no recovery came',
  );
  return [...endings.values()];
};

const note = async (stack: LocalStack, arn: string, endings: Map<string, Ending>): Promise<void> => {
  const { status, error, cause, input, output, stateMachineArn } = await stack.executions.describe(arn);
  if (status === 'RUNNING') return;
  endings.set(arn, {
    arn,
    machine: machineOf(stack, stateMachineArn),
    status: status ?? '',
    error,
    cause: cause ?? '',
    input: input ?? '',
    output: output ? JSON.parse(output) : {},
  });
};

const machineOf = (stack: LocalStack, stateMachineArn: string | undefined): Machine => {
  if (stateMachineArn === stack.recoveryStateMachineArn) return 'recovery';
  return stateMachineArn === stack.retirementStateMachineArn ? 'retirement' : 'rotation';
};

/**
 * The rule starts a recovery for whatever was stopped, a recovery too. After a verify or a check it finds nothing to recover, and
 * calls no function by which it could be seen.
 */
const awaitsRecovery = (endings: readonly Ending[]): boolean =>
  endings
    .filter((ending) => isCutOff(ending) && !isVerification(ending))
    .some(({ arn }) => !endings.some((other) => isRecovery(other) && other.input.includes(arn)));

/**
 * Ended without compensation: stopped, out of time, broken in the machine itself, as `States.*` says, or superseded by a
 * recovery.
 */
export const isCutOff = ({ status, error }: Pick<Ending, 'status' | 'error'>): boolean =>
  status === 'ABORTED' ||
  status === 'TIMED_OUT' ||
  (status === 'FAILED' && (!!error?.startsWith('States.') || error === 'RotationSupersededError'));

export const isRecovery = ({ machine }: Pick<Ending, 'machine'>): boolean => machine === 'recovery';

export const isVerification = ({ input }: Pick<Ending, 'input'>): boolean =>
  /"mode":"(verify|check)"/.test(input);

export const isRetirement = ({ machine }: Pick<Ending, 'machine'>): boolean => machine === 'retirement';
