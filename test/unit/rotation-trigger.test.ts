import { describe, expect, it } from 'vitest';
import {
  type Execution,
  type Executions,
  executionName,
} from '../../functions/rotation-trigger/executions.ts';
import {
  parseRotationEvent,
  type RotationEvent,
  rotationTrigger,
  type TriggerPorts,
} from '../../functions/rotation-trigger/rotation-trigger.ts';
import {
  InvalidInputError,
  InvalidSecretError,
  RotationFailedError,
  RotationStillRunningError,
  UnknownTokenError,
} from '../../functions/shared/errors.ts';
import { newPassword, newVersionId } from '../helpers/in-memory-secret-store.ts';
import { RotationWorld, SECRET } from '../helpers/rotation-world.ts';

const DEADLINE = 100_000;

/** Step Functions, of which every execution ends when the clock has gone on long enough. */
class InMemoryExecutions implements Executions {
  readonly started: { name: string; input: Record<string, unknown> }[] = [];
  readonly executions = new Map<string, Execution>();

  async start(name: string, input: object): Promise<Execution> {
    const existing = this.executions.get(name);
    if (existing !== undefined) return existing;
    this.started.push({ name, input: { ...input } });
    const execution = {
      arn: `arn:aws:states:eu-central-1:1:execution:rotation:${name}`,
      name,
      status: 'RUNNING',
    };
    this.executions.set(name, execution);
    return execution;
  }

  async find(name: string): Promise<Execution | undefined> {
    return this.executions.get(name);
  }

  link(executionArn: string): string {
    return `https://console/${executionArn}`;
  }

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
  /** What happens while the trigger sleeps. */
  onSleep: () => void;
  slept: number[];
}

const scene = (): Scene => {
  const world = new RotationWorld({ previous: { username: 'app', state: 'locked' } });
  const executions = new InMemoryExecutions();
  const rotation = world.beginRotation();
  let now = 0;
  const made: Scene = {
    world,
    executions,
    rotation,
    slept: [],
    onSleep: () => {},
    ports: {
      secrets: world.store.port(),
      executions,
      clock: {
        now: () => now,
        sleep: async (milliseconds) => {
          now += milliseconds;
          made.slept.push(milliseconds);
          made.onSleep();
        },
      },
    },
  };
  return made;
};

const call = ({ ports, rotation }: Scene, Step: RotationEvent['Step']): Promise<void> =>
  rotationTrigger(
    ports,
    {
      Step,
      SecretId: SECRET,
      ClientRequestToken: rotation.token,
      ...(Step === 'createSecret' ? { RotationToken: rotation.rotationToken } : {}),
    },
    DEADLINE,
  );

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
    const labels = rig.world.store.labels(SECRET);
    await call(rig, 'createSecret');
    expect(rig.executions.started).toHaveLength(1);
    expect(rig.world.store.labels(SECRET)).toEqual(labels);
  });

  it.each(['FAILED', 'TIMED_OUT', 'ABORTED'])(
    'starts the next attempt, under the next name, after %s',
    async (status) => {
      const rig = scene();
      await call(rig, 'createSecret');
      rig.executions.end(status);
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

  it('leaves no AWSPENDING behind when it refuses the secret', async () => {
    const rig = scene();
    rig.world.store.setTag(SECRET, 'docdb-rotation:strategy', 'dance');
    await expect(call(rig, 'createSecret')).rejects.toThrow(InvalidSecretError);
    expect(rig.world.store.holder(SECRET, 'AWSPENDING')).toBeUndefined();
    expect(rig.executions.started).toEqual([]);
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

  it('fails when it succeeded, but somebody else has moved AWSCURRENT', async () => {
    const rig = scene();
    await call(rig, 'createSecret');
    rig.executions.end('SUCCEEDED');
    await expect(call(rig, step)).rejects.toThrow(RotationFailedError);
  });

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
    await call(rig, 'createSecret');
    rig.executions.end('SUCCEEDED');
    promote(rig);
    await expect(call(rig, step)).resolves.toBeUndefined();
  });
});

describe('the trigger without a createSecret before', () => {
  it.each(['setSecret', 'finishSecret'] as const)('fails for %s: it would not know of what', async (step) => {
    await expect(call(scene(), step)).rejects.toThrow(RotationFailedError);
  });

  it('verifies the version for a lone testSecret: RotateImmediately is false', async () => {
    const rig = scene();
    rig.onSleep = () => rig.executions.end('SUCCEEDED');
    await call(rig, 'testSecret');
    const { token } = rig.rotation;
    expect(rig.executions.started.map(({ input }) => input)).toEqual([
      { secretId: rig.world.secretArn, token, mode: 'verify' },
    ]);
  });

  it('fails for a lone testSecret whose verification fails', async () => {
    const rig = scene();
    rig.onSleep = () => rig.executions.end('FAILED', { error: 'CredentialNotPropagatedError' });
    await expect(call(rig, 'testSecret')).rejects.toThrow(/CredentialNotPropagatedError/);
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

  it.each([['shop/app-a1b2c3'], ['x'.repeat(500)], ['ünï cödé/+=.@-'], ['']])(
    'for "%s" is one that Step Functions takes, with "-verify" too',
    (name) => {
      expect(`${executionName(arn(name), token, 999)}-verify`).toMatch(/^[A-Za-z0-9_-]{1,80}$/);
    },
  );

  it('is the same for the same attempt, and another for another token, attempt or secret', () => {
    const names = [
      executionName(arn('one'), token, 1),
      executionName(arn('one'), token, 2),
      executionName(arn('one'), `${token.slice(1)}u`, 1),
      executionName(arn('two'), token, 1),
      executionName(`${arn('one')}`.replace('eu-central-1', 'eu-west-1'), token, 1),
    ];
    expect(new Set(names).size).toBe(names.length);
    expect(executionName(arn('one'), token, 1)).toBe(names[0]);
  });
});
