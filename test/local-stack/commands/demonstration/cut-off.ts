import { loadWorld } from '../../../support/deployed-world.ts';
import { follow } from './follow.ts';
import { judge } from './judge.ts';
import { newExecution } from './new-execution.ts';
import type { Scenario } from './scenario.ts';

/** Someone aborts an execution right after the database changed. No state of it runs any more: EventBridge starts a recovery. */
export const cutOff: Scenario = {
  title: 'An execution is aborted right after the database changed, and recovered',
  async run(stack, terminal) {
    const { arn, name, username } = await stack.makeSecret({ name: 'demo/cut-off' });
    const place = { arn, users: [username] };
    const before = await loadWorld(stack, place);
    const known = await stack.recoveries.list();
    const execution = await stack.executions.start({ secretId: name });
    const unhook = stack.documentDb.onCommand(async (event) => {
      const changed = event.when === 'after' && event.command === 'updateUser' && event.target === username;
      if (changed) await stack.executions.abort(execution).catch(() => {});
    });
    const aborted = await follow(stack.executions, execution, terminal).finally(unhook);
    terminal.line(`  ${terminal.style('yellow', 'aborted')}: no state of it runs any more`);

    terminal.begin('waiting for the recovery that EventBridge starts');
    const recovery = await newExecution(stack.recoveries, known).finally(() => terminal.end());
    const recovered = await follow(stack.recoveries, recovery, terminal);

    const course = {
      ...recovered,
      seconds: aborted.seconds + recovered.seconds,
      states: [...aborted.states, ...recovered.states],
    };
    const verdict = judge(
      {
        name: 'cut off, recovered',
        mode: 'rotate',
        status: 'SUCCEEDED',
        through: ['SetSecret', 'Recovered'],
      },
      course,
      before,
      await loadWorld(stack, place),
    );
    return aborted.status === 'ABORTED'
      ? verdict
      : {
          ...verdict,
          problems: [...verdict.problems, `the rotation ended ${aborted.status} before it was cut off`],
        };
  },
};
