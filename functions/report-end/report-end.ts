import { consoleLink } from '../shared/console-link.ts';
import type { ExecutionEnded } from './execution-ended.ts';
import {
  type Outcome,
  outcomeOfRetirement,
  outcomeOfRotation,
  runbookSection,
  startsRecovery,
} from './outcome.ts';
import { type Executions, parseObject, type WholeEnd, wholeEnd } from './whole-end.ts';

/** What becomes of a measurement: CloudWatch's metrics. */
export interface Measurements {
  /** @param secret only where the number means something for one secret */
  record(
    metric: string,
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

export interface ReportEndPorts {
  readonly executions: Executions;
  readonly measurements: Measurements;
  readonly bus: EventBus;
}

export interface ReportEndConfig {
  /** Which of the two machines an execution is of. */
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
 * Tells of an execution's end, by metrics and by an event. EventBridge may hand over the same end twice, and then
 * it is told twice: an alarm is not changed by that, and who needs each end once has the execution's ARN.
 *
 * @throws EndNotSettledError if Step Functions has to be asked, and does not know yet
 */
export const reportEnd = async (
  { executions, measurements, bus }: ReportEndPorts,
  config: ReportEndConfig,
  event: ExecutionEnded,
): Promise<Report> => {
  const ended = await wholeEnd(executions, event);
  const isRetirement = ended.stateMachineArn === config.retirementStateMachineArn;
  const report = isRetirement ? reportOfRetirement(ended, config) : reportOfRotation(ended, config);
  const machine = ended.stateMachineArn.split(':').at(-1) ?? '';
  measurements.record(report.outcome, 'Count', 1, machine);
  if (report.recoveryStarted) measurements.record('RecoveryStarted', 'Count', 1, machine);
  if (report.outageMs !== undefined && report.secret !== undefined) {
    measurements.record('OutageWindow', 'Milliseconds', report.outageMs, machine, report.secret);
  }
  const resources = [ended.executionArn, ...(report.secret?.startsWith('arn:') ? [report.secret] : [])];
  await bus.put(isRetirement ? 'Retirement Ended' : 'Rotation Ended', resources, report);
  return report;
};

const reportOfRotation = (ended: WholeEnd, config: ReportEndConfig): Report => {
  const { output } = ended;
  const input = inputOfRotation(ended);
  return {
    ...common(ended, config, outcomeOfRotation(ended), input),
    mode: input.mode,
    version: text(output.version),
    user: text(output.user),
    outageMs: typeof output.outageMs === 'number' ? output.outageMs : undefined,
    recoveryStarted: startsRecovery(ended),
  };
};

const reportOfRetirement = (ended: WholeEnd, config: ReportEndConfig): Report => ({
  ...common(ended, config, outcomeOfRetirement(ended), { secret: text(ended.input.secretId) }),
  mode: 'retire',
  version: text(ended.input.version),
  user: text(ended.input.predecessor),
  outageMs: undefined,
  recoveryStarted: false,
});

const common = (
  { executionArn, status, error, output }: WholeEnd,
  { runbookUrl }: ReportEndConfig,
  outcome: Outcome,
  input: { readonly secret: string | undefined },
) => {
  const section = runbookSection(outcome, error);
  return {
    outcome,
    secret: text(output.secret) ?? input.secret,
    // Whoever aborts an execution may write anything as its error.
    error: status === 'FAILED' ? text(error) : undefined,
    executionArn,
    console: consoleLink(executionArn),
    runbook: section === undefined ? undefined : `${runbookUrl}#${section}`,
  };
};

/** A recovery that the rule started was given the event of another execution, and the secret is in that one's input. */
const inputOfRotation = ({ input }: WholeEnd): { mode: string; secret: string | undefined } => {
  const byRule = input.executionArn !== undefined;
  const secret = text((byRule ? parseObject(input.input) : input).secretId);
  const mode = byRule ? 'recover' : (text(input.mode) ?? 'rotate');
  return { mode: MODES.has(mode) ? mode : 'unknown', secret };
};

const MODES: ReadonlySet<string> = new Set(['rotate', 'verify', 'rollback', 'recover']);

/** No longer than the name of a secret can be: what is longer is none. */
const text = (value: unknown): string | undefined =>
  typeof value === 'string' && value.length <= 2048 ? value : undefined;
