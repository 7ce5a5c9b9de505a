import { describe, expect, it } from 'vitest';
import { refused } from '../../support/crash-driver.ts';
import { ROOT } from '../../support/in-memory-database.ts';
import { PortCalls } from '../../support/port-calls.ts';
import {
  executionArn,
  RecoveryMachine,
  RotationMachine,
  stoppedEvent,
} from '../../support/rotation-machine.ts';
import { RotationWorld, SECRET, type WorldOptions } from '../../support/rotation-world.ts';
import type { Ending } from '../../support/state-machine.ts';

/* Who loses the lock touches nothing more; who has it answers for the secret, also once it has failed. */

const OWNER = 'docdb-rotation-owner';
const SINGLE: WorldOptions = { username: 'boss', roles: ROOT };
const PAIR: WorldOptions = { strategy: 'alternating-users', admin: true };
const INPUT = { secretId: SECRET };
const CHANGES = new Set([
  'put',
  'moveLabel',
  'setTags',
  'newPassword',
  'createUser',
  'updateUser',
  'dropUser',
]);

const recover = (world: RotationWorld, input: object = INPUT): Promise<Ending> =>
  new RecoveryMachine(world, { calls: new PortCalls() }).run(executionArn('of-it', 'recovery'), input);

/** What the rotation has called so far, and what it is about to call. */
interface Call {
  readonly method: string;
  readonly earlier: readonly string[];
}

const timesIn = ({ method, earlier }: Call, name = method): number =>
  earlier.filter((each) => each === name).length + (method === name ? 1 : 0);

/** CheckBefore, TestSecret and CheckAfter each ask once for the instances. */
const isCheck =
  (number: number) =>
  (call: Call): boolean =>
    call.method === 'instances' && timesIn(call) === number;

const never = (): boolean => false;

/** A rotation, from which someone takes the lock at some call; what it changes afterwards. */
const robbed = async (
  options: WorldOptions,
  isMoment: (call: Call) => boolean,
  rob: (world: RotationWorld) => unknown,
  fails: (call: Call) => boolean = never,
) => {
  const world = new RotationWorld(options);
  const earlier: string[] = [];
  let robbedAt: number | undefined;
  const calls = new PortCalls({
    turn: async (method) => {
      const call = { method, earlier: [...earlier] };
      if (robbedAt === undefined && isMoment(call)) {
        robbedAt = earlier.length;
        await rob(world);
      }
      earlier.push(method);
      if (fails(call)) throw refused(method);
    },
  });
  const machine = new RotationMachine(world, { calls });
  const ending = await machine.run(executionArn('one'), INPUT);
  expect(robbedAt).toBeDefined();
  return { world, machine, ending, changes: earlier.slice(robbedAt).filter((method) => CHANGES.has(method)) };
};

const LATER_DESCRIBE = (call: Call): boolean =>
  call.method === 'describe' && timesIn(call, 'updateUser') === 2;

describe('a recovery by hand takes the lock from a rotation that runs,', () => {
  it.each<[string, WorldOptions, string, (call: Call) => boolean, (call: Call) => boolean]>([
    ['a single user’s before SetSecret', SINGLE, 'SetSecret', isCheck(1), never],
    ['a single user’s before FinishSecret', SINGLE, 'FinishSecret', isCheck(2), never],
    ['a single user’s that is about to be compensated', SINGLE, 'RestoreCredential', isCheck(3), isCheck(3)],
    ['a single user’s in the middle of compensation', SINGLE, 'RestoreLabels', LATER_DESCRIBE, isCheck(3)],
    ['a pair’s before SetSecret', PAIR, 'SetSecret', isCheck(1), never],
    ['a pair’s whose other user it drops', PAIR, 'RestoreCredential', isCheck(2), never],
    ['a pair’s that is about to be compensated', PAIR, 'RestoreCurrentLabel', isCheck(3), isCheck(3)],
  ])('%s: it touches nothing more', async (_whose, options, state, isMoment, fails) => {
    let recovered: Ending | undefined;
    let left: unknown;
    const { world, machine, ending, changes } = await robbed(
      options,
      isMoment,
      async (of) => {
        recovered = await recover(of);
        left = of.snapshot();
      },
      fails,
    );
    expect(recovered?.status, recovered?.cause).toBe('SUCCEEDED');
    expect(ending.path.at(-1)).toBe('Superseded');
    expect(ending.error).toBe('RotationSupersededError');
    expect(ending.cause).toMatch(
      new RegExp(
        `^${state} failed with RotationSupersededError: version .* has the lock no more: .*\\. This execution left everything as it was at that moment\\. A recovery answers for shop/app now: see the executions of the recovery machine.*#rotationsupersedederror$`,
      ),
    );
    expect(changes).toEqual([]);
    expect(world.snapshot()).toEqual(left);
    expect(machine.notices).toEqual([]);
    expect(world.endProblems()).toEqual([]);
  });
});

describe('a rotation of which someone took the owner label off by hand', () => {
  const takeOff = ({ store }: RotationWorld): boolean =>
    store.move(SECRET, OWNER, { from: store.holder(SECRET, OWNER) ?? '' });

  it.each<[string, WorldOptions, (call: Call) => boolean]>([
    ['a single user, before the database is touched', SINGLE, isCheck(1)],
    ['a single user, in its outage window', SINGLE, isCheck(2)],
    ['a pair, whose other user is there', PAIR, isCheck(2)],
  ])('of %s is superseded, and the recovery that follows answers', async (_whose, options, isMoment) => {
    const { world, ending, changes } = await robbed(options, isMoment, takeOff);
    expect(ending.path.at(-1)).toBe('Superseded');
    expect(changes).toEqual([]);

    const event = { ...stoppedEvent(executionArn('one'), INPUT, 'FAILED'), error: ending.error ?? '' };
    const recovered = await recover(world, event);
    expect(recovered.path.at(-1), recovered.cause).toBe('Recovered');
    expect(world.endProblems()).toEqual([]);
  });
});

describe('a rotation whose compensation is refused', () => {
  const failsAt = (check: number) => (call: Call) =>
    isCheck(check)(call) || (call.method === 'updateUser' && timesIn(call) > 1);

  const failedForGood = async (check: number) => {
    const world = new RotationWorld(SINGLE);
    const earlier: string[] = [];
    const calls = new PortCalls({
      turn: async (method) => {
        const call = { method, earlier: [...earlier] };
        earlier.push(method);
        if (failsAt(check)(call)) throw refused(method);
      },
    });
    const machine = new RotationMachine(world, { calls });
    return { world, machine, ending: await machine.run(executionArn('one'), INPUT) };
  };

  const again = (world: RotationWorld): Promise<Ending> =>
    new RotationMachine(world, { calls: new PortCalls() }).run(executionArn('next'), INPUT);

  it.each([2, 3])('at check %d: keeps the lock, and tells the operators what is true', async (check) => {
    const { world, machine, ending } = await failedForGood(check);
    expect(ending.path.at(-1)).toBe('RollbackFailed');
    expect(world.store.holder(SECRET, OWNER)).toBe(world.store.holder(SECRET, 'AWSPENDING'));
    expect(ending.cause).toMatch(
      /^RestoreCredential failed with DatabaseIncompatibleError: not understood\. Manual action required: AWSCURRENT of shop\/app may not log in, and this execution still has the lock\. Fix the cause above, then start the recovery machine with \{"secretId": "…"\}\. See .*#rollbackfailed$/,
    );
    expect(machine.notices).toMatchObject([
      {
        Subject: 'docdb-rotation: manual action required',
        Message: expect.stringMatching(
          /^Compensation of a failed rotation did not succeed for the secret shop\/app\. RestoreCredential failed with .*AWSCURRENT may not log in, and the lock is held\. Execution: arn:.*#rollbackfailed$/,
        ),
      },
    ]);
  });

  it.each([2, 3])('at check %d: no rotation begins, nor does a recovery by itself', async (check) => {
    const { world, ending } = await failedForGood(check);
    const left = world.snapshot();
    expect((await again(world)).error).toBe('RotationInProgressError');
    const event = { ...stoppedEvent(executionArn('one'), INPUT, 'FAILED'), error: ending.error ?? '' };
    expect((await recover(world, event)).path.at(-1)).toBe('NothingToRecover');
    world.executions.set(executionArn('another'), INPUT);
    const other = await recover(world, stoppedEvent(executionArn('another'), INPUT));
    expect(other.path.at(-1)).toBe('NothingToRecover');
    expect(world.snapshot()).toEqual(left);
  });

  it.each([2, 3])(
    'at check %d: is mended by a recovery by hand, and rotations begin again',
    async (check) => {
      const { world } = await failedForGood(check);
      const recovered = await recover(world);
      expect(recovered.path.at(-1), recovered.cause).toBe('Recovered');
      expect(world.endProblems()).toEqual([]);
      expect((await again(world)).status).toBe('SUCCEEDED');
    },
  );
});

describe('a rotation whose lock can’t be released', () => {
  it('tells the operators that AWSCURRENT logs in', async () => {
    const world = new RotationWorld(SINGLE);
    const calls = new PortCalls({
      turn: async (method) => {
        if (method === 'setTags') throw refused(method);
      },
    });
    const machine = new RotationMachine(world, { calls });
    const ending = await machine.run(executionArn('one'), INPUT);
    expect(ending.cause).toMatch(
      /^ReleaseLock failed with SecretsManagerRefusedError: not allowed\. Manual action required: AWSCURRENT of shop\/app logs in, but this execution may still have the lock\./,
    );
    expect(machine.notices).toMatchObject([
      {
        Message: expect.stringMatching(
          /^An execution could not release its lock of the secret shop\/app\. ReleaseLock failed .* AWSCURRENT logs in, but the lock may still be held\./,
        ),
      },
    ]);
    expect(world.logsIn(world.store.holder(SECRET, 'AWSCURRENT'))).toBe(true);
  });
});
