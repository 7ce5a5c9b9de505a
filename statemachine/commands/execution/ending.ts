import type { Outcome } from '../../../functions/contract/metrics.ts';
import type { ExecutionResult } from '../../../functions/report-outcome/execution-result.ts';
import {
  outcomeOfRecovery,
  outcomeOfRetirement,
  outcomeOfRotation,
  runbookSection,
} from '../../../functions/report-outcome/outcome.ts';
import { startsRecovery } from '../../../functions/report-outcome/starts-recovery.ts';
import type { Execution } from '../aws/executions.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';

/** How an execution ended, in the words that alarms, events and the runbook use. */
export interface Ending {
  readonly outcome: Outcome;
  /** One sentence: what the world is like now. */
  readonly sentence: string;
  /** The section of the runbook that is about it; undefined where there is nothing to do. */
  readonly section: string | undefined;
  readonly exitCode: ExitCode;
}

/** @param execution one that has ended */
export const endingOf = (execution: Execution): Ending => {
  const ended: ExecutionResult = {
    executionArn: execution.arn,
    stateMachineArn: execution.machineArn,
    status: execution.status as ExecutionResult['status'],
    input: execution.input,
    output: execution.output,
    error: execution.error,
  };
  const recoveryStarted = startsRecovery(ended);
  const outcome = outcomeOf(execution, ended, recoveryStarted);
  return {
    outcome,
    sentence: execution.cause ? ownCause(execution) : sentenceOf(outcome, execution.output),
    section: runbookSection(outcome, { error: execution.error, recoveryStarted }),
    exitCode: isBadVerification(execution) ? EXIT.broken : (EXIT_CODES[outcome] ?? EXIT.done),
  };
};

/** It changed nothing, and shows that AWSCURRENT may not log in; unless it was asked of another version, or of none. */
const isBadVerification = ({ machine, status, input, error }: Execution): boolean =>
  machine === 'rotation' &&
  status === 'FAILED' &&
  input.mode === 'verify' &&
  input.token === undefined &&
  error !== 'InvalidInputError';

const outcomeOf = ({ machine }: Execution, ended: ExecutionResult, recoveryStarted: boolean): Outcome => {
  if (machine === 'recovery') return outcomeOfRecovery(ended);
  if (machine === 'retirement') return outcomeOfRetirement(ended);
  return outcomeOfRotation(ended, recoveryStarted);
};

/** The project's own causes say it all. */
const ownCause = ({ cause = '' }: Execution): string => cause.replaceAll(/\s+/g, ' ').trim();

const EXIT_CODES: Readonly<Partial<Record<Outcome, ExitCode>>> = {
  RolledBack: EXIT.unchanged,
  Refused: EXIT.unchanged,
  Stopped: EXIT.unchanged,
  RetirementFailed: EXIT.unchanged,
  Superseded: EXIT.broken,
  CutOff: EXIT.broken,
  TimedOut: EXIT.broken,
  RollbackFailed: EXIT.broken,
  RecoveryFailed: EXIT.broken,
};

const sentenceOf = (outcome: Outcome, output: Readonly<Record<string, unknown>>): string => {
  const { user, version, instances, kept } = output;
  const where = instances === undefined ? 'on every instance' : `on every instance (${instances})`;
  const who = user === undefined ? '' : ` of the user ${user}`;
  switch (outcome) {
    case 'Rotated':
      return `AWSCURRENT is the new version ${version}${who}, and logs in ${where}.`;
    case 'Reverted':
      return `AWSCURRENT is version ${version}${who}, which was AWSPREVIOUS, and logs in ${where}.`;
    case 'Verified':
      return `The credential${who} logs in ${where}. Nothing was changed.`;
    case 'Checked':
      return 'Nothing was found by which a rotation would fail. Nothing was changed.';
    case 'Recovered':
      return `AWSCURRENT logs in on every instance${typeof kept === 'string' ? ` (version ${kept})` : ''}, and nothing is stuck.`;
    case 'NothingToRecover':
      return 'There was nothing to recover: the execution changed nothing, compensated itself, or another one answers for the secret.';
    case 'Retired':
      return `The predecessor was retired: ${output.outcome}.`;
    case 'RetirementSuperseded':
      return 'The predecessor was left alone: AWSCURRENT has moved since.';
    case 'Stopped':
      return 'It was stopped. It changed nothing that has to be recovered.';
    case 'CutOff':
    case 'TimedOut':
      return 'It was cut off, and nothing was compensated. A recovery starts by itself.';
    default:
      return `It ended as ${outcome}.`;
  }
};
