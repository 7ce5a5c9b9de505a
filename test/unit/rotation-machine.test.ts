import { describe, expect, it } from 'vitest';
import { createSecret } from '../../functions/create-secret/create-secret.ts';
import { retireUser } from '../../functions/retire-user/retire-user.ts';
import { RetireUserInput } from '../../functions/shared/contract.ts';
import { refused } from '../helpers/crash-driver.ts';
import { definitionOf } from '../helpers/definitions.ts';
import { PORT, READ_WRITE, ROOT } from '../helpers/in-memory-database.ts';
import { newPassword } from '../helpers/in-memory-secret-store.ts';
import { PortCalls } from '../helpers/port-calls.ts';
import { executionArn, RotationMachine, stoppedEvent } from '../helpers/rotation-machine.ts';
import { created, portsOf } from '../helpers/rotation-steps.ts';
import { RotationWorld, SECRET } from '../helpers/rotation-world.ts';
import { type Ending, StateMachine } from '../helpers/state-machine.ts';

/* The whole machine, from its input to its end, over the project's own steps. */

const PAIR = { strategy: 'alternating-users', admin: true } as const;
const CLONE = { strategy: 'admin-clone', username: 'boss', roles: ROOT } as const;
const boss = () => new RotationWorld({ username: 'boss', roles: ROOT });

const lie = ({ database }: RotationWorld): void => {
  database.reported = [{ host: 'one.elsewhere.example.com', port: PORT }];
};

/** Each execution has a name of its own, from which its token is made. */
let executions = 0;

const run = async (
  world: RotationWorld,
  input: Record<string, unknown> = {},
): Promise<{ ending: Ending; machine: RotationMachine }> => {
  const machine = new RotationMachine(world, { calls: new PortCalls() });
  executions += 1;
  return {
    ending: await machine.run(executionArn(String(executions)), { secretId: SECRET, ...input }),
    machine,
  };
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

  it('is rolled back when the credential does not arrive within its time', async () => {
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
    ['that has nothing to roll back to', { mode: 'rollback' }, 'NothingToRollBackError'],
  ])(
    'of a secret %s is refused by the error’s own name, and nobody is woken',
    async (_what, input, error) => {
      const world = boss();
      const { ending, machine } = await run(world, input);
      expect(ending.error).toBe(error);
      expect(ending.cause).toContain(`#${error.toLowerCase()}`);
      expect(machine.notices).toEqual([]);
      expect(world.restoredProblems()).toEqual([]);
    },
  );

  // TestSecret found it in the middle of a single user's gap, and so did the check of the way back: RollbackFailed.
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

  // It once ended as RollbackFailed, and woke somebody, when the other one was faster by a moment.
  it('whose new version fails its check leaves that to another rotation that builds on it already', async () => {
    const world = boss();
    const tests: string[] = [];
    let other: string | undefined;
    const calls = new PortCalls({
      turn: async (method) => {
        if (method === 'instances') tests.push(method);
        // The third is that of CheckAfter.
        if (tests.length < 3 || other !== undefined) return;
        other = (await created(world)).token;
        throw refused(method);
      },
    });
    const machine = new RotationMachine(world, { calls });
    const ending = await machine.run(executionArn('one'), { secretId: SECRET });
    expect(ending.error).toBe('RotationSupersededError');
    expect(ending.cause).toMatch(/^CheckAfter failed /);
    expect(machine.notices).toEqual([]);
    expect(world.store.holder(SECRET, 'AWSPENDING')).toBe(other);
    expect(world.momentProblems()).toEqual([]);
  });

  it('that can’t be put back tells the operators, and keeps the password on record', async () => {
    const world = boss();
    // After SetSecret somebody sets yet another password: nobody gets in any more.
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
    expect(world.store.holder(SECRET, 'AWSPENDING')).toBeDefined();
    expect(world.leaks([ending.trail, machine.notices])).toEqual([]);
  });
});

describe('a rotation of Secrets Manager that failed', () => {
  it('can be tried again with the same token', async () => {
    const world = new RotationWorld({ admin: true });
    const { token, rotationToken } = world.beginRotation();
    const input = { secretId: SECRET, token, mode: 'rotate', startedBy: 'secrets-manager' } as const;
    await createSecret({ secrets: world.store.port() }, input, rotationToken);
    const admin = world.database.user('root')?.password ?? '';
    world.database.addUser('root', newPassword(), ROOT, true);
    expect((await run(world, { token })).ending.error).toBe('RolledBack');

    world.database.addUser('root', admin, ROOT, true);
    await createSecret({ secrets: world.store.port() }, input, rotationToken);
    expect((await run(world, { token })).ending.status).toBe('SUCCEEDED');
    expect(world.endProblems()).toEqual([]);
  });

  it('only verifies when it had succeeded after all', async () => {
    const world = boss();
    const { ending: first } = await run(world);
    const { version } = first.output as { version: string };
    const { ending } = await run(world, { token: version });
    expect(ending.output).toMatchObject({ outcome: 'verified' });
  });
});

describe('a rollback', () => {
  it('after a rotation makes everything as it was before it', async () => {
    const world = new RotationWorld({
      username: 'boss',
      roles: ROOT,
      previous: { username: 'boss', state: 'locked' },
    });
    await run(world);
    const { ending } = await run(world, { mode: 'rollback' });
    expect(ending.output).toMatchObject({ outcome: 'rolled-back-to-previous' });
    expect(world.store.holder(SECRET, 'AWSCURRENT')).toBe(world.current);
    expect(world.endProblems()).toEqual([]);
  });

  it('of a rollback is a way forward again', async () => {
    const world = boss();
    const { ending: rotated } = await run(world);
    await run(world, { mode: 'rollback' });
    await run(world, { mode: 'rollback' });
    const { version } = rotated.output as { version: string };
    expect(world.store.holder(SECRET, 'AWSCURRENT')).toBe(version);
    expect(world.endProblems()).toEqual([]);
  });

  it('is refused once the strategy was changed: it would change a user that the strategy does not mean', async () => {
    const world = new RotationWorld(PAIR);
    await run(world);
    const rotated = world.snapshot();
    world.store.setTag(SECRET, 'docdb-rotation:strategy', 'single-user');
    const { ending } = await run(world, { mode: 'rollback' });
    expect(ending.error).toBe('PendingVersionMismatchError');
    expect(world.snapshot()).toEqual(rotated);
  });
});

describe('a retirement', () => {
  /** The input that the rotation hands over, if it starts one. */
  const handedOver = (machine: RotationMachine): unknown =>
    machine.retirements.map((request) => (request as { Input: unknown }).Input)[0];

  const retire = async (world: RotationWorld, input: unknown): Promise<Ending> => {
    const tasks = {
      RetireUserFunctionArn: async (argument: unknown) => {
        const { execution: _, ...rest } = argument as Record<string, unknown>;
        return await retireUser(portsOf(world), RetireUserInput.parse(rest));
      },
    };
    return await new StateMachine(definitionOf('retirement'), tasks).run(executionArn('retirement'), input);
  };

  it.each([
    ['alternating-users', { ...PAIR, predecessor: 'lock' }],
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

  it('after a rollback takes the user that was rolled back from', async () => {
    const world = new RotationWorld({ ...CLONE, previous: { username: 'boss_clone', state: 'logs in' } });
    const { machine } = await run(world, { mode: 'rollback' });
    await retire(world, handedOver(machine));
    expect(world.logsIn(world.current)).toBe(false);
    expect(world.endProblems()).toEqual([]);
  });

  it('does not begin where the predecessor is to be kept, nor for a single user', async () => {
    const single = new RotationWorld({ username: 'boss', roles: ROOT, predecessor: 'delete' });
    for (const world of [new RotationWorld(PAIR), single]) {
      const { machine } = await run(world);
      expect(machine.retirements).toEqual([]);
    }
  });

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

  it('fails by the error’s own name when it does not log in, and nobody is woken', async () => {
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
    await run(world);
    const machine = new RotationMachine(world, { calls: new PortCalls() });
    const ending = await machine.run(
      executionArn('two'),
      stoppedEvent(executionArn('one'), { secretId: SECRET }),
    );
    expect(ending.output).toMatchObject({ outcome: 'nothing-to-do' });
  });

  it('tells the operators when nobody logs in', async () => {
    const world = boss();
    world.database.addUser('boss', newPassword(), READ_WRITE);
    const { ending, machine } = await run(world, { mode: 'recover' });
    expect(ending.error).toBe('RecoveryFailed');
    expect(machine.notices).toHaveLength(1);
  });

  it('through the admin mends that', async () => {
    const world = new RotationWorld({ admin: true });
    world.database.addUser('app', newPassword(), READ_WRITE);
    const { ending } = await run(world, { mode: 'recover', resetThroughAdmin: true });
    expect(ending.status, ending.cause).toBe('SUCCEEDED');
    expect(world.restoredProblems()).toEqual([]);
  });
});
