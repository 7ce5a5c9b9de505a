import { describe, expect, it } from 'vitest';
import { type CheckLocksPorts, checkLocks } from '../../../../functions/check-credentials/check-locks.ts';
import { runningExecutions } from '../../../../functions/check-credentials/running-executions.ts';
import {
  SecretsManagerUnavailableError,
  StepFunctionsUnavailableError,
} from '../../../../functions/contract/errors.ts';
import { OWNER } from '../../../../functions/secret/labels.ts';
import { versionIdOf, versionIdsOf } from '../../../../functions/secret/version-ids.ts';

const ONE = 'arn:aws:states:eu-central-1:111122223333:execution:rotation:one';
const OTHER = 'arn:aws:states:eu-central-1:111122223333:execution:recovery:other';

/** What is so at first, and what is so a moment later. */
interface Moment {
  /** The execution that has the lock of each secret, an error where it can't be looked at. */
  readonly owners: Readonly<Record<string, string | Error | undefined>>;
  readonly running: readonly string[];
}

const sweep = async (now: Moment, later: Moment = now) => {
  let moment = now;
  const recorded: string[] = [];
  const asked: string[] = [];
  const ports: CheckLocksPorts = {
    labels: async (secret) => {
      asked.push(secret);
      const owner = moment.owners[secret];
      if (owner instanceof Error) throw owner;
      const current = { current: ['AWSCURRENT'] };
      return { versions: owner === undefined ? current : { ...current, [owner]: [OWNER] } };
    },
    running: async () => {
      asked.push('running');
      return moment.running;
    },
    record: (metric, value) => void recorded.push(`${metric} ${value}`),
    clock: {
      sleep: async (milliseconds) => {
        expect(milliseconds).toBeGreaterThanOrEqual(8000);
        moment = later;
      },
    },
  };
  const checked = await checkLocks(ports, Object.keys(now.owners));
  return { ...checked, recorded, asked };
};

describe('A lock without an execution', () => {
  it('is one whose execution does not run, now and a moment later', async () => {
    const { stuck, recorded } = await sweep({
      owners: { app: versionIdOf(ONE, 3), shop: versionIdOf(OTHER, 0), free: undefined },
      running: [OTHER],
    });
    expect(stuck).toEqual(['app']);
    expect(recorded).toEqual(['LockWithoutExecution 1']);
  });

  it.each(versionIdsOf(ONE).slice(0, 3))(
    'is none while its execution runs, by its version %s',
    async (id) => {
      const { stuck, recorded } = await sweep({ owners: { app: id }, running: [ONE] });
      expect(stuck).toEqual([]);
      expect(recorded).toEqual(['LockWithoutExecution 0']);
    },
  );

  it.each([
    ['it is released meanwhile', { app: undefined }, []],
    ['another execution takes it meanwhile', { app: versionIdOf(OTHER, 0) }, []],
    ['its execution is listed later', { app: versionIdOf(ONE, 0) }, [ONE]],
  ])('is none if %s', async (_what, owners, running) => {
    const { stuck, recorded } = await sweep(
      { owners: { app: versionIdOf(ONE, 0) }, running: [] },
      { owners, running },
    );
    expect(stuck).toEqual([]);
    expect(recorded).toEqual(['LockWithoutExecution 0']);
  });

  it('asks for no executions where nothing is locked', async () => {
    const { asked, recorded } = await sweep({ owners: { app: undefined, shop: undefined }, running: [] });
    expect(asked).toEqual(['app', 'shop']);
    expect(recorded).toEqual(['LockWithoutExecution 0']);
  });

  it('is looked for in the others, where one secret can not be looked at', async () => {
    const { stuck, unknown } = await sweep({
      owners: { gone: new Error('no'), app: versionIdOf(ONE, 0) },
      running: [],
    });
    expect(stuck).toEqual(['app']);
    expect(unknown).toEqual([{ secret: 'gone', error: 'Error' }]);
  });

  it('is not looked for further, and nothing is recorded, without a way to Secrets Manager', async () => {
    const none = new SecretsManagerUnavailableError('is there a route?');
    await expect(sweep({ owners: { app: none, shop: undefined }, running: [] })).rejects.toThrow(none);
  });
});

describe('The executions that run', () => {
  type Client = Parameters<typeof runningExecutions>[0];
  const clientWith = (send: (input: Record<string, unknown>) => Promise<unknown>) =>
    ({ send: (command: { input: Record<string, unknown> }) => send(command.input) }) as unknown as Client;

  it('are those of every machine and every page, and only those that run', async () => {
    const pages: Readonly<Record<string, object>> = {
      'one ': { executions: [{ executionArn: 'one:1' }, { executionArn: 'one:2' }], nextToken: 'more' },
      'one more': { executions: [{ executionArn: 'one:3' }] },
      'two ': { executions: [{ executionArn: 'two:1' }] },
    };
    const asked: unknown[] = [];
    const client = clientWith(async ({ stateMachineArn, nextToken, statusFilter }) => {
      asked.push(statusFilter);
      return pages[`${stateMachineArn} ${nextToken ?? ''}`];
    });
    expect((await runningExecutions(client, ['one', 'two'])()).sort()).toEqual([
      'one:1',
      'one:2',
      'one:3',
      'two:1',
    ]);
    expect(asked).toEqual(['RUNNING', 'RUNNING', 'RUNNING']);
  });

  it('are not said to be none, without a way to Step Functions', async () => {
    const client = clientWith(async () => {
      throw new TypeError('fetch failed');
    });
    await expect(runningExecutions(client, ['one'])()).rejects.toThrow(StepFunctionsUnavailableError);
  });
});
