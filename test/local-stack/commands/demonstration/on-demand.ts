import { follow } from './follow.ts';
import { judge } from './judge.ts';
import { ObservedSecret } from './observed-secret.ts';
import type { Scenario } from './scenario.ts';

/** An execution that somebody starts in the console. */
export const onDemand: Scenario = {
  title: 'Somebody starts an execution with {"secretId": "…"}',
  async run(stack, terminal) {
    const { arn, name } = await stack.makeSecret({ name: 'demo/on-demand' });
    const secret = await ObservedSecret.look(stack, arn);
    const course = await follow(stack.executions, await stack.executions.start({ secretId: name }), terminal);
    return judge(
      {
        name: 'on demand',
        mode: 'rotate',
        status: 'SUCCEEDED',
        rotated: true,
        through: ['TestSecret', 'Rotated'],
      },
      course,
      await secret.now(),
    );
  },
};
