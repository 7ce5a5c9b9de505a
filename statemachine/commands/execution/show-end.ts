import { consoleLink } from '../../../functions/runtime/console-link.ts';
import type { Execution } from '../aws/executions.ts';
import { type Context, nextCommand } from '../context.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { endingOf } from './ending.ts';
import type { Followed } from './follow.ts';

/** How it ended, in one sentence, and where to go on if it failed. */
export const showEnd = (context: Context, { execution, states }: Followed): ExitCode => {
  const { view } = context;
  const { outcome, sentence, exitCode } = endingOf(execution);
  view.result({ ...executionJson(execution), states: states.map(stateJson) }, () => {
    const { green, red, bold } = view.colors;
    const mark = exitCode === EXIT.done ? green(bold(outcome)) : red(bold(outcome));
    view.text(`${mark} in ${secondsOf(execution)} s. ${sentence}`);
    if (exitCode !== EXIT.done) view.copyable(`More: ${nextCommand(context, 'explain', execution.name)}`);
  });
  return exitCode;
};

export const secondsOf = ({ started, stopped }: Execution): string =>
  (((stopped ?? new Date()).getTime() - started.getTime()) / 1000).toFixed(1);

/** An execution as programs get it. */
export const executionJson = (execution: Execution): object => {
  const { arn, name, machine, status, started, stopped, input, output, error, cause } = execution;
  const ending = status === 'RUNNING' ? undefined : endingOf(execution);
  return {
    execution: arn,
    name,
    machine,
    status,
    outcome: ending?.outcome,
    started: started.toISOString(),
    stopped: stopped?.toISOString(),
    seconds: stopped === undefined ? undefined : Number(secondsOf(execution)),
    input,
    output: status === 'SUCCEEDED' ? output : undefined,
    error,
    cause,
    runbook: ending?.section,
    console: consoleLink(arn),
  };
};

const stateJson = ({ name, entered, left, error, failures }: Followed['states'][number]): object => ({
  name,
  entered: entered.toISOString(),
  seconds: left === undefined ? undefined : (left.getTime() - entered.getTime()) / 1000,
  failures,
  error,
});
