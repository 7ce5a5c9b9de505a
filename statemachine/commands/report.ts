import { stringify } from 'csv-stringify/sync';
import { type Execution, modeIn, secretIdOf } from './aws/executions.ts';
import { inParallel } from './aws/in-parallel.ts';
import { CommandError } from './command-error.ts';
import { type Context, deployedRotation } from './context.ts';
import { endingOf } from './execution/ending.ts';
import { partsOf } from './execution/execution-name.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { DAY } from './terminal/durations.ts';

export interface ReportOptions {
  readonly days: string;
  readonly format: 'csv' | 'json';
}

const COLUMNS = [
  'secret',
  'what',
  'startedBy',
  'started',
  'ended',
  'outcome',
  'error',
  'strategy',
  'user',
  'version',
  'execution',
] as const;

type ReportRow = Readonly<Record<(typeof COLUMNS)[number], string>>;

/** What was rotated when, and how it ended: a row for each execution that Step Functions still knows. */
export const report = async (context: Context, { days, format }: ReportOptions): Promise<ExitCode> => {
  const { view, now } = context;
  const { executions } = await deployedRotation(context);
  const since = new Date(now().getTime() - daysOf(days) * DAY);
  view.begin('reading executions', now());
  const lists = await Promise.all(
    (['rotation', 'recovery', 'retirement'] as const).map((machine) => executions.list(machine, { since })),
  );
  const described = await inParallel(lists.flat(), ({ arn }) => executions.describe(arn));
  const rows = described.toSorted((one, other) => one.started.getTime() - other.started.getTime()).map(rowOf);
  view.end();
  view.result(rows, () => {
    view.raw(format === 'json' ? `${JSON.stringify(rows, undefined, 2)}\n` : csvOf(rows));
  });
  return EXIT.done;
};

/** A spreadsheet would take a cell that begins like a formula for one: https://owasp.org/www-community/attacks/CSV_Injection */
export const csvOf = (rows: readonly ReportRow[]): string =>
  stringify([...rows], { header: true, columns: [...COLUMNS], escape_formulas: true });

const daysOf = (text: string): number => {
  if (/^[1-9]\d{0,4}$/.test(text)) return Number(text);
  throw new CommandError(`--days takes a whole number of days, up to 99999, not "${text}"`, EXIT.usage);
};

export const rowOf = (execution: Execution): ReportRow => {
  const { name, machine, arn, status, started, stopped, input, output } = execution;
  const text = (value: unknown): string => (typeof value === 'string' ? value : '');
  return {
    secret: text(output.secret) || (secretIdOf(input) ?? ''),
    what: whatOf(execution),
    startedBy: startedBy(execution),
    started: started.toISOString(),
    ended: stopped?.toISOString() ?? '',
    outcome: status === 'RUNNING' ? 'Running' : endingOf(execution).outcome,
    error: execution.error ?? '',
    strategy: text(output.strategy),
    user: text(output.user) || (machine === 'retirement' ? text(input.predecessor) : ''),
    version: text(output.version),
    execution: arn || name,
  };
};

const whatOf = ({ machine, input }: Execution): string => {
  if (machine === 'rotation') return modeIn(input);
  return machine === 'recovery' ? 'recover' : 'retire';
};

const startedBy = ({ machine, name, input }: Execution): string => {
  if (machine === 'retirement') return 'rotation';
  if (typeof input.executionArn === 'string') return 'rule';
  return partsOf(name)?.by === 'Secrets Manager' ? 'Secrets Manager' : 'on demand';
};
