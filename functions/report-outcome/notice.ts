import type { Outcome } from '../contract/metrics.ts';
import type { Report } from './report-outcome.ts';

/** Who may start executions gets no more of their own words into a mail. */
const LONGEST_NAME = 200;

/**
 * Ends that an alarm rings for. An alarm can't say of which secret: it looks at all together. Of a failed compensation, recovery or
 * retirement the machine tells by itself, with more to say.
 */
const HAPPENED: Readonly<Partial<Record<Outcome, string>>> = {
  RolledBack: 'failed, and was rolled back',
  Superseded:
    'was superseded: another execution took the lock, and what this one did is not put right by itself',
  CutOff: 'was cut off',
  TimedOut: 'ran for as long as it may, and was ended',
  Stopped: 'was stopped',
};

/** A message for the operators: which secret, what happened, where to look. */
export interface Notice {
  readonly subject: string;
  readonly message: string;
}

/** @returns undefined where no alarm rings, or where the machine tells by itself */
export const noticeOf = (report: Report, retirementUnknown: boolean): Notice | undefined => {
  const happened = retirementUnknown
    ? 'succeeded, but no retirement of the user that it replaced is known'
    : HAPPENED[report.outcome];
  // A verification or a check that was stopped: no alarm rings for it.
  if (happened === undefined || (report.outcome === 'Stopped' && NOTHING_CHANGED.has(report.mode)))
    return undefined;
  const what = WHAT[report.mode] ?? 'An execution for';
  const next = report.recoveryStarted ? ' A recovery was started for it.' : '';
  const runbook = report.runbook === undefined ? '' : ` What to do: ${report.runbook}`;
  return {
    subject: `docdb-rotation: ${report.outcome}`,
    message: `${what} the secret ${nameIn(report.secret)} ${happened}.${next}${runbook} Execution: ${report.console}`,
  };
};

const NOTHING_CHANGED: ReadonlySet<string> = new Set(['verify', 'check']);

const WHAT: Readonly<Record<string, string>> = {
  rotate: 'The rotation of',
  revert: 'The revert of',
  recover: 'The recovery of',
  retire: 'The retirement of the replaced user of',
};

/** Only what may be in the name or ARN of a secret: https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_CreateSecret.html */
const nameIn = (secretId = 'unknown'): string =>
  (secretId.split(':secret:').at(-1) ?? '').replace(/[^\w/+=.@:-]/g, '?').slice(0, LONGEST_NAME);
