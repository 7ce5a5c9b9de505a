import { loadWorld } from '../../../support/deployed-world.ts';
import { follow } from './follow.ts';
import { judge } from './judge.ts';
import type { Scenario } from './scenario.ts';

/** An execution that someone starts in the console. */
export const onDemand: Scenario = {
  title: 'Someone starts an execution with {"secretId": "…"}',
  async run(stack, terminal) {
    const { arn, name, username } = await stack.makeSecret({ name: 'demo/on-demand' });
    const place = { arn, users: [username] };
    const before = await loadWorld(stack, place);
    const course = await follow(stack.executions, await stack.executions.start({ secretId: name }), terminal);
    return judge(
      {
        name: 'on demand',
        mode: 'rotate',
        status: 'SUCCEEDED',
        aftermath: 'rotated',
        through: ['TestSecret', 'Rotated'],
      },
      course,
      before,
      await loadWorld(stack, place),
    );
  },
};
