import type { Outcome } from '../contract/metrics.ts';
import type { ExecutionResult } from './execution-result.ts';

const SUCCESSES: Readonly<Record<string, Outcome>> = {
  reverted: 'Reverted',
  verified: 'Verified',
  checked: 'Checked',
};

const FAILURES: Readonly<Record<string, Outcome>> = {
  RolledBack: 'RolledBack',
  RollbackFailed: 'RollbackFailed',
  RotationSupersededError: 'Superseded',
};

/** Step Functions itself ended it, by an error that no state can catch. The recovery takes one that it does not know for such too. */
export const isBroken = ({ status, error }: Pick<ExecutionResult, 'status' | 'error'>): boolean =>
  status === 'FAILED' && (error?.startsWith('States.') ?? true);

/** @param recoveryStarts whether a recovery follows */
export const outcomeOfRotation = (ended: ExecutionResult, recoveryStarts: boolean): Outcome => {
  const { status, error, output } = ended;
  if (status === 'SUCCEEDED') return SUCCESSES[String(output.outcome)] ?? 'Rotated';
  if (status === 'TIMED_OUT') return 'TimedOut';
  // A verification changes nothing: stopped, it leaves nothing to recover.
  if (status === 'ABORTED') return recoveryStarts ? 'CutOff' : 'Stopped';
  if (isBroken(ended)) return 'CutOff';
  return FAILURES[error ?? ''] ?? 'Refused';
};

export const outcomeOfRecovery = (ended: ExecutionResult): Outcome => {
  const { status, error, output } = ended;
  if (status === 'SUCCEEDED') return output.recovery === undefined ? 'NothingToRecover' : 'Recovered';
  if (status === 'ABORTED') return 'Stopped';
  if (status === 'TIMED_OUT') return 'TimedOut';
  if (isBroken(ended)) return 'CutOff';
  return error === 'InvalidInputError' ? 'Refused' : 'RecoveryFailed';
};

export const outcomeOfRetirement = ({ status, error, output }: ExecutionResult): Outcome => {
  if (status === 'SUCCEEDED') return output.outcome === 'superseded' ? 'RetirementSuperseded' : 'Retired';
  if (status === 'ABORTED') return 'Stopped';
  if (status === 'TIMED_OUT') return 'TimedOut';
  return error === 'InvalidInputError' ? 'Refused' : 'RetirementFailed';
};

const SECTIONS: Readonly<Partial<Record<Outcome, string>>> = {
  RolledBack: 'rolledback',
  RollbackFailed: 'rollbackfailed',
  RecoveryFailed: 'recoveryfailed',
  RetirementFailed: 'retirementfailed',
  Superseded: 'rotationsupersedederror',
  CutOff: 'aborted-or-timed-out',
  TimedOut: 'aborted-or-timed-out',
};

/**
 * The section of the runbook that says what to do; undefined where there is nothing to do: a rotation that was stopped
 * without a recovery only verified.
 */
export const runbookSection = (
  outcome: Outcome,
  {
    error,
    recoveryStarted,
  }: { readonly error: string | null | undefined; readonly recoveryStarted: boolean },
): string | undefined => {
  if (outcome === 'Refused') return (error ?? 'UnexpectedError').toLowerCase();
  if (outcome === 'Stopped') return recoveryStarted ? 'stopped' : undefined;
  return SECTIONS[outcome];
};
