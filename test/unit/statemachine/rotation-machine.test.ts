import { describe, expect, it } from 'vitest';
import { RotationInProgressError } from '../../../functions/contract/errors.ts';
import { RETIREMENT_POLICIES } from '../../../functions/contract/strategy.ts';
import { OWNER } from '../../../functions/secret/labels.ts';
import { refused } from '../../support/crash-driver.ts';
import { PORT, READ_WRITE, ROOT } from '../../support/in-memory-database.ts';
import { newPassword, newVersionId } from '../../support/in-memory-secret-store.ts';
import { PortCalls } from '../../support/port-calls.ts';
import {
  executionArn,
  RecoveryMachine,
  RetirementMachine,
  RotationMachine,
  stoppedEvent,
} from '../../support/rotation-machine.ts';
import { begunByService, created } from '../../support/rotation-steps.ts';
import { RotationWorld, SECRET, secretText } from '../../support/rotation-world.ts';
import type { Ending } from '../../support/state-machine.ts';

/* The whole machine, from its input to its end, over the project's own steps. */

const PAIR = { strategy: 'alternating-users', admin: true } as const;
const CLONE = { strategy: 'admin-clone', username: 'boss', roles: ROOT } as const;
const boss = () => new RotationWorld({ username: 'boss', roles: ROOT });

const lie = ({ database }: RotationWorld): void => {
  database.reported = [{ host: 'one.elsewhere.example.com', port: PORT }];
};

/** Each execution has a name of its own, from which the ids of its versions are made. */
let executions = 0;

const nextName = (): string => {
  executions += 1;
  return String(executions);
};

const run = async (
  world: RotationWorld,
  input: Record<string, unknown> = {},
  arn = executionArn(nextName()),
): Promise<{ ending: Ending; machine: RotationMachine }> => {
  const machine = new RotationMachine(world, { calls: new PortCalls() });
  return { ending: await machine.run(arn, { secretId: SECRET, ...input }), machine };
};

const recover = async (
  world: RotationWorld,
  input: object = { secretId: SECRET },
): Promise<{ ending: Ending; machine: RecoveryMachine }> => {
  const machine = new RecoveryMachine(world, { calls: new PortCalls() });
  return { ending: await machine.run(executionArn(nextName(), 'recovery'), input), machine };
};

describe('a rotation', () => {
  it('succeeds at once on a cluster that is fast: it waits for nothing', async () => {
    const { ending } = await run(boss());
    expect(ending.output).toMatchObject({
      outcome: 'rotated',
      strategy: 'single-user',
      user: 'boss',
      instances: 3,
    });
    expect(ending.path).not.toContain('WaitForPropagation');
  });

  it('waits as long as it takes for a cluster that is slow', async () => {
    const world = boss();
    world.database.lag = 4;
    const { ending } = await run(world);
    expect(ending.status).toBe('SUCCEEDED');
    expect(ending.path.filter((state) => state === 'WaitForPropagation').length).toBeGreaterThan(2);
    expect(world.endProblems()).toEqual([]);
  });

  it('is compensated when the credential does not arrive within its time', async () => {
    const world = boss();
    world.database.lag = 60;
    const { ending } = await run(world);
    expect(ending.error).toBe('RolledBack');
    expect(ending.cause).toMatch(/TestSecret failed with CredentialNotPropagatedError/);
    expect(world.endProblems()).toEqual([]);
    expect(world.restoredProblems()).toEqual([]);
  });

  it('says in its cause what happened, how the world is and what to do, and no password', async () => {
    const world = new RotationWorld();
    const { ending } = await run(world);
    expect(ending.error).toBe('RolledBack');
    expect(ending.cause).toMatch(
      /SetSecret failed with AdminSecretRequiredError: .* AWSCURRENT .* logs in .*#rolledback/,
    );
    expect(world.leaks(ending.trail)).toEqual([]);
  });

  it('that finds another one running ends without a trace', async () => {
    const world = boss();
    await created(world);
    const before = world.snapshot();
    const { ending } = await run(world);
    expect(ending.error).toBe('RotationInProgressError');
    expect(world.snapshot()).toEqual(before);
  });

  it.each([
    ['that does not exist', { secretId: 'nothing' }, 'SecretNotRotatableError'],
    ['that has nothing to roll back to', { mode: 'revert' }, 'NothingToRevertError'],
  ])(
    'of a secret %s is refused by the error’s own name, and no one is woken',
    async (_what, input, error) => {
      const world = boss();
      const { ending, machine } = await run(world, input);
      expect(ending.error).toBe(error);
      expect(ending.cause).toContain(`#${error.toLowerCase()}`);
      expect(machine.notices).toEqual([]);
      expect(world.restoredProblems()).toEqual([]);
    },
  );

  // TestSecret found it in the middle of a single user's outage window, and so did the check of the compensation: RollbackFailed.
  it.each<[string, (world: RotationWorld) => void, string]>([
    ['is outside the cluster’s domain', lie, 'InstanceNotTrustedError'],
    ['is away', ({ database }) => database.loseReader(), 'DatabaseUnavailableError'],
  ])(
    'on a cluster of which an instance %s is refused before anything changes',
    async (_what, harm, error) => {
      const world = boss();
      harm(world);
      const { ending, machine } = await run(world);
      expect(ending.error).toBe(error);
      expect(ending.cause).toMatch(/^CheckBefore failed with .* Nothing was changed\./);
      expect(machine.notices).toEqual([]);
      expect(world.restoredProblems()).toEqual([]);
    },
  );

  it('can be repeated, back and forth', async () => {
    const world = new RotationWorld(PAIR);
    for (const _time of ['once', 'twice', 'three times']) {
      expect((await run(world)).ending.status).toBe('SUCCEEDED');
      expect(world.endProblems()).toEqual([]);
    }
    expect(world.database.usernames()).toEqual(['app', 'app_clone', 'root']);
  });

  // Another one once began on the promoted version, and compensation then met it.
  it('keeps the lock until its new version has passed its check: no other begins on it', async () => {
    const world = boss();
    const tests: string[] = [];
    let other: unknown;
    const calls = new PortCalls({
      turn: async (method) => {
        if (method === 'instances') tests.push(method);
        // The third is that of CheckAfter.
        if (tests.length < 3 || other !== undefined) return;
        other = await created(world).catch((error: unknown) => error);
        throw refused(method);
      },
    });
    const machine = new RotationMachine(world, { calls });
    const ending = await machine.run(executionArn('one'), { secretId: SECRET });
    expect(other).toBeInstanceOf(RotationInProgressError);
    expect(ending.error).toBe('RolledBack');
    expect(ending.cause).toMatch(/^CheckAfter failed /);
    expect(machine.notices).toEqual([]);
    expect(world.endProblems()).toEqual([]);
    expect(world.restoredProblems()).toEqual([]);
  });

  it('that can’t be put back tells the operators, and keeps the password on record', async () => {
    const world = boss();
    // After SetSecret someone sets yet another password: no one gets in any more.
    let isSet = false;
    const calls = new PortCalls({
      turn: async (method) => {
        if (isSet && method === 'instances') world.database.addUser('boss', newPassword(), ROOT);
        isSet ||= method === 'updateUser';
      },
    });
    const machine = new RotationMachine(world, { calls });
    const ending = await machine.run(executionArn('one'), { secretId: SECRET });
    expect(ending.error).toBe('RollbackFailed');
    expect(machine.notices).toHaveLength(1);
    const pending = world.store.holder(SECRET, 'AWSPENDING');
    expect(pending).toBeDefined();
    expect(world.store.holder(SECRET, 'docdb-rotation-owner')).toBe(pending);
    expect(world.leaks([ending.trail, machine.notices])).toEqual([]);
  });
});

describe('a rotation of Secrets Manager', () => {
  it('that failed can be tried again with the same token', async () => {
    const world = new RotationWorld({ admin: true });
    const rotation = world.beginRotation();
    const [first, second] = [executionArn('of-the-token-1'), executionArn('of-the-token-2')];
    const token = await begunByService(world, first, rotation);
    const admin = world.database.user('root')?.password ?? '';
    world.database.addUser('root', newPassword(), ROOT, true);
    expect((await run(world, { token }, first)).ending.error).toBe('RolledBack');

    world.database.addUser('root', admin, ROOT, true);
    await begunByService(world, second, rotation);
    const { ending } = await run(world, { token }, second);
    expect(ending.output).toMatchObject({ outcome: 'rotated', version: token });
    expect(world.endProblems()).toEqual([]);
  });

  it.each([
    ['of a version that is AWSCURRENT', (world: RotationWorld) => world.current],
    ['that it was not started for', (world: RotationWorld) => world.beginRotation().token],
  ])('is refused with a token %s: someone copied an input', async (_what, tokenOf) => {
    const world = boss();
    const token = tokenOf(world);
    const { ending, machine } = await run(world, { token });
    expect(ending.error).toBe('UnknownTokenError');
    expect(ending.cause).toMatch(/^CreateSecret failed with .*Nothing was changed\./);
    expect(machine.notices).toEqual([]);
    expect(world.store.holder(SECRET, 'AWSCURRENT')).toBe(world.current);
    expect(world.store.holder(SECRET, 'docdb-rotation-owner')).toBeUndefined();
  });
});

describe('a revert', () => {
  it('after a rotation makes everything as it was before it', async () => {
    const world = new RotationWorld({
      username: 'boss',
      roles: ROOT,
      previous: { username: 'boss', state: 'locked' },
    });
    await run(world);
    const { ending } = await run(world, { mode: 'revert' });
    expect(ending.output).toMatchObject({ outcome: 'reverted' });
    expect(ending.path.at(-1)).toBe('Reverted');
    expect(world.store.holder(SECRET, 'AWSCURRENT')).toBe(world.current);
    expect(world.endProblems()).toEqual([]);
  });

  it('of a revert is a forward path again', async () => {
    const world = boss();
    const { ending: rotated } = await run(world);
    await run(world, { mode: 'revert' });
    await run(world, { mode: 'revert' });
    const { version } = rotated.output as { version: string };
    expect(world.store.holder(SECRET, 'AWSCURRENT')).toBe(version);
    expect(world.endProblems()).toEqual([]);
  });

  it.each([
    ['single-user', { username: 'boss', roles: ROOT }],
    ['alternating-users', PAIR],
    ['admin-clone', CLONE],
  ] as const)(
    'of %s goes back from the value of another user, who logs in with other roles',
    async (_, options) => {
      const world = new RotationWorld(options);
      const { ending: rotated } = await run(world);
      const password = newPassword();
      world.database.addUser('other', password, [{ role: 'read', db: 'shop' }]);
      world.store.putByHand(SECRET, secretText({ username: 'other', password }));
      const { users } = world.snapshot();
      const { ending, machine } = await run(world, { mode: 'revert' });
      expect(ending.path.at(-1), ending.cause).toBe('Reverted');
      expect(world.store.holder(SECRET, 'AWSCURRENT')).toBe((rotated.output as { version: string }).version);
      expect(world.snapshot().users).toEqual(users);
      expect(machine.retirements).toEqual([]);
    },
  );

  it('changes no user once the strategy was changed: it is none that the strategy means', async () => {
    const world = new RotationWorld(PAIR);
    await run(world);
    const { users, logsIn } = world.snapshot();
    world.store.setTag(SECRET, 'docdb-rotation:strategy', 'single-user');
    const { ending, machine } = await run(world, { mode: 'revert' });
    expect(ending.path.at(-1), ending.cause).toBe('Reverted');
    expect(world.store.holder(SECRET, 'AWSCURRENT')).toBe(world.current);
    expect(world.snapshot()).toMatchObject({ users, logsIn });
    expect(machine.retirements).toEqual([]);
  });

  it('is refused then, if that user does not log in any more', async () => {
    const world = new RotationWorld(PAIR);
    await run(world);
    world.store.setTag(SECRET, 'docdb-rotation:strategy', 'single-user');
    world.database.addUser('app', newPassword(), READ_WRITE);
    const rotated = world.snapshot();
    const { ending } = await run(world, { mode: 'revert' });
    expect(ending.error).toBe('RolledBack');
    expect(world.snapshot()).toMatchObject({ users: rotated.users, logsIn: rotated.logsIn });
    expect(world.store.holder(SECRET, 'AWSCURRENT')).toBe(rotated.labels.AWSCURRENT);
  });

  // The one who may write the secret would have given a user of theirs the roles of this one, through the admin secret.
  it('never goes to the user of someone who put a value of theirs into AWSPREVIOUS, though it logs in', async () => {
    const world = new RotationWorld(PAIR);
    const password = newPassword();
    world.database.addUser('mallory', password, []);
    world.store.addVersion(SECRET, ['AWSPREVIOUS'], secretText({ username: 'mallory', password }));
    const { ending } = await run(world, { mode: 'revert' });
    expect(ending.error).toBe('UntrustedVersionError');
    expect(world.database.user('mallory')?.roles).toEqual([]);
    expect(world.store.holder(SECRET, 'AWSCURRENT')).toBe(world.current);
  });
});

describe('a retirement', () => {
  /** The input that the rotation hands over, if it starts one. */
  const handedOver = (machine: RotationMachine): unknown =>
    machine.retirements.map((request) => (request as { Input: unknown }).Input)[0];

  const retire = (world: RotationWorld, input: unknown, calls = new PortCalls()): Promise<Ending> =>
    new RetirementMachine(world, { calls }).run(executionArn(nextName(), 'retirement'), input);

  it.each([
    ['alternating-users', { ...PAIR, retirementPolicy: 'lock' }],
    ['admin-clone', CLONE],
  ] as const)('of %s takes exactly what the rotation hands over', async (_strategy, options) => {
    const world = new RotationWorld(options);
    const { ending, machine } = await run(world);
    expect(ending.output).toMatchObject({ retirement: expect.any(String) });
    const retired = await retire(world, handedOver(machine));
    expect(retired.status, retired.cause).toBe('SUCCEEDED');
    expect(world.logsIn(world.current)).toBe(false);
    expect(world.endProblems()).toEqual([]);
  });

  it('after a revert takes the user that was left', async () => {
    const world = new RotationWorld({ ...CLONE, previous: { username: 'boss_clone', state: 'logs in' } });
    const { ending, machine } = await run(world, { mode: 'revert' });
    expect(ending.path.at(-1)).toBe('Reverted');
    expect(ending.output).toMatchObject({ outcome: 'reverted', retirement: expect.any(String) });
    await retire(world, handedOver(machine));
    expect(world.logsIn(world.current)).toBe(false);
    expect(world.endProblems()).toEqual([]);
  });

  /** A retirement that drops its user, and what happens before one of its calls, counted from 1. */
  const retireMeeting = async (turn: (world: RotationWorld, call: number) => Promise<void>) => {
    const world = new RotationWorld({ ...CLONE, retirementPolicy: 'delete' });
    const { machine } = await run(world);
    let call = 0;
    const calls = new PortCalls({ turn: () => turn(world, ++call) });
    return { world, retired: await retire(world, handedOver(machine), calls) };
  };

  const recover = (world: RotationWorld): Promise<Ending> =>
    new RecoveryMachine(world, { calls: new PortCalls() }).run(executionArn(nextName(), 'recovery'), {
      secretId: SECRET,
    });

  it('that a recovery took the lock from, at whatever moment, is made after that', async () => {
    let wasReached = true;
    for (let moment = 1; wasReached; moment++) {
      wasReached = false;
      const { world, retired } = await retireMeeting(async (met, call) => {
        if (call !== moment) return;
        wasReached = true;
        expect({ moment, status: (await recover(met)).status }).toEqual({ moment, status: 'SUCCEEDED' });
      });
      const { status, cause } = retired;
      expect({ moment, status, cause }).toEqual({ moment, status: 'SUCCEEDED' });
      expect({ moment, boss: world.database.user('boss') }).toEqual({ moment, boss: undefined });
      expect((await run(world)).ending.status).toBe('SUCCEEDED');
      expect(world.endProblems()).toEqual([]);
    }
  });

  it('that someone took the lock from by a value, at whatever moment, is made after a recovery', async () => {
    let wasReached = true;
    for (let moment = 1; wasReached; moment++) {
      wasReached = false;
      const { world, retired } = await retireMeeting(async (met, call) => {
        if (call === moment) {
          wasReached = true;
          const value = secretText({ username: 'boss', password: newPassword() });
          met.store.putWithId(SECRET, newVersionId(), value, [OWNER]);
        }
        // The retirement waits for the lock by then.
        if (call === moment + 40) await recover(met);
      });
      expect({ moment, output: retired.output }).toMatchObject({ moment, output: { outcome: 'deleted' } });
      expect({ moment, boss: world.database.user('boss') }).toEqual({ moment, boss: undefined });
    }
  });

  it('does not begin where the predecessor is to be kept, nor for a single user', async () => {
    const single = new RotationWorld({ username: 'boss', roles: ROOT, retirementPolicy: 'delete' });
    for (const world of [new RotationWorld(PAIR), single]) {
      const { machine } = await run(world);
      expect(machine.retirements).toEqual([]);
    }
  });

  it.each(RETIREMENT_POLICIES.filter((policy) => policy !== 'keep'))(
    'takes the policy %s',
    async (policy) => {
      const world = new RotationWorld(CLONE);
      const { machine } = await run(world);
      const input = { ...(handedOver(machine) as object), policy };
      expect((await retire(world, input)).status).toBe('SUCCEEDED');
    },
  );

  it.each([
    [{}],
    [{ policy: 'keep' }],
    [{ strategy: 'single-user' }],
    [{ graceSeconds: '3600' }],
    [{ version: 7 }],
    [{ extra: 1 }],
  ])('refuses an input with %j', async (keys) => {
    const world = new RotationWorld(CLONE);
    const { machine } = await run(world);
    const input = Object.keys(keys).length === 0 ? {} : { ...(handedOver(machine) as object), ...keys };
    expect((await retire(world, input)).path).toEqual(['CheckInput', 'InvalidInput']);
    expect(world.logsIn(world.current)).toBe(true);
  });
});

describe('a verification', () => {
  it('proves that AWSCURRENT logs in, and changes nothing', async () => {
    const world = boss();
    const { ending } = await run(world, { mode: 'verify' });
    expect(ending.output).toMatchObject({ outcome: 'verified', user: 'boss', instances: 3 });
    expect(world.restoredProblems()).toEqual([]);
  });

  it('fails by the error’s own name when it does not log in, and no one is woken', async () => {
    const world = boss();
    world.database.addUser('boss', newPassword(), ROOT);
    const { ending, machine } = await run(world, { mode: 'verify' });
    expect(ending.error).toBe('CredentialNotPropagatedError');
    expect(machine.notices).toEqual([]);
  });
});

describe('a recovery', () => {
  it('has nothing to do after an execution that had ended its work', async () => {
    const world = boss();
    const arn = executionArn(nextName());
    await run(world, {}, arn);
    const { ending } = await recover(world, stoppedEvent(arn, { secretId: SECRET }));
    expect(ending.output).toMatchObject({ outcome: 'nothing-to-do' });
    expect(world.endProblems()).toEqual([]);
  });

  it('tells the operators when no one logs in, and keeps the lock', async () => {
    const world = boss();
    world.database.addUser('boss', newPassword(), READ_WRITE);
    const { ending, machine } = await recover(world);
    expect(ending.error).toBe('RecoveryFailed');
    expect(machine.notices).toHaveLength(1);
    await expect(created(world)).rejects.toThrow(RotationInProgressError);
  });

  it('through the admin mends that, and takes the lock from the recovery that failed', async () => {
    const world = new RotationWorld({ admin: true, resettableUser: 'app' });
    world.database.addUser('app', newPassword(), READ_WRITE);
    expect((await recover(world)).ending.error).toBe('RecoveryFailed');
    const { ending } = await recover(world, { secretId: SECRET, resetThroughAdmin: true });
    expect(ending.status, ending.cause).toBe('SUCCEEDED');
    expect(ending.output).toMatchObject({ recovery: { passwordReset: true } });
    expect(world.restoredProblems()).toEqual([]);
  });
});
