import type { Execution, Executions } from '../aws/executions.ts';
import { type Context, nextCommand } from '../context.ts';
import { type PassedState, passedStates } from './passed-states.ts';

/** Gentle: both calls refill at 10 to 20 a second for the whole account. https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html */
const POLL_MS = { first: 400, longest: 3000, growth: 1.3 };

/** An execution that has ended, and how it went. */
export interface Followed {
  readonly execution: Execution;
  readonly states: readonly PassedState[];
}

/** Shows the states of an execution as they are passed, until it has ended. */
export const follow = async (context: Context, executions: Executions, arn: string): Promise<Followed> => {
  const { view, sleep } = context;
  context.onInterrupt(() => {
    const name = arn.split(':').at(-1) ?? arn;
    view.note(`The execution goes on. Follow it: ${nextCommand(context, 'watch', name)}`);
  });
  let shown = 0;
  for (let pause = POLL_MS.first; ; pause = Math.min(pause * POLL_MS.growth, POLL_MS.longest)) {
    // Asked before the history is read: what is read afterwards is complete.
    const execution = await executions.describe(arn);
    const states = passedStates(await executions.history(arn));
    shown = show(context, states, shown);
    if (execution.status !== 'RUNNING') {
      view.end();
      return { execution, states };
    }
    await sleep(pause);
  }
};

/** @returns how many states have been shown as left */
const show = ({ view }: Context, states: readonly PassedState[], shown: number): number => {
  const left = states.filter(({ left }) => left !== undefined).length;
  for (const state of states.slice(shown, left)) view.progress(state.error ? 'failed' : 'ok', lineOf(state));
  const open = states[left];
  if (open !== undefined) {
    const attempt =
      open.failures === 0 ? '' : `, attempt ${open.failures + 1}${open.error ? ` after ${open.error}` : ''}`;
    view.begin(`${open.name}${attempt}`, open.entered);
  }
  return left;
};

const lineOf = ({ name, entered, left, error, failures }: PassedState): string => {
  const seconds = (((left ?? entered).getTime() - entered.getTime()) / 1000).toFixed(1);
  const retried = error === undefined && failures > 0 ? ` (attempt ${failures + 1})` : '';
  return `${name}  ${seconds} s${retried}${error ? `  ${error}` : ''}`;
};
