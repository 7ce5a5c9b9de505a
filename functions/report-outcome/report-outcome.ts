import type { MetricName, Outcome } from '../contract/metrics.ts';
import { consoleLink } from '../runtime/console-link.ts';
import type { ExecutionEnded } from './execution-ended.ts';
import {
  asObject,
  type ExecutionResult,
  type Executions,
  executionResult,
  parseObject,
} from './execution-result.ts';
import { type Notice, noticeOf } from './notice.ts';
import { outcomeOfRecovery, outcomeOfRetirement, outcomeOfRotation, runbookSection } from './outcome.ts';
import { startsRecovery } from './starts-recovery.ts';

/** What becomes of a measurement: CloudWatch's metrics. */
export interface Measurements {
  /** @param secret only where the number means something for one secret */
  record(
    metric: MetricName,
    unit: 'Count' | 'Milliseconds',
    value: number,
    stateMachine: string,
    secret?: string,
  ): void;
}

/** Who wants to know of the ends of rotations subscribes there. */
export interface EventBus {
  put(detailType: string, resources: readonly string[], detail: object): Promise<void>;
}

/** The operators' topic. */
export interface Operators {
  tell(notice: Notice): Promise<void>;
}

export interface ReportOutcomePorts {
  readonly executions: Executions;
  readonly measurements: Measurements;
  readonly bus: EventBus;
  readonly operators: Operators;
}

export interface ReportOutcomeConfig {
  /** Which of the machines an execution is of: otherwise it is a rotation. */
  readonly recoveryStateMachineArn: string;
  readonly retirementStateMachineArn: string;
  readonly runbookUrl: string;
}

/** What the project's own event says. Only known keys, each of its own: an input may hold anything. */
export interface Report {
  readonly outcome: Outcome;
  readonly secret: string | undefined;
  readonly mode: string;
  readonly version: string | undefined;
  readonly user: string | undefined;
  readonly error: string | undefined;
  readonly outageMs: number | undefined;
  readonly recoveryStarted: boolean;
  readonly executionArn: string;
  readonly console: string;
  readonly runbook: string | undefined;
}

/**
 * Tells of an execution's end, by metrics, by an event, and by a message where an alarm rings. EventBridge may hand over the same end twice, and then
 * it is told twice: an alarm is not changed by that, and who needs each end once has the execution's ARN.
 *
 * @throws EndNotSettledError if Step Functions has to be asked, and does not know yet
 */
export const reportOutcome = async (
  { executions, measurements, bus, operators }: ReportOutcomePorts,
  config: ReportOutcomeConfig,
  event: ExecutionEnded,
): Promise<Report> => {
  const ended = await executionResult(executions, event);
  const { detailType, report } = reported(ended, config);
  const machine = nameOf(ended.stateMachineArn);
  measurements.record(report.outcome, 'Count', 1, machine);
  // The rotation succeeded: that a retirement may not have started is counted beside it.
  const retirementUnknown = ended.output.retirement === 'unknown';
  if (retirementUnknown) measurements.record('RetirementUnknown', 'Count', 1, machine);
  if (report.recoveryStarted) {
    // Whatever was cut off, the recovery is one of this machine.
    measurements.record('RecoveryStarted', 'Count', 1, nameOf(config.recoveryStateMachineArn));
  }
  if (report.outageMs !== undefined && report.secret !== undefined) {
    measurements.record('OutageWindow', 'Milliseconds', report.outageMs, machine, report.secret);
  }
  const resources = [ended.executionArn, ...(report.secret?.startsWith('arn:') ? [report.secret] : [])];
  await bus.put(detailType, resources, report);
  const notice = noticeOf(report, retirementUnknown);
  if (notice !== undefined) await operators.tell(notice);
  return report;
};

const nameOf = (stateMachineArn: string): string => stateMachineArn.split(':').at(-1) ?? '';

const reported = (
  ended: ExecutionResult,
  config: ReportOutcomeConfig,
): { detailType: string; report: Report } => {
  switch (ended.stateMachineArn) {
    case config.retirementStateMachineArn:
      return { detailType: 'Retirement Ended', report: reportOfRetirement(ended, config) };
    case config.recoveryStateMachineArn:
      return { detailType: 'Recovery Ended', report: reportOfRecovery(ended, config) };
    default:
      return { detailType: 'Rotation Ended', report: reportOfRotation(ended, config) };
  }
};

const reportOfRotation = (ended: ExecutionResult, config: ReportOutcomeConfig): Report => {
  const { input, output } = ended;
  const mode = text(input.mode) ?? 'rotate';
  return {
    ...common(ended, config, outcomeOfRotation(ended, startsRecovery(ended)), input),
    mode: MODES.has(mode) ? mode : 'unknown',
    version: text(output.version),
    user: text(output.user),
    outageMs: typeof output.outageMs === 'number' ? output.outageMs : undefined,
  };
};

const MODES: ReadonlySet<string> = new Set(['rotate', 'verify', 'revert', 'check']);

/** A recovery that the rule started was given the event of another execution, and the secret is in that one's input. */
const reportOfRecovery = (ended: ExecutionResult, config: ReportOutcomeConfig): Report => {
  const { input, output } = ended;
  const subject = typeof input.executionArn === 'string' ? parseObject(input.input) : input;
  const recovery = asObject(output.recovery);
  return {
    ...common(ended, config, outcomeOfRecovery(ended), subject),
    mode: 'recover',
    version: text(recovery.version),
    user: text(output.user),
    outageMs: undefined,
  };
};

const reportOfRetirement = (ended: ExecutionResult, config: ReportOutcomeConfig): Report => ({
  ...common(ended, config, outcomeOfRetirement(ended), ended.input),
  mode: 'retire',
  version: text(ended.input.version),
  user: text(ended.input.predecessor),
  outageMs: undefined,
});

const common = (
  ended: ExecutionResult,
  { runbookUrl }: ReportOutcomeConfig,
  outcome: Outcome,
  subject: Readonly<Record<string, unknown>>,
) => {
  const { executionArn, status, error, output } = ended;
  const recoveryStarted = startsRecovery(ended);
  const section = runbookSection(outcome, { error, recoveryStarted });
  return {
    outcome,
    secret: text(output.secret) ?? text(subject.secretId),
    recoveryStarted,
    // Who aborts an execution may write anything as its error.
    error: status === 'FAILED' ? text(error) : undefined,
    executionArn,
    console: consoleLink(executionArn),
    runbook: section === undefined ? undefined : `${runbookUrl}#${section}`,
  };
};

/** No longer than the name of a secret can be: what is longer is none. */
const text = (value: unknown): string | undefined =>
  typeof value === 'string' && value.length <= 2048 ? value : undefined;
