import { describe, expect, it } from 'vitest';
import {
  InvalidInputError,
  InvalidSecretError,
  PendingVersionMismatchError,
  RotationFailedError,
  RotationInProgressError,
  RotationStillRunningError,
  UnknownTokenError,
  UntrustedVersionError,
} from '../../../../functions/contract/errors.ts';
import { BEGUN_TAG } from '../../../../functions/contract/tags.ts';
import type { Execution, Executions } from '../../../../functions/rotation-trigger/executions.ts';
import {
  parseRotationEvent,
  type RotationEvent,
  rotationTrigger,
  type TriggerPorts,
} from '../../../../functions/rotation-trigger/rotation-trigger.ts';
import { executionName, executionNameBefore02 } from '../../../../functions/secret/execution-name.ts';
import { asWritten, recordOf } from '../../../../functions/secret/proven.ts';
import { versionIdOf } from '../../../../functions/secret/version-ids.ts';
import { FakeClock } from '../../../support/fake-clock.ts';
import { newPassword, newVersionId } from '../../../support/in-memory-secret-store.ts';
import {
  count,
  openGate,
  PortCalls,
  type PortCallsOptions,
  ProcessDiedError,
} from '../../../support/port-calls.ts';
import { executionArn, RotationMachine } from '../../../support/rotation-machine.ts';
import { created } from '../../../support/rotation-steps.ts';
import { RotationWorld, SECRET, secretText } from '../../../support/rotation-world.ts';

const DEADLINE = 100_000;
const OWNER = 'docdb-rotation-owner';

/** Step Functions, of which every execution ends when the clock has gone on long enough. */
class InMemoryExecutions implements Executions {
  readonly started: { name: string; input: Record<string, unknown> }[] = [];
  readonly executions = new Map<string, Execution>();

  async start(name: string, input: object): Promise<Execution> {
    const existing = this.executions.get(name);
    if (existing !== undefined) return existing;
    this.started.push({ name, input: { ...input } });
    const execution = { arn: this.arnOf(name), name, status: 'RUNNING', input: JSON.stringify(input) };
    this.executions.set(name, execution);
    return execution;
  }

  async find(name: string): Promise<Execution | undefined> {
    return this.executions.get(name);
  }

  arnOf(name: string): string {
    return executionArn(name);
  }

  link(executionArn: string): string {
    return `https://console/${executionArn}`;
  }

  /** Ends whatever runs, but releases nothing. */
  end(status: string, failure: Partial<Execution> = {}): void {
    for (const [name, execution] of this.executions) {
      if (execution.status === 'RUNNING') this.executions.set(name, { ...execution, status, ...failure });
    }
  }
}

interface Scene {
  readonly world: RotationWorld;
  readonly executions: InMemoryExecutions;
  readonly ports: TriggerPorts;
  readonly rotation: { token: string; rotationToken: string };
  readonly calls: PortCalls;
  /** What happens while the trigger sleeps. */
  onSleep: () => unknown;
  readonly slept: readonly number[];
}

const scene = (calls: PortCallsOptions = {}): Scene => {
  const world = new RotationWorld({ previous: { username: 'app', state: 'locked' } });
  const executions = new InMemoryExecutions();
  const rotation = world.beginRotation();
  const clock = new FakeClock();
  const portCalls = new PortCalls(calls);
  const made: Scene = {
    world,
    executions,
    rotation,
    calls: portCalls,
    slept: clock.slept,
    onSleep: () => {},
    ports: {
      secrets: world.store.port(portCalls.process()),
      executions,
      days: new Map(),
      clock: {
        now: clock.now,
        sleep: async (milliseconds) => {
          await clock.sleep(milliseconds);
          await made.onSleep();
        },
      },
    },
  };
  return made;
};

const call = ({ world, ports, rotation }: Scene, Step: RotationEvent['Step']): Promise<void> =>
  rotationTrigger(
    ports,
    {
      Step,
      SecretId: world.secretArn,
      ClientRequestToken: rotation.token,
      ...(Step === 'createSecret' ? { RotationToken: rotation.rotationToken } : {}),
    },
    DEADLINE,
  );

/** What each execution does at its end. */
const release = ({ world: { store } }: Scene): void => {
  const owner = store.holder(SECRET, OWNER);
  if (owner !== undefined) store.move(SECRET, OWNER, { from: owner });
};

/** The clock begins with the first day of all. */
const DAY = '19700101';

const attemptName = (
  { world, rotation }: Pick<Scene, 'world' | 'rotation'>,
  attempt: number,
  day = DAY,
): string => executionName('rotate', { secretArn: world.secretArn, token: rotation.token, day }, attempt);

/** The ids of the versions of the attempt of that number. */
const ownVersion = (rig: Scene, attempt: number, number = 0, day = DAY): string =>
  versionIdOf(executionArn(attemptName(rig, attempt, day)), number);

const promote = ({ world, rotation }: Scene): void =>
  void world.store.move(SECRET, 'AWSCURRENT', { from: world.current, to: rotation.token });

describe('the trigger’s createSecret', () => {
  it('writes the pending version and starts one execution for it', async () => {
    const rig = scene();
    await call(rig, 'createSecret');
    expect(rig.executions.started).toHaveLength(1);
    expect(rig.executions.started[0]?.input).toEqual({
      secretId: rig.world.secretArn,
      token: rig.rotation.token,
    });
    expect(rig.world.credentialOf(rig.rotation.token)?.username).toBe('app');
  });

  it('never hands the RotationToken or a password on', async () => {
    const rig = scene();
    await call(rig, 'createSecret');
    expect(rig.world.leaks(rig.executions.started)).toEqual([]);
  });

  it('finds the running execution when it comes again', async () => {
    const rig = scene();
    await call(rig, 'createSecret');
    await call(rig, 'createSecret');
    expect(rig.executions.started).toHaveLength(1);
  });

  it('starts nothing more after a success', async () => {
    const rig = scene();
    await call(rig, 'createSecret');
    rig.executions.end('SUCCEEDED');
    release(rig);
    promote(rig);
    const labels = rig.world.store.labels(SECRET);
    await call(rig, 'createSecret');
    expect(rig.executions.started).toHaveLength(1);
    expect(rig.world.store.labels(SECRET)).toEqual(labels);
  });

  it('does not take what promoted nothing for its own, though it has the name and succeeded', async () => {
    const rig = scene();
    const taken = attemptName(rig, 1);
    const input = { secretId: rig.world.secretArn, token: rig.rotation.token, mode: 'check' };
    await rig.executions.start(taken, input);
    rig.executions.end('SUCCEEDED');
    await call(rig, 'createSecret');
    expect(rig.executions.started.map(({ name }) => name)).toEqual([taken, attemptName(rig, 2)]);
  });

  it.each(['FAILED', 'TIMED_OUT', 'ABORTED'])(
    'starts the next attempt, under the next name, after %s',
    async (status) => {
      const rig = scene();
      await call(rig, 'createSecret');
      rig.executions.end(status);
      release(rig);
      await call(rig, 'createSecret');
      const names = rig.executions.started.map(({ name }) => name);
      expect(names).toHaveLength(2);
      expect(new Set(names).size).toBe(2);
    },
  );

  it('fails for a token that names no version, and starts nothing', async () => {
    const rig = scene();
    const stranger = { ...rig, rotation: { ...rig.rotation, token: newVersionId() } };
    await expect(call(stranger, 'createSecret')).rejects.toThrow(UnknownTokenError);
    expect(rig.executions.started).toEqual([]);
  });

  it('leaves neither AWSPENDING nor the lock behind when it refuses the secret', async () => {
    const rig = scene();
    rig.world.store.setTag(SECRET, 'docdb-rotation:strategy', 'dance');
    await expect(call(rig, 'createSecret')).rejects.toThrow(InvalidSecretError);
    expectNothingLeft(rig);
  });

  it('starts an execution that gets to its end', async () => {
    const world = new RotationWorld({ admin: true });
    const rig = { ...scene(), world, rotation: world.beginRotation() };
    await call({ ...rig, ports: { ...rig.ports, secrets: world.store.port() } }, 'createSecret');
    const [{ name, input } = { name: '', input: {} }] = rig.executions.started;
    const ending = await new RotationMachine(world, { calls: new PortCalls() }).run(
      executionArn(name),
      input,
    );
    expect(ending.status, ending.cause).toBe('SUCCEEDED');
    expect(world.endProblems()).toEqual([]);
  });
});

/** Another rotation may begin. */
const expectNothingLeft = ({ world, executions, rotation }: Scene): void => {
  expect(executions.started).toEqual([]);
  expect(world.store.holder(SECRET, 'AWSPENDING')).not.toBe(rotation.token);
  expect(world.store.holder(SECRET, OWNER)).toBeUndefined();
};

describe('the trigger takes the lock', () => {
  it('for the execution that it is about to start, by a marker that names the pending version', async () => {
    const rig = scene();
    await call(rig, 'createSecret');
    const owner = rig.world.store.holder(SECRET, OWNER);
    expect(owner).toBe(ownVersion(rig, 1));
    expect(JSON.parse(rig.world.store.valueOf(SECRET, owner ?? '') ?? '')).toEqual({
      'docdb-rotation': {
        execution: executionArn(rig.executions.started[0]?.name ?? ''),
        pending: [rig.rotation.token],
      },
    });
    expect(rig.world.store.holder(SECRET, 'AWSPENDING')).toBe(rig.rotation.token);
  });

  it('before it writes the value', async () => {
    const writtenBy: (string | undefined)[] = [];
    const rig = scene({
      watch: () => {
        if (rig.world.store.valueOf(SECRET, rig.rotation.token) !== undefined)
          writtenBy.push(rig.world.store.holder(SECRET, OWNER));
      },
    });
    await call(rig, 'createSecret');
    expect(new Set(writtenBy)).toEqual(new Set([ownVersion(rig, 1)]));
  });

  it('and waits for the one who has it, ever more gently', async () => {
    const rig = scene();
    const other = 'f'.repeat(32);
    rig.world.store.addVersionWithId(SECRET, other, [OWNER], '{}');
    rig.onSleep = () => {
      if (rig.slept.length !== 8) return;
      expect(rig.world.store.valueOf(SECRET, rig.rotation.token)).toBeUndefined();
      rig.world.store.move(SECRET, OWNER, { from: other });
    };
    await call(rig, 'createSecret');
    expect(rig.slept.slice(0, 5)).toEqual([500, 1000, 2000, 4000, 5000]);
    expect(rig.executions.started).toHaveLength(1);
    expect(rig.world.store.holder(SECRET, OWNER)).toBe(ownVersion(rig, 1));
  });

  it('but not beyond its deadline: Secrets Manager tries again, and nothing was written', async () => {
    const rig = scene();
    const other = 'f'.repeat(32);
    rig.world.store.addVersionWithId(SECRET, other, [OWNER], '{}');
    const failure = call(rig, 'createSecret');
    await expect(failure).rejects.toThrow(RotationInProgressError);
    await expect(failure).rejects.toThrow(/has the lock \(version f+\) of .*start the recovery machine/);
    expect(rig.slept.reduce((sum, each) => sum + each, 0)).toBeLessThanOrEqual(DEADLINE);
    expect(rig.executions.started).toEqual([]);
    expect(rig.world.store.valueOf(SECRET, rig.rotation.token)).toBeUndefined();
    // Secrets Manager's record of its rotation stays.
    expect(rig.world.store.holder(SECRET, 'AWSPENDING')).toBe(rig.rotation.token);
    expect(rig.world.store.holder(SECRET, OWNER)).toBe(other);
  });

  it('and waits for one that takes it at that very moment', async () => {
    let taken: string | undefined;
    const rig = scene({
      turn: async (method) => {
        if (method !== 'moveLabel' || taken !== undefined) return;
        taken = rig.world.store.addVersion(SECRET, [OWNER], '{}');
      },
    });
    rig.onSleep = () => {
      if (rig.slept.length === 15) release(rig);
    };
    await call(rig, 'createSecret');
    expect(rig.slept.length).toBeGreaterThanOrEqual(15);
    expect(rig.executions.started).toHaveLength(1);
  });

  it('once: a call that comes again before the start goes on with what it has', async () => {
    const rig = scene();
    const start = rig.executions.start.bind(rig.executions);
    rig.executions.start = () => Promise.reject(new Error('Step Functions is away'));
    await expect(call(rig, 'createSecret')).rejects.toThrow('Step Functions is away');
    const value = rig.world.store.valueOf(SECRET, rig.rotation.token);
    rig.executions.start = start;
    await call(rig, 'createSecret');
    expect(rig.executions.started).toHaveLength(1);
    expect(rig.world.store.valueOf(SECRET, rig.rotation.token)).toBe(value);
    expect(rig.world.store.holder(SECRET, OWNER)).toBe(ownVersion(rig, 1));
  });
});

describe('the value of the pending version', () => {
  const proven = async ({ world }: Scene) => recordOf(await world.store.port().describe(SECRET));

  it('is recorded as this function’s own', async () => {
    const rig = scene();
    await call(rig, 'createSecret');
    expect((await proven(rig))[0]).toBe(asWritten(rig.rotation.token));
  });

  it('is used by the next attempt, and not written again', async () => {
    const rig = scene();
    await call(rig, 'createSecret');
    const value = rig.world.store.valueOf(SECRET, rig.rotation.token);
    rig.executions.end('FAILED');
    release(rig);
    await call(rig, 'createSecret');
    expect(rig.world.store.valueOf(SECRET, rig.rotation.token)).toBe(value);
    expect(rig.world.store.holder(SECRET, OWNER)).toBe(ownVersion(rig, 2));
  });

  it('is not used if someone else wrote it, and nothing is left behind', async () => {
    const rig = scene();
    const { store } = rig.world;
    store.move(SECRET, 'AWSPENDING', { from: rig.rotation.token });
    const token = store.addVersion(
      SECRET,
      ['AWSPENDING'],
      secretText({ username: 'app', password: newPassword() }),
    );
    const planted = { ...rig, rotation: { ...rig.rotation, token } };
    const failure = call(planted, 'createSecret');
    await expect(failure).rejects.toThrow(UntrustedVersionError);
    await expect(failure).rejects.toThrow(/AWSPENDING was taken off it; rotate the secret again/);
    expectNothingLeft(planted);
    expect(await proven(rig)).not.toContain(token);
  });

  it('is not used if someone else writes it at that very moment', async () => {
    const rig = scene({
      turn: async (method) => {
        if (method !== 'put' || count(rig.calls, 'put') === 0) return;
        await rig.world.store.port().put({
          secretArn: SECRET,
          token: rig.rotation.token,
          value: secretText({ username: 'app', password: newPassword() }),
          label: 'AWSPENDING',
          rotationToken: rig.rotation.rotationToken,
        });
      },
    });
    await expect(call(rig, 'createSecret')).rejects.toThrow(UntrustedVersionError);
    expectNothingLeft(rig);
    expect(await proven(rig)).not.toContain(rig.rotation.token);
  });

  it('is not used if it is for another cluster by now', async () => {
    const rig = scene();
    await call(rig, 'createSecret');
    rig.executions.end('FAILED');
    release(rig);
    const moved = secretText({ username: 'app', password: newPassword(), host: 'other.example.com' });
    rig.world.store.addVersion(SECRET, ['AWSCURRENT'], moved);
    rig.executions.started.length = 0;
    await expect(call(rig, 'createSecret')).rejects.toThrow(PendingVersionMismatchError);
    expectNothingLeft(rig);
  });

  it('is not written into a version that is not in rotation', async () => {
    const rig = scene();
    const { token } = rig.rotation;
    rig.world.store.move(SECRET, 'AWSPENDING', { from: token });
    const withoutProof = rotationTrigger(
      rig.ports,
      { Step: 'createSecret', SecretId: rig.world.secretArn, ClientRequestToken: token },
      DEADLINE,
    );
    await expect(withoutProof).rejects.toThrow(UnknownTokenError);
    expectNothingLeft(rig);
    expect(rig.world.store.valueOf(SECRET, token)).toBeUndefined();
  });

  it('is only checked where a recovery has made it AWSCURRENT: the lock is released', async () => {
    const rig = scene();
    await call(rig, 'createSecret');
    rig.executions.end('ABORTED');
    release(rig);
    promote(rig);
    await call(rig, 'createSecret');
    expect(rig.executions.started.map(({ input }) => input).at(-1)).toEqual({
      secretId: rig.world.secretArn,
      token: rig.rotation.token,
      mode: 'verify',
    });
    expect(rig.world.store.holder(SECRET, OWNER)).toBeUndefined();
    await expect(created(rig.world)).resolves.toMatchObject({ outcome: 'created' });
  });
});

describe.each(['setSecret', 'testSecret', 'finishSecret'] as const)('the trigger’s %s', (step) => {
  it('waits for the execution, and returns once AWSCURRENT is on the version', async () => {
    const rig = scene();
    await call(rig, 'createSecret');
    rig.onSleep = () => {
      if (rig.slept.length < 3) return;
      rig.executions.end('SUCCEEDED');
      promote(rig);
    };
    await call(rig, step);
    expect(rig.slept).toHaveLength(3);
  });

  it('polls ever more gently, but at least every five seconds', async () => {
    const rig = scene();
    await call(rig, 'createSecret');
    rig.onSleep = () => {
      if (rig.slept.length === 9) rig.executions.end('FAILED');
    };
    await call(rig, step).catch(() => undefined);
    expect(rig.slept).toEqual([...rig.slept].sort((one, other) => one - other));
    expect(rig.slept[0]).toBe(500);
    expect(rig.slept.at(-1)).toBe(5000);
  });

  it.each(['FAILED', 'TIMED_OUT', 'ABORTED'])(
    'fails when it ends as %s, with its error, its cause and its link',
    async (status) => {
      const rig = scene();
      await call(rig, 'createSecret');
      rig.executions.end(status, { error: 'RolledBack', cause: 'TestSecret failed' });
      const failure = call(rig, step);
      await expect(failure).rejects.toThrow(RotationFailedError);
      await expect(failure).rejects.toThrow(
        new RegExp(`${status}.*RolledBack.*TestSecret failed.*https://console/`),
      );
    },
  );

  it('gives up before Lambda ends it, and leaves the execution running', async () => {
    const rig = scene();
    await call(rig, 'createSecret');
    await expect(call(rig, step)).rejects.toThrow(RotationStillRunningError);
    expect(rig.slept.reduce((sum, each) => sum + each, 0)).toBeLessThanOrEqual(DEADLINE);
    expect([...rig.executions.executions.values()].map(({ status }) => status)).toEqual(['RUNNING']);
  });

  it('looks at the latest attempt', async () => {
    const rig = scene();
    await call(rig, 'createSecret');
    rig.executions.end('FAILED');
    release(rig);
    await call(rig, 'createSecret');
    rig.executions.end('SUCCEEDED');
    promote(rig);
    await expect(call(rig, step)).resolves.toBeUndefined();
  });
});

describe('an execution that Step Functions does not find yet, right after its start', () => {
  /** Hides the attempt of that number for the first few questions. */
  const hide = (rig: Scene, attempt: number, questions: number): void => {
    const hidden = attemptName(rig, attempt);
    const find = rig.executions.find.bind(rig.executions);
    let left = questions;
    rig.executions.find = async (name) => {
      if (name !== hidden || left === 0) return await find(name);
      left -= 1;
      return undefined;
    };
  };

  it.each([1, 4])('is waited for by setSecret, after %i answers without it', async (questions) => {
    const rig = scene();
    await call(rig, 'createSecret');
    hide(rig, 1, questions);
    rig.executions.end('SUCCEEDED');
    await expect(call(rig, 'setSecret')).resolves.toBeUndefined();
  });

  it.each([1, 4])(
    'is not taken for the failed attempt before it, after %i answers without it',
    async (questions) => {
      const rig = scene();
      await call(rig, 'createSecret');
      rig.executions.end('FAILED', { error: 'RolledBack' });
      release(rig);
      await call(rig, 'createSecret');
      hide(rig, 2, questions);
      rig.executions.end('SUCCEEDED');
      await expect(call(rig, 'setSecret')).resolves.toBeUndefined();
    },
  );

  it('is waited for some seconds only, where the attempt before it has failed', async () => {
    const rig = scene();
    await call(rig, 'createSecret');
    rig.executions.end('FAILED', { error: 'RolledBack' });
    await expect(call(rig, 'setSecret')).rejects.toThrow(/RolledBack/);
    expect(rig.slept.reduce((sum, each) => sum + each, 0)).toBeLessThan(12_000);
  });
});

describe('an execution that succeeded, but of whose version someone else has taken AWSCURRENT', () => {
  it.each(['testSecret', 'finishSecret'] as const)('is no success for %s', async (step) => {
    const rig = scene();
    await call(rig, 'createSecret');
    rig.executions.end('SUCCEEDED');
    await expect(call(rig, step)).rejects.toThrow(RotationFailedError);
  });

  // Secrets Manager believes the last step.
  it('is not asked for by setSecret, which asks nothing of Secrets Manager', async () => {
    const rig = scene();
    await call(rig, 'createSecret');
    rig.executions.end('SUCCEEDED');
    const earlier = rig.calls.recorded.length;
    await call(rig, 'setSecret');
    expect(rig.calls.recorded).toHaveLength(earlier);
  });
});

describe('the trigger without a createSecret before', () => {
  it.each(['setSecret', 'finishSecret'] as const)('fails for %s: it would not know of what', async (step) => {
    await expect(call(scene(), step)).rejects.toThrow(RotationFailedError);
  });

  it('checks the secret for a lone testSecret: RotateImmediately is false', async () => {
    const rig = scene();
    rig.onSleep = () => rig.executions.end('SUCCEEDED');
    await call(rig, 'testSecret');
    const { token } = rig.rotation;
    expect(rig.executions.started.map(({ input }) => input)).toEqual([
      { secretId: rig.world.secretArn, token, mode: 'check' },
    ]);
  });

  it('fails for a lone testSecret whose check fails', async () => {
    const rig = scene();
    rig.onSleep = () => rig.executions.end('FAILED', { error: 'NotReadyError' });
    await expect(call(rig, 'testSecret')).rejects.toThrow(/NotReadyError/);
  });

  it('fails for a token that names no version, whatever the step', async () => {
    const rig = scene();
    const stranger = { ...rig, rotation: { ...rig.rotation, token: newVersionId() } };
    for (const step of ['setSecret', 'testSecret', 'finishSecret'] as const)
      await expect(call(stranger, step)).rejects.toThrow(UnknownTokenError);
  });
});

describe('an event', () => {
  const event = {
    Step: 'createSecret',
    SecretId: SECRET,
    ClientRequestToken: 't'.repeat(36),
    RotationToken: newPassword(),
  };

  it('of Secrets Manager is understood, also with keys that it may get one day', () => {
    expect(parseRotationEvent({ ...event, New: 1 })).toEqual(event);
  });

  it.each([
    [undefined],
    [null],
    ['createSecret'],
    [{}],
    [{ ...event, Step: 'dance' }],
    [{ ...event, SecretId: '' }],
    [{ ...event, ClientRequestToken: 'short' }],
    [{ ...event, ClientRequestToken: undefined }],
    [{ ...event, RotationToken: { secret: event.RotationToken } }],
  ])('that is none of Secrets Manager’s fails, and the RotationToken is not in the message', (input) => {
    const failure = () => parseRotationEvent(input);
    expect(failure).toThrow(InvalidInputError);
    expect(failure).not.toThrow(new RegExp(event.RotationToken));
  });
});

describe('the name of an execution', () => {
  const arn = (name: string) => `arn:aws:secretsmanager:eu-central-1:111122223333:secret:${name}`;
  const token = 't'.repeat(64);
  const rotation = { secretArn: arn('shop/app-a1b2c3'), token, day: '20260131' };

  it.each([['shop/app-a1b2c3'], ['x'.repeat(500)], ['ünï cödé/+=.@-'], ['']])(
    'for "%s" is one that Step Functions takes',
    (name) => {
      for (const mode of ['rotate', 'check'] as const)
        expect(executionName(mode, { ...rotation, secretArn: arn(name) }, 999)).toMatch(
          /^[A-Za-z0-9_-]{1,80}$/,
        );
    },
  );

  it('says secret, mode and day, and ends with the number of the attempt', () => {
    expect(executionName('rotate', rotation, 1)).toMatch(/^shop-app-a1b2c3-rotate-20260131-[0-9a-f]{24}-1$/);
    expect(executionName('check', rotation, 1)).toMatch(/^shop-app-a1b2c3-check-20260131-[0-9a-f]{24}-1$/);
  });

  it('is the same for the same attempt, and another for another mode, token, day, attempt or secret', () => {
    const names = [
      executionName('rotate', rotation, 1),
      executionName('check', rotation, 1),
      executionName('rotate', rotation, 2),
      executionName('rotate', { ...rotation, token: `${token.slice(1)}u` }, 1),
      executionName('rotate', { ...rotation, day: '20260201' }, 1),
      executionName('rotate', { ...rotation, secretArn: arn('two') }, 1),
      executionName(
        'rotate',
        { ...rotation, secretArn: rotation.secretArn.replace('eu-central-1', 'eu-west-1') },
        1,
      ),
      executionNameBefore02(rotation, 1),
    ];
    expect(new Set(names).size).toBe(names.length);
    expect(executionName('rotate', rotation, 1)).toBe(names[0]);
  });
});

describe('the day in the name of an execution', () => {
  const DAY_MS = 24 * 60 * 60 * 1000;
  const namesOf = ({ executions }: Scene) => executions.started.map(({ name }) => name);

  /** A process of Lambda's that knows nothing of the calls before. */
  const inAnotherProcess = (rig: Scene): Scene => ({ ...rig, ports: { ...rig.ports, days: new Map() } });

  const onDay = (rig: Scene, day: number): Scene => {
    const clock = { ...rig.ports.clock, now: () => day * DAY_MS };
    return inAnotherProcess({ ...rig, ports: { ...rig.ports, clock } });
  };

  it('is that of the first call, for each that comes after midnight', async () => {
    const rig = scene();
    await call(onDay(rig, 1), 'createSecret');
    await call(onDay(rig, 2), 'createSecret');
    rig.executions.end('SUCCEEDED');
    promote(rig);
    for (const step of ['setSecret', 'testSecret', 'finishSecret'] as const)
      await expect(call(onDay(rig, 2), step)).resolves.toBeUndefined();
    expect(namesOf(rig)).toEqual([attemptName(rig, 1, '19700102')]);
  });

  it('stays, and the number goes on, where an attempt of days before has failed', async () => {
    const rig = scene();
    await call(onDay(rig, 1), 'createSecret');
    rig.executions.end('FAILED', { error: 'RolledBack' });
    release(rig);
    await call(onDay(rig, 5), 'createSecret');
    expect(namesOf(rig)).toEqual([1, 2].map((attempt) => attemptName(rig, attempt, '19700102')));
  });

  it('is yesterday’s where a call was cut off that had the lock, and had recorded nothing', async () => {
    const died = () => new ProcessDiedError('the process is dead');
    // The move of the owner label.
    const rig = scene({ faults: [{ call: 3, when: 'after', error: died }] });
    await expect(call(onDay(rig, 1), 'createSecret')).rejects.toThrow();
    expect(rig.world.store.holder(SECRET, OWNER)).toBe(ownVersion(rig, 1, 0, '19700102'));
    const after = { ...rig, ports: { ...rig.ports, secrets: rig.world.store.port(openGate) } };
    await call(onDay(after, 2), 'createSecret');
    expect(namesOf(rig)).toEqual([attemptName(rig, 1, '19700102')]);
  });

  it('is not that of another rotation, or of a tag that says anything else', async () => {
    for (const tag of [`20200101-${'0'.repeat(24)}`, '20200101-', 'x', '']) {
      const rig = scene();
      rig.world.store.setTag(SECRET, BEGUN_TAG, tag);
      await call(onDay(rig, 1), 'createSecret');
      expect(namesOf(rig)).toEqual([attemptName(rig, 1, '19700102')]);
    }
  });

  it('is in a tag, for people too', async () => {
    const rig = scene();
    await call(onDay(rig, 1), 'createSecret');
    const { tags } = await rig.world.store.port(openGate).describe(SECRET);
    expect(tags[BEGUN_TAG]).toMatch(/^19700102-[0-9a-f]{24}$/);
    expect(attemptName(rig, 1, '19700102')).toContain(tags[BEGUN_TAG]);
  });

  it('is waited for by testSecret, where an old answer does not show it: that is no lone test', async () => {
    const rig = scene();
    await call(rig, 'createSecret');
    rig.executions.end('SUCCEEDED');
    promote(rig);
    const { secrets } = rig.ports;
    let looks = 0;
    const describe = async (secretId: string) => {
      const seen = await secrets.describe(secretId);
      looks += 1;
      return looks < 4 ? { ...seen, tags: {} } : seen;
    };
    const other = inAnotherProcess({ ...rig, ports: { ...rig.ports, secrets: { ...secrets, describe } } });
    await expect(call(other, 'testSecret')).resolves.toBeUndefined();
    expect(namesOf(rig)).toEqual([attemptName(rig, 1)]);
  });

  it('costs no call in the process that began it', async () => {
    const rig = scene();
    await call(rig, 'createSecret');
    rig.executions.end('SUCCEEDED');
    const before = rig.calls.recorded.length;
    await call(rig, 'setSecret');
    expect(rig.calls.recorded.length).toBe(before);
  });
});

describe('a rotation that began before an upgrade, whose execution has the name of before', () => {
  /** As the trigger of before 0.2 started it. */
  const begun = async (attempts = 1): Promise<Scene> => {
    const rig = scene();
    const { world, rotation, executions } = rig;
    for (let number = 1; number <= attempts; number++) {
      if (number > 1) executions.end('FAILED', { error: 'RolledBack' });
      await executions.start(
        executionNameBefore02({ secretArn: world.secretArn, token: rotation.token }, number),
        { secretId: world.secretArn, token: rotation.token },
      );
    }
    return rig;
  };

  it('is not started a second time by a createSecret that comes again, be it running or done', async () => {
    const rig = await begun();
    await call(rig, 'createSecret');
    rig.executions.end('SUCCEEDED');
    promote(rig);
    await call(rig, 'createSecret');
    expect(rig.executions.started).toHaveLength(1);
    expect(rig.world.store.holder(SECRET, OWNER)).toBeUndefined();
  });

  it('is followed to its end by the steps that are left', async () => {
    const rig = await begun(2);
    rig.onSleep = () => {
      rig.executions.end('SUCCEEDED');
      promote(rig);
    };
    for (const step of ['setSecret', 'testSecret', 'finishSecret'] as const) await call(rig, step);
    expect(rig.executions.started).toHaveLength(2);
  });

  it('goes on with the next number after a failure, under the name of now', async () => {
    const rig = await begun(2);
    rig.executions.end('FAILED', { error: 'RolledBack' });
    await call(rig, 'createSecret');
    await call(rig, 'createSecret');
    const { executions } = rig;
    const name = attemptName(rig, 3);
    expect(executions.started.map((each) => each.name).slice(2)).toEqual([name]);
    executions.end('SUCCEEDED');
    await expect(call(rig, 'setSecret')).resolves.toBeUndefined();
  });
});
