import { describe, expect, it } from 'vitest';
import { LONGEST_GRACE_SECONDS } from '../../../functions/contract/limits.ts';
import { definitionOf } from '../../support/definitions.ts';
import { StateMachine } from '../../support/state-machine.ts';

/** https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html: an execution lasts a year at most. */
const LONGEST_EXECUTION_SECONDS = 365 * 24 * 3600;

/** RetireUser is retried for half a day, for each of two reasons. */
const RETIRING_SECONDS = 24 * 3600;

const retire = async (graceSeconds: number): Promise<string | undefined> => {
  const machine = new StateMachine(definitionOf('retirement'), {
    RetireUserFunctionArn: async () => ({ outcome: 'locked' }),
  });
  const input = {
    secretId: 'app',
    version: 'v',
    strategy: 'admin-clone',
    predecessor: 'app',
    policy: 'lock',
  };
  return (await machine.run('arn:of:it', { ...input, graceSeconds })).path.at(-1);
};

describe('The longest grace', () => {
  it('leaves an execution the time to retire the user', () => {
    expect(LONGEST_GRACE_SECONDS + RETIRING_SECONDS).toBeLessThanOrEqual(LONGEST_EXECUTION_SECONDS);
  });

  it('is what the retirement takes, and no more', async () => {
    expect(await retire(LONGEST_GRACE_SECONDS)).toBe('Retired');
    expect(await retire(LONGEST_GRACE_SECONDS + 1)).toBe('InvalidInput');
    expect(await retire(LONGEST_EXECUTION_SECONDS)).toBe('InvalidInput');
  });
});
