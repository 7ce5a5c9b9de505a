import { loadWorld } from '../../../support/deployed-world.ts';
import { follow } from './follow.ts';
import { judge } from './judge.ts';
import type { Scenario } from './scenario.ts';

const READER = 1;

/** One instance of the cluster never learns of the new password, so that its test never passes. */
export const neverPasses: Scenario = {
  title: 'The new credential never passes its test on one instance',
  async run(stack, terminal) {
    const { arn, name, username } = await stack.makeSecret({ name: 'demo/never-passes' });
    const place = { arn, users: [username] };
    const before = await loadWorld(stack, place);
    await stack.documentDb.setPropagationDelay(READER, Number.POSITIVE_INFINITY);
    try {
      const course = await follow(
        stack.executions,
        await stack.executions.start({ secretId: name }),
        terminal,
      );
      const through = [
        'WaitForPropagation',
        'RestoreCredential',
        'RestoreLabels',
        'CheckRestored',
        'ReleaseLock',
        'RolledBack',
      ];
      return judge(
        {
          name: 'test never passes',
          mode: 'rotate',
          status: 'FAILED',
          error: 'RolledBack',
          aftermath: 'restored',
          through,
        },
        course,
        before,
        await loadWorld(stack, place),
      );
    } finally {
      await stack.documentDb.setPropagationDelay(READER, 0);
    }
  },
};
