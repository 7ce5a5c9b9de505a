import type { WholeEnd } from './whole-end.ts';

/** How an execution of either machine can have ended. Each is a metric of the same name. */
export type Outcome =
  | 'Rotated'
  | 'RolledBackToPrevious'
  | 'Verified'
  | 'Recovered'
  | 'NothingToRecover'
  | 'RolledBack'
  | 'RollbackFailed'
  | 'RecoveryFailed'
  | 'Refused'
  | 'CutOff'
  | 'Stopped'
  | 'TimedOut'
  | 'Retired'
  | 'RetirementSuperseded'
  | 'RetirementFailed';

const SUCCESSES: Readonly<Record<string, Outcome>> = {
  rotated: 'Rotated',
  'rolled-back-to-previous': 'RolledBackToPrevious',
  verified: 'Verified',
};

const FAILURES: ReadonlySet<string> = new Set<Outcome>([
  'RolledBack',
  'RollbackFailed',
  'RecoveryFailed',
  'RetirementFailed',
]);

/** Whether a rule has started a recovery: infra/rotation-state-machine.ts says when. */
export const startsRecovery = ({ status, error, input }: WholeEnd): boolean => {
  const cutOff = status === 'ABORTED' || status === 'TIMED_OUT' || isBroken(status, error);
  return cutOff && input.secretId !== undefined && input.mode !== 'verify' && input.mode !== 'recover';
};

/** Step Functions itself ended it, by an error that no state can catch. The machine takes one that nobody knows for such too. */
const isBroken = (status: string, error: string | null | undefined): boolean =>
  status === 'FAILED' && (error?.startsWith('States.') ?? true);

export const outcomeOfRotation = (ended: WholeEnd): Outcome => {
  const { status, error, output } = ended;
  if (status === 'SUCCEEDED') return success(output);
  if (status === 'TIMED_OUT') return 'TimedOut';
  if (status === 'ABORTED') return startsRecovery(ended) ? 'CutOff' : 'Stopped';
  if (isBroken(status, error)) return 'CutOff';
  return FAILURES.has(error ?? '') ? (error as Outcome) : 'Refused';
};

const success = (output: Readonly<Record<string, unknown>>): Outcome => {
  const known = SUCCESSES[String(output.outcome)];
  if (known !== undefined) return known;
  return output.recovery === undefined ? 'NothingToRecover' : 'Recovered';
};

export const outcomeOfRetirement = ({ status, error, output }: WholeEnd): Outcome => {
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
  CutOff: 'aborted-or-timed-out',
  TimedOut: 'aborted-or-timed-out',
};

/** The section of the runbook that says what to do; undefined where there is nothing to do. */
export const runbookSection = (outcome: Outcome, error: string | null | undefined): string | undefined =>
  outcome === 'Refused' ? (error ?? 'UnexpectedError').toLowerCase() : SECTIONS[outcome];
