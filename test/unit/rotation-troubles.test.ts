import { describe, expect, it } from 'vitest';
import { died, refused } from '../helpers/crash-driver.ts';
import { READ_WRITE, ROOT } from '../helpers/in-memory-database.ts';
import { newPassword } from '../helpers/in-memory-secret-store.ts';
import { PortCalls, type PortCallsOptions } from '../helpers/port-calls.ts';
import {
  executionArn,
  RotationMachine,
  type RotationMachineOptions,
  stoppedEvent,
} from '../helpers/rotation-machine.ts';
import { set } from '../helpers/rotation-steps.ts';
import { ADMIN_SECRET, RotationWorld, SECRET } from '../helpers/rotation-world.ts';
import type { Ending } from '../helpers/state-machine.ts';

/* The ways out of states that no single broken call leads to. */

const CLONE = { strategy: 'admin-clone', username: 'boss', roles: ROOT } as const;
const boss = (): RotationWorld => new RotationWorld({ username: 'boss', roles: ROOT });

interface Circumstances extends PortCallsOptions {
  readonly input?: Record<string, unknown>;
  readonly machine?: Omit<RotationMachineOptions, 'calls'>;
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

const timesIn = ({ path }: Ending, state: string): number => path.filter((name) => name === state).length;

describe('a rotation whose retirement can’t be started', () => {
  it('has succeeded, and tells the operators whose power is left', async () => {
    const world = new RotationWorld(CLONE);
    const { ending, machine } = await run(world, { machine: { retirementIsGone: true } });
    expect(ending.status, ending.cause).toBe('SUCCEEDED');
    expect(JSON.stringify(machine.notices)).toContain('boss');
    expect(world.endProblems()).toEqual([]);
  });

  it('has succeeded even if nobody can be told', async () => {
    const world = new RotationWorld(CLONE);
    const { ending } = await run(world, { machine: { retirementIsGone: true, topicIsGone: true } });
    expect(ending.status, ending.cause).toBe('SUCCEEDED');
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

describe('a way back on a cluster that lags', () => {
  it('ends once every reader knows the old password again', async () => {
    const lagging = (): RotationWorld => {
      const world = boss();
      world.database.lag = 2;
      return world;
    };
    const { calls } = await run(lagging());
    const world = lagging();
    const fault = { call: calls.recorded.length, when: 'before', error: refused } as const;
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
  const input = { mode: 'recover' };

  it('looks again where a reader takes minutes', async () => {
    const world = boss();
    world.database.fallBehind(15);
    const { ending } = await run(world, { input });
    expect(ending.status, ending.cause).toBe('SUCCEEDED');
    expect(timesIn(ending, 'IsWorthAnotherLook')).toBeGreaterThan(0);
    expect(world.endProblems()).toEqual([]);
  });

  it('finds the password that came late, by another look', async () => {
    const world = new RotationWorld({ ...CLONE, previous: { username: 'boss', state: 'locked' } });
    const { password } = world.credentialOf(world.previous ?? '') ?? { password: '' };
    let looks = 0;
    const { ending } = await run(world, {
      input,
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

  it('waits for another rotation that has the lock, and ends the outage when that one gives up', async () => {
    const world = boss();
    const { plan } = await set(world);
    const { token: other } = world.beginRotation();
    let calls = 0;
    const machine = new RotationMachine(world, {
      calls: new PortCalls({
        turn: async () => {
          calls += 1;
          if (calls === 60) world.store.move(SECRET, 'AWSPENDING', { from: other });
        },
      }),
    });
    const event = stoppedEvent(executionArn('one'), { secretId: SECRET, token: plan.token });
    const ending = await machine.run(executionArn('two'), event);
    expect(ending.status, ending.cause).toBe('SUCCEEDED');
    expect(calls).toBeGreaterThan(60);
    expect(world.store.labels(SECRET)).toEqual({ AWSCURRENT: plan.token, AWSPREVIOUS: world.current });
    expect(world.endProblems()).toEqual([]);
  });

  it('gives up after ten looks, and tells the operators', async () => {
    const world = boss();
    world.database.fallBehind(100_000);
    const { ending, machine } = await run(world, { input });
    expect(ending.error).toBe('RecoveryFailed');
    expect(timesIn(ending, 'RecoverSecret')).toBe(10);
    expect(machine.notices).toHaveLength(1);
  });

  it('that may not look whether AWSCURRENT logs in tells the operators', async () => {
    const { calls } = await run(boss(), { input });
    const { ending, machine } = await run(boss(), {
      input,
      faults: [{ call: calls.recorded.length, when: 'before', error: refused }],
    });
    expect(ending.error).toBe('RecoveryFailed');
    expect(machine.notices).toHaveLength(1);
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
