import { SecretsManagerRefusedError } from '../../../functions/contract/errors.ts';
import { refused } from '../../support/crash-driver.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { ROOT } from '../../support/in-memory-database.ts';
import { newPassword } from '../../support/in-memory-secret-store.ts';
import { PortCalls } from '../../support/port-calls.ts';
import {
  executionArn,
  type MachineOptions,
  RecoveryMachine,
  RetirementMachine,
  RotationMachine,
  stoppedEvent,
} from '../../support/rotation-machine.ts';
import { RotationWorld, SECRET, type WorldOptions } from '../../support/rotation-world.ts';
import type { Ending } from '../../support/state-machine.ts';

/* The runs of the machines in memory that come to each Task state: the examples are taken from them. */

/** What `$millis()` gives in the examples. */
export const NOW = Date.parse('2026-11-28T09:30:00Z');

/** What a deployment fills in; what a function is called stays the name of its placeholder. */
export const FILLED = {
  OperatorsTopicArn: 'arn:aws:sns:eu-central-1:111122223333:docdb-rotation-operators',
  RetirementStateMachineArn: 'arn:aws:states:eu-central-1:111122223333:stateMachine:retirement',
};

const SINGLE: WorldOptions = { admin: true, clock: new FakeClock(NOW) };
const PAIR: WorldOptions = { strategy: 'alternating-users', admin: true, retirementPolicy: 'lock' };
const CLONE: WorldOptions = { strategy: 'admin-clone', username: 'boss', roles: ROOT };
const INPUT = { secretId: SECRET };

/** Whole answers, as AWS gives them: a mocked result is held to the API's model. */
const SERVICES: MachineOptions['tasks'] = {
  'arn:aws:states:::states:startExecution': async (request) => {
    const { Name } = request as { Name: string };
    return { ExecutionArn: executionArn(Name, 'retirement'), StartDate: new Date(NOW).toISOString() };
  },
  'arn:aws:states:::aws-sdk:sfn:describeExecution': async (request) => ({
    ...(request as object),
    StateMachineArn: 'arn:aws:states:eu-central-1:111122223333:stateMachine:rotation',
    Status: 'ABORTED',
    StartDate: new Date(NOW).toISOString(),
    Input: JSON.stringify(INPUT),
  }),
};

const options = (more: Partial<MachineOptions> = {}): MachineOptions => ({
  calls: new PortCalls(),
  filled: FILLED,
  now: () => NOW,
  ...more,
  tasks: { ...SERVICES, ...more.tasks },
});

/** An execution, and the world as it left it. */
export interface Run {
  readonly world: RotationWorld;
  readonly ending: Ending;
}

const rotate = async (
  world: RotationWorld,
  input: object = {},
  more: Partial<MachineOptions> = {},
): Promise<Run> => {
  const machine = new RotationMachine(world, options(more));
  return { world, ending: await machine.run(executionArn('example'), { ...INPUT, ...input }) };
};

/** A rotation of which the last login is refused, so that it is compensated. */
const failing = async (world: WorldOptions, tasks: MachineOptions['tasks'] = {}): Promise<Run> => {
  const clean = new PortCalls();
  await rotate(new RotationWorld(world), {}, { calls: clean });
  const fault = { call: clean.recorded.lastIndexOf('login') + 1, when: 'before', error: refused } as const;
  return await rotate(new RotationWorld(world), {}, { calls: new PortCalls({ faults: [fault] }), tasks });
};

const recover = async (world: RotationWorld, input: object): Promise<Run> => {
  const machine = new RecoveryMachine(world, options());
  return { world, ending: await machine.run(executionArn('example', 'recovery'), input) };
};

const retire = async (prepare: (world: RotationWorld) => void = () => {}): Promise<Run> => {
  const world = new RotationWorld(CLONE);
  const { performed } = (await rotate(world)).ending;
  const started = performed.find(({ state }) => state === 'StartRetirement');
  prepare(world);
  const { Input } = (started?.arguments ?? {}) as { Input?: unknown };
  const machine = new RetirementMachine(world, options());
  return { world, ending: await machine.run(executionArn('example', 'retirement'), Input) };
};

const withLostPassword = (username: string) => (world: RotationWorld) =>
  world.database.addUser(username, newPassword(), []);

const lost = (): RotationWorld => {
  const world = new RotationWorld();
  withLostPassword('app')(world);
  return world;
};

const refuses = async (): Promise<never> => {
  throw new SecretsManagerRefusedError('not authorized to perform secretsmanager:GetSecretValue');
};

/** The first that comes to a state gives its example. */
export const RUNS: Readonly<Record<string, readonly (() => Promise<Run>)[]>> = {
  rotation: [
    () => rotate(new RotationWorld(SINGLE)),
    () => rotate(new RotationWorld(SINGLE), { mode: 'verify' }),
    () => rotate(new RotationWorld(SINGLE), { mode: 'check' }),
    () => failing(SINGLE),
    () => rotate(new RotationWorld(PAIR)),
    () => failing(PAIR),
    () =>
      rotate(new RotationWorld({ ...PAIR, previous: { username: 'app_clone', state: 'logs in' } }), {
        mode: 'revert',
      }),
    () => failing(SINGLE, { RestoreCredentialFunctionArn: refuses }),
  ],
  recovery: [
    () => recover(new RotationWorld(), stoppedEvent(executionArn('stopped'), INPUT)),
    () => recover(lost(), INPUT),
  ],
  retirement: [() => retire(), () => retire(withLostPassword('boss_clone'))],
};
