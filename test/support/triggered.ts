import type { Execution, Executions } from '../../functions/rotation-trigger/executions.ts';
import {
  type RotationEvent,
  rotationTrigger,
  type TriggerPorts,
} from '../../functions/rotation-trigger/rotation-trigger.ts';
import { executionName } from '../../functions/secret/execution-name.ts';
import { FakeClock } from './fake-clock.ts';
import { PortCalls } from './port-calls.ts';
import { executionArn } from './rotation-machine.ts';
import { RotationWorld } from './rotation-world.ts';

/** Step Functions as the trigger sees it, and the rotation that it is asked for. */
export const triggered = (calls = new PortCalls()) => {
  const world = new RotationWorld({ admin: true, previous: { username: 'app', state: 'locked' } });
  const rotation = world.beginRotation();
  const clock = new FakeClock();
  const known = new Map<string, Execution>();
  const asked: string[] = [];
  const started: string[] = [];
  let whileItSleeps = (): void => {};
  const put = (name: string, status: string, input: object = { secretId: 'another' }): Execution => {
    const execution = { arn: executionArn(name), name, status, input: JSON.stringify(input) };
    known.set(name, execution);
    return execution;
  };
  const executions: Executions = {
    arnOf: (name) => executionArn(name),
    link: (arn) => arn,
    find: async (name) => {
      asked.push(name);
      return known.get(name);
    },
    start: async (name, input) => {
      const existing = known.get(name);
      if (existing === undefined) started.push(name);
      return existing ?? put(name, 'RUNNING', input);
    },
  };
  const ports: TriggerPorts = {
    secrets: world.store.port(calls.process()),
    executions,
    days: new Map(),
    clock: {
      now: clock.now,
      sleep: async (milliseconds) => {
        await clock.sleep(milliseconds);
        whileItSleeps();
      },
    },
  };
  const onSleep = (act: () => void): void => {
    whileItSleeps = act;
  };
  const call = (Step: RotationEvent['Step']): Promise<void> =>
    rotationTrigger(
      ports,
      {
        Step,
        SecretId: world.secretArn,
        ClientRequestToken: rotation.token,
        ...(Step === 'createSecret' ? { RotationToken: rotation.rotationToken } : {}),
      },
      clock.now() + 100_000,
    );
  const nameOf = (attempt: number): string =>
    executionName('rotate', { secretArn: world.secretArn, token: rotation.token, day: '19700101' }, attempt);
  return { world, clock, token: rotation.token, known, asked, started, put, call, nameOf, onSleep };
};
