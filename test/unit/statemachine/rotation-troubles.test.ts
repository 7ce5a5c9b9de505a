import { describe, expect, it } from 'vitest';
import { died, refused } from '../../support/crash-driver.ts';
import { READ_WRITE, ROOT } from '../../support/in-memory-database.ts';
import { newPassword } from '../../support/in-memory-secret-store.ts';
import { PortCalls, type PortCallsOptions } from '../../support/port-calls.ts';
import {
  executionArn,
  type MachineOptions,
  RecoveryMachine,
  RotationMachine,
  stoppedEvent,
} from '../../support/rotation-machine.ts';
import { checked, set } from '../../support/rotation-steps.ts';
import { ADMIN_SECRET, RotationWorld, SECRET } from '../../support/rotation-world.ts';
import { type Ending, TaskError } from '../../support/state-machine.ts';

/* The ways out of states that no single broken call leads to. */

const CLONE = { strategy: 'admin-clone', username: 'boss', roles: ROOT } as const;
const boss = (): RotationWorld => new RotationWorld({ username: 'boss', roles: ROOT });

interface Circumstances extends PortCallsOptions {
  readonly input?: Record<string, unknown>;
  readonly machine?: Omit<MachineOptions, 'calls'>;
}

const run = async (
  world: RotationWorld,
  { input, machine: options, ...circumstances }: Circumstances = {},
): Promise<{ ending: Ending; machine: RotationMachine; calls: PortCalls }> => {
  const calls = new PortCalls(circumstances);
  const machine = new RotationMachine(world, { calls, ...options });
  const ending = await machine.run(executionArn('one'), { secretId: SECRET, ...input });
  return { ending, machine, calls };
};

const recover = async (
  world: RotationWorld,
  { input = { secretId: SECRET }, machine: options, ...circumstances }: Circumstances = {},
): Promise<{ ending: Ending; machine: RecoveryMachine; calls: PortCalls }> => {
  const calls = new PortCalls(circumstances);
  const machine = new RecoveryMachine(world, { calls, ...options });
  return { ending: await machine.run(executionArn('two', 'recovery'), input), machine, calls };
};

const timesIn = ({ path }: Ending, state: string): number => path.filter((name) => name === state).length;

describe('a rotation whose retirement can’t be started', () => {
  it('has succeeded, and says that it does not know: an alarm rings, and no one is woken twice', async () => {
    const world = new RotationWorld(CLONE);
    const { ending, machine } = await run(world, { machine: { retirementIsGone: true } });
    expect(ending.status, ending.cause).toBe('SUCCEEDED');
    expect(ending.path.at(-1)).toBe('Rotated');
    expect(ending.output).toMatchObject({ outcome: 'rotated', user: 'boss_clone', retirement: 'unknown' });
    expect(machine.notices).toEqual([]);
    expect(world.endProblems()).toEqual([]);
  });

  it('has reverted all the same', async () => {
    const world = new RotationWorld({ ...CLONE, previous: { username: 'boss_clone', state: 'logs in' } });
    const input = { mode: 'revert' };
    const { ending, machine } = await run(world, { input, machine: { retirementIsGone: true } });
    expect(ending.status, ending.cause).toBe('SUCCEEDED');
    expect(ending.path.at(-1)).toBe('Reverted');
    expect(ending.output).toMatchObject({ outcome: 'reverted', retirement: 'unknown' });
    expect(machine.notices).toEqual([]);
    expect(world.endProblems()).toEqual([]);
  });
});

describe('a rotation whose retirement was started, and the answer got lost', () => {
  const REPLACED = { ...CLONE, previous: { username: 'boss_clone', state: 'logs in' } } as const;

  it.each([
    ['rotate', CLONE, 'Rotated'],
    ['revert', REPLACED, 'Reverted'],
  ] as const)('knows its execution, though that has ended since: mode %s', async (mode, options, end) => {
    let name = '';
    const startExecution = async (request: unknown) => {
      ({ Name: name } = request as { Name: string });
      throw new TaskError('StepFunctions.ExecutionAlreadyExistsException', 'it has ended');
    };
    const tasks = { 'arn:aws:states:::states:startExecution': startExecution };
    const { ending } = await run(new RotationWorld(options), { input: { mode }, machine: { tasks } });
    expect(ending.path.at(-1)).toBe(end);
    expect(ending.output).toMatchObject({ retirement: `RetirementStateMachineArn:${name}` });
  });
});

describe('a rotation through an admin secret that is being rotated', () => {
  it('waits until a version of it logs in', async () => {
    const world = new RotationWorld({ strategy: 'alternating-users', admin: true });
    const { password } = JSON.parse(
      world.store.valueOf(ADMIN_SECRET, world.store.holder(ADMIN_SECRET, 'AWSCURRENT') ?? '') ?? '{}',
    );
    world.database.addUser('root', newPassword(), ROOT, true);
    let calls = 0;
    const { ending } = await run(world, {
      turn: async () => {
        calls += 1;
        if (calls === 40) world.database.addUser('root', password, ROOT, true);
      },
    });
    expect(ending.status, ending.cause).toBe('SUCCEEDED');
    expect(world.endProblems()).toEqual([]);
  });
});

describe('a cluster that falls behind after the promotion', () => {
  it('is given the time to come back', async () => {
    const world = boss();
    let hasFallen = false;
    const { ending } = await run(world, {
      turn: async () => {
        const promoted = world.store.holder(SECRET, 'AWSCURRENT') !== world.current;
        if (!promoted || hasFallen) return;
        hasFallen = true;
        world.database.fallBehind(3);
      },
    });
    expect(ending.status, ending.cause).toBe('SUCCEEDED');
    expect(hasFallen).toBe(true);
    expect(world.endProblems()).toEqual([]);
  });
});

describe('compensation on a cluster that lags', () => {
  it('ends once every reader knows the old password again', async () => {
    const lagging = (): RotationWorld => {
      const world = boss();
      world.database.lag = 2;
      return world;
    };
    const { calls } = await run(lagging());
    const world = lagging();
    // The last login is one of CheckAfter.
    const call = calls.recorded.lastIndexOf('login') + 1;
    const fault = { call, when: 'before', error: refused } as const;
    const { ending } = await run(world, { faults: [fault] });
    expect(ending.error).toBe('RolledBack');
    expect(world.endProblems()).toEqual([]);
  });
});

describe('a verification', () => {
  it('that dies is tried again', async () => {
    const { ending } = await run(boss(), {
      input: { mode: 'verify' },
      faults: [{ call: 2, when: 'before', error: died }],
    });
    expect(ending.status, ending.cause).toBe('SUCCEEDED');
  });
});

describe('a recovery', () => {
  it('looks again where a reader takes minutes', async () => {
    const world = boss();
    world.database.fallBehind(15);
    const { ending } = await recover(world);
    expect(ending.status, ending.cause).toBe('SUCCEEDED');
    expect(timesIn(ending, 'WaitForNextAttempt')).toBeGreaterThan(0);
    expect(world.endProblems()).toEqual([]);
  });

  it('finds the password that came late, by another look', async () => {
    const world = new RotationWorld({ ...CLONE, previous: { username: 'boss', state: 'locked' } });
    const { password } = world.credentialOf(world.previous ?? '') ?? { password: '' };
    let looks = 0;
    const { ending } = await recover(world, {
      turn: async (method) => {
        // Once the recovery is content with AWSCURRENT, its check is under way.
        if (method === 'instances') looks += 1;
        if (looks === 1) world.database.addUser('boss', password, ROOT);
      },
    });
    expect(ending.status, ending.cause).toBe('SUCCEEDED');
    expect(world.store.holder(SECRET, 'AWSCURRENT')).toBe(world.previous);
    expect(world.endProblems()).toEqual([]);
  });

  // Another rotation once began beside a recovery, and the recovery waited for it while no one could log in.
  it('ends the outage though Secrets Manager has begun another rotation, of which it takes nothing', async () => {
    const world = boss();
    const { plan } = await set(world, 'rotate', executionArn('one'));
    const { token: other } = world.beginRotation();
    world.executions.set(executionArn('one'), { secretId: SECRET });
    const { ending } = await recover(world, { input: { ...stoppedEvent(executionArn('one'), {}) } });
    expect(ending.path.at(-1), ending.cause).toBe('Recovered');
    expect(world.store.labels(SECRET)).toMatchObject({
      AWSCURRENT: plan.pendingVersion,
      AWSPENDING: other,
      AWSPREVIOUS: world.current,
    });
    expect(world.store.holder(SECRET, 'docdb-rotation-owner')).toBeUndefined();
  });

  it('gives up after ten looks, and tells the operators', async () => {
    const world = boss();
    world.database.fallBehind(100_000);
    const { ending, machine } = await recover(world);
    expect(ending.error).toBe('RecoveryFailed');
    expect(timesIn(ending, 'RecoverSecret')).toBe(10);
    expect(machine.notices).toHaveLength(1);
  });

  it('that may not look whether AWSCURRENT logs in tells the operators, and keeps the lock', async () => {
    const { calls } = await recover(boss());
    const world = boss();
    const call = calls.recorded.lastIndexOf('login') + 1;
    const { ending, machine } = await recover(world, { faults: [{ call, when: 'before', error: refused }] });
    expect(ending.error).toBe('RecoveryFailed');
    expect(ending.cause).toMatch(
      /^CheckRecovered failed with DatabaseIncompatibleError: .* still has the lock/,
    );
    expect(machine.notices).toHaveLength(1);
    expect(world.store.holder(SECRET, 'docdb-rotation-owner')).toBeDefined();
  });

  it('that may not release the lock tells the operators what is true', async () => {
    const { calls } = await recover(boss());
    const fault = { call: calls.recorded.length, when: 'before', error: refused } as const;
    const { ending, machine } = await recover(boss(), { faults: [fault] });
    expect(ending.error).toBe('RecoveryFailed');
    expect(ending.cause).toMatch(
      /^ReleaseLock failed .*AWSCURRENT of shop\/app logs in, but this execution may still have the lock\./,
    );
    expect(JSON.stringify(machine.notices)).toContain('AWSCURRENT logs in, but the lock may still be held');
  });

  it('that may not even take the lock tells the operators what is true', async () => {
    const fault = { call: 1, when: 'before', error: refused } as const;
    const { ending, machine } = await recover(boss(), { faults: [fault] });
    expect(ending.cause).toMatch(/^TakeLock failed .* may not log in, and the lock may still be held\./);
    expect(JSON.stringify(machine.notices)).toContain(
      'AWSCURRENT may not log in, and the lock may still be held',
    );
  });

  it('ends as failed even if no one can be told', async () => {
    const world = boss();
    world.database.fallBehind(100_000);
    const { ending, machine } = await recover(world, { machine: { topicIsGone: true } });
    expect(ending.error).toBe('RecoveryFailed');
    expect(machine.notices).toEqual([]);
  });

  it('by the rule leaves a rotation alone that has the lock', async () => {
    const world = boss();
    const { plan } = await checked(world);
    const before = world.snapshot();
    world.executions.set(executionArn('one'), { secretId: SECRET });
    const { ending } = await recover(world, { input: { ...stoppedEvent(executionArn('one'), {}) } });
    expect(ending).toMatchObject({
      status: 'SUCCEEDED',
      output: { outcome: 'nothing-to-recover', secret: SECRET },
    });
    expect(ending.path.at(-1)).toBe('NothingToRecover');
    expect(world.snapshot()).toEqual(before);
    expect(world.store.holder(SECRET, 'docdb-rotation-owner')).toBe(plan.lockVersion);
  });
});

describe('a user whose readers know it with other roles', () => {
  it('is not promoted as long as they do', async () => {
    const world = boss();
    world.database.lag = 60;
    world.database.addUser('boss', world.credentialOf(world.current)?.password ?? '', READ_WRITE);
    const { ending } = await run(world);
    expect(ending.status).toBe('FAILED');
    expect(world.store.holder(SECRET, 'AWSCURRENT')).toBe(world.current);
  });
});
