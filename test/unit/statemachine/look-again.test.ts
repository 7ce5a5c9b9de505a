import { describe, expect, it } from 'vitest';
import {
  DatabaseUnavailableError,
  SecretsManagerUnavailableError,
} from '../../../functions/contract/errors.ts';
import { TRANSIENT_CODES } from '../../../functions/database/transient-codes.ts';
import { died, refused } from '../../support/crash-driver.ts';
import { type PlantedError, ROOT } from '../../support/in-memory-database.ts';
import { newPassword } from '../../support/in-memory-secret-store.ts';
import { PortCalls } from '../../support/port-calls.ts';
import { executionArn, RecoveryMachine, RotationMachine } from '../../support/rotation-machine.ts';
import { RotationWorld, SECRET, secretText, type WorldOptions } from '../../support/rotation-world.ts';
import type { Ending } from '../../support/state-machine.ts';

/* Errors after which it is unknown what the database did, or will do: compensation looks again before it says RolledBack. */

const SINGLE: WorldOptions = { username: 'boss', roles: ROOT };
const PAIR: WorldOptions = { strategy: 'alternating-users', admin: true };
const INPUT = { secretId: SECRET };

/** Of a forward step: the first attempt and its seven retries. */
const ATTEMPTS = 8;

interface Circumstances {
  readonly turn?: (method: string) => Promise<unknown>;
  readonly wait?: (state: string) => Promise<void>;
}

const run = async (world: RotationWorld, { turn, wait }: Circumstances = {}) => {
  const calls = new PortCalls(turn === undefined ? {} : { turn });
  const machine = new RotationMachine(world, { calls, ...(wait === undefined ? {} : { wait }) });
  return { machine, ending: await machine.run(executionArn('one'), INPUT) };
};

const timesIn = ({ path }: Ending, state: string): number => path.filter((name) => name === state).length;

const expectRestored = (world: RotationWorld, { error, cause }: Ending): void => {
  expect(error, cause).toBe('RolledBack');
  expect(world.endProblems()).toEqual([]);
  expect(world.restoredProblems()).toEqual([]);
};

describe('a change of the database that comes late', () => {
  it.each<[string, WorldOptions, PlantedError]>([
    ['a single user’s password', SINGLE, { command: 'updateUser', applied: 'late', times: ATTEMPTS }],
    ['a pair’s new user', PAIR, { command: 'createUser', applied: 'late', times: ATTEMPTS }],
  ])('is put right before the rotation ends: %s', async (_what, options, planted) => {
    const world = new RotationWorld(options);
    world.database.failWith(planted);
    let before: unknown;
    let after: unknown;
    const { ending } = await run(world, {
      wait: async (state) => {
        if (state !== 'WaitForDrain') return;
        before = world.snapshot();
        world.database.applyLateChanges();
        after = world.snapshot();
      },
    });
    // Else this would show nothing.
    expect(after).not.toEqual(before);
    expect(ending.cause).toMatch(
      /^SetSecret failed with DatabaseUnavailableError: .* Everything is as before: /,
    );
    // The pending version is gone: what remains to be done is about the cause, and about nothing else.
    expect(ending.cause).toMatch(
      / logs in on every instance\. Fix the cause above and start again\. See \S+#rolledback$/,
    );
    expect(timesIn(ending, 'WaitForDrain')).toBe(1);
    expectRestored(world, ending);
  });

  it('is waited for where it is compensation’s own', async () => {
    const world = new RotationWorld(SINGLE);
    let checks = 0;
    const { ending } = await run(world, {
      turn: async (method) => {
        if (method !== 'instances' || ++checks !== 3) return;
        world.database.failWith({ command: 'updateUser', applied: { afterCalls: 2 } });
        throw refused(method);
      },
    });
    expectRestored(world, ending);
  });
});

const OWNER = 'docdb-rotation-owner';

describe('a change that was repeated, and succeeded', () => {
  it('keeps the lock until what was sent first has come, and is looked at again', async () => {
    const world = new RotationWorld(SINGLE);
    world.database.failWith({ command: 'updateUser', applied: 'late', times: 1 });
    const holders: (string | undefined)[] = [];
    const { ending } = await run(world, {
      wait: async (state) => {
        if (state !== 'WaitForDrain') return;
        holders.push(world.store.holder(SECRET, OWNER));
        world.database.applyLateChanges();
      },
    });
    expect(ending.path.slice(ending.path.indexOf('CheckAfter'))).toEqual([
      ...['CheckAfter', 'ReleaseLock', 'ChooseEnd', 'WaitForDrain', 'ChooseCompensation'],
      ...['CheckAfter', 'ReleaseLock', 'ChooseEnd', 'Rotated'],
    ]);
    expect(holders).toEqual([expect.any(String)]);
    expect(world.endProblems()).toEqual([]);
  });

  it('has a recovery look again, which always waits for the drain first', async () => {
    const world = new RotationWorld({ admin: true, resettableUser: 'app' });
    world.database.addUser('app', newPassword(), []);
    world.database.failWith({ command: 'updateUser', applied: 'late', times: 1 });
    const machine = new RecoveryMachine(world, {
      calls: new PortCalls(),
      wait: async (state) => {
        if (state === 'WaitForDrain') world.database.applyLateChanges();
      },
    });
    const ending = await machine.run(executionArn('two', 'recovery'), { ...INPUT, resetThroughAdmin: true });
    expect(ending.path.slice(ending.path.indexOf('TakeLock'))).toEqual([
      ...['TakeLock', 'WaitForDrain', 'RecoverSecret', 'CheckRecovered', 'LookAgain'],
      ...['WaitForDrain', 'RecoverSecret', 'CheckRecovered', 'LookAgain', 'ReleaseLock', 'Recovered'],
    ]);
    expect(world.endProblems()).toEqual([]);
  });

  it('is waited for three times at the most', async () => {
    const world = new RotationWorld(SINGLE);
    let checks = 0;
    const { ending } = await run(world, {
      turn: async (method) => {
        if (method === 'instances' && ++checks === 3) {
          world.database.failWith({ command: 'login', code: 91, times: 1 });
          throw refused(method);
        }
      },
      wait: async () => {
        world.database.failWith({ command: 'login', code: 91, times: 1 });
      },
    });
    expect(timesIn(ending, 'WaitForDrain')).toBe(3);
    expectRestored(world, ending);
  });
});

/** CheckAfter fails for good. */
const failing = async (
  error: () => Error,
  attempts = ATTEMPTS,
): Promise<{ world: RotationWorld; ending: Ending }> => {
  const world = new RotationWorld(SINGLE);
  let checks = 0;
  let failures = 0;
  const { ending } = await run(world, {
    turn: async (method) => {
      if (method === 'instances') checks += 1;
      if (checks < 3 || failures >= attempts) return;
      failures += 1;
      throw error();
    },
  });
  return { world, ending };
};

describe('compensation', () => {
  it.each([
    ['DatabaseUnavailableError', () => new DatabaseUnavailableError('no answer')],
    ['SecretsManagerUnavailableError', () => new SecretsManagerUnavailableError('no answer')],
    ['Runtime.ExitError', died],
    ...['States.Timeout', 'Lambda.Unknown', 'Lambda.SdkClientException', 'Sandbox.Timedout'].map(
      (name): [string, () => Error] => [name, () => Object.assign(died(), { name })],
    ),
  ])('waits for the drain and looks again after %s, once', async (name, error) => {
    const { world, ending } = await failing(error);
    expectRestored(world, ending);
    expect(ending.cause).toContain(name.startsWith('Runtime') ? 'CheckAfter failed' : name);
    expect(ending.path.slice(ending.path.indexOf('RestoreCredential'))).toEqual([
      ...['RestoreCredential', 'RestoreLabels', 'CheckRestored', 'LookAgain', 'WaitForDrain'],
      ...[
        'ChooseCompensation',
        'RestoreCredential',
        'RestoreLabels',
        'CheckRestored',
        'LookAgain',
        'ReleaseLock',
      ],
      ...['ChooseEnd', 'RolledBack'],
    ]);
  });

  it('waits for nothing after an error that leaves no doubt', async () => {
    const { world, ending } = await failing(() => refused('login'), 1);
    expectRestored(world, ending);
    expect(timesIn(ending, 'WaitForDrain')).toBe(0);
    expect(timesIn(ending, 'RestoreCredential')).toBe(1);
  });

  it('looks again where someone writes AWSCURRENT just before the check, and lets what logs in stay', async () => {
    const world = new RotationWorld(SINGLE);
    let checks = 0;
    let written: string | undefined;
    const { ending } = await run(world, {
      turn: async (method) => {
        if (method === 'instances') checks += 1;
        if (checks === 3 && method === 'instances') throw refused(method);
        // The next AWSCURRENT that is read is that of CheckRestored.
        if (checks !== 3 || method !== 'readCurrent' || written !== undefined) return;
        const password = newPassword();
        world.database.addUser('boss', password, ROOT);
        written = world.store.putByHand(SECRET, secretText({ username: 'boss', password }));
      },
    });
    expect(ending.error, ending.cause).toBe('RolledBack');
    expect(timesIn(ending, 'CheckRestored')).toBe(2);
    expect(written).toBeDefined();
    expect(world.store.holder(SECRET, 'AWSCURRENT')).toBe(written);
    expect(ending.cause).toContain(
      `. What this rotation did is undone: AWSCURRENT of shop/app (version ${written}) logs in on every instance. Someone made it AWSCURRENT meanwhile, and it stays, since it logs in.`,
    );
    expect(ending.cause).not.toContain('as before');
    expect(world.endProblems()).toEqual([]);
  });

  it('says which version it moved AWSCURRENT back from, where what someone wrote does not log in', async () => {
    const world = new RotationWorld(SINGLE);
    let checks = 0;
    let written: string | undefined;
    const { ending } = await run(world, {
      turn: async (method) => {
        if (method === 'instances') checks += 1;
        if (checks !== 2 || method !== 'moveLabel' || written !== undefined) return;
        written = world.store.putByHand(SECRET, secretText({ username: 'boss', password: newPassword() }));
      },
    });
    expect(ending.error, ending.cause).toBe('RolledBack');
    expect(ending.cause).toMatch(
      new RegExp(
        `^FinishSecret failed with CurrentChangedError: .* Everything is as before: AWSCURRENT of shop/app \\(version ${world.current}\\) logs in on every instance\\. Version ${written}, which someone made AWSCURRENT meanwhile, does not log in and is AWSPREVIOUS now\\.`,
      ),
    );
    expect(world.store.holder(SECRET, 'AWSPREVIOUS')).toBe(written);
    expect(world.endProblems()).toEqual([]);
  });

  it('gives up after four looks at an instance that never learns, and tells the operators', async () => {
    const world = new RotationWorld(SINGLE);
    let checks = 0;
    const { ending, machine } = await run(world, {
      turn: async (method) => {
        if (method === 'instances' && ++checks === 3) {
          world.database.lag = 100_000;
          throw refused(method);
        }
      },
    });
    expect(ending.error).toBe('RollbackFailed');
    expect(timesIn(ending, 'CheckRestored')).toBe(4);
    expect(machine.notices).toHaveLength(1);
    expect(world.store.holder(SECRET, 'docdb-rotation-owner')).toBeDefined();
  });
});

describe('an error that the database server calls transient', () => {
  const codes = Object.entries(TRANSIENT_CODES).map(([code, name]): [string, number] => [
    String(name),
    Number(code),
  ]);

  it.each(codes)('%s (%d): the change is made by the next attempt', async (_name, code) => {
    const world = new RotationWorld(SINGLE);
    world.database.failWith({ command: 'updateUser', code, times: 3 });
    const { ending } = await run(world);
    expect(ending.status, ending.cause).toBe('SUCCEEDED');
    expect(world.endProblems()).toEqual([]);
  });

  it.each(codes)('%s (%d) while compensating: the password is put back', async (_name, code) => {
    const world = new RotationWorld(SINGLE);
    let checks = 0;
    const { ending } = await run(world, {
      turn: async (method) => {
        if (method !== 'instances' || ++checks !== 3) return;
        world.database.failWith({ command: 'updateUser', code, times: 3 });
        throw refused(method);
      },
    });
    expectRestored(world, ending);
  });

  it.each(codes)('%s (%d) in a recovery: it does not give up', async (_name, code) => {
    const world = new RotationWorld({ admin: true, resettableUser: 'app' });
    world.database.addUser('app', newPassword(), []);
    world.database.failWith({ command: 'updateUser', code, times: 30 });
    const machine = new RecoveryMachine(world, { calls: new PortCalls() });
    const ending = await machine.run(executionArn('two', 'recovery'), { ...INPUT, resetThroughAdmin: true });
    expect(ending.path.at(-1), ending.cause).toBe('Recovered');
    expect(world.endProblems()).toEqual([]);
  });
});
