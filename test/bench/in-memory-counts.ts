import type { Execution, Executions } from '../../functions/rotation-trigger/executions.ts';
import { type RotationEvent, rotationTrigger } from '../../functions/rotation-trigger/rotation-trigger.ts';
import { CLUSTER, PORT } from '../support/in-memory-database.ts';
import { PortCalls } from '../support/port-calls.ts';
import { executionArn, RotationMachine } from '../support/rotation-machine.ts';
import { RotationWorld, SECRET } from '../support/rotation-world.ts';
import type { Counts } from './counts.ts';
import type { Way } from './entry-points.ts';
import { STRATEGIES, type StrategyName } from './strategies.ts';

const STEPS: readonly RotationEvent['Step'][] = ['createSecret', 'setSecret', 'testSecret', 'finishSecret'];

/** One that is known by the address in the secret, as in the local stack, or a writer and two readers with names of their own. */
export type InstanceCount = 1 | 3;

/** Methods of the port of secrets, each of which is one call of Secrets Manager. */
const OF_SECRETS_MANAGER = new Set([
  'describe',
  'read',
  'readCurrent',
  'listVersions',
  'put',
  'moveLabel',
  'setTags',
  'newPassword',
]);

/** Both ask `hello`, which drivers ask by themselves all the time: it is not counted, here as on the stack. */
const BY_HELLO = new Set(['instances', 'takesWrites']);

/** Counts a rotation that meets no difficulty, over the project's own steps and definitions. */
export const countInMemory = async (
  strategy: StrategyName,
  way: Way,
  instances: InstanceCount = 1,
): Promise<Counts> => {
  const world = new RotationWorld(STRATEGIES[strategy]);
  if (instances === 1) world.database.reported = [{ host: CLUSTER, port: PORT }];
  const rotation = new CountedRotation(world);
  return way === 'on demand' ? await rotation.onDemand() : await rotation.bySecretsManager();
};

class CountedRotation {
  readonly #world: RotationWorld;
  readonly #calls = new PortCalls();
  readonly #machine: RotationMachine;
  #states = 0;

  constructor(world: RotationWorld) {
    this.#world = world;
    this.#machine = new RotationMachine(world, { calls: this.#calls });
  }

  async onDemand(): Promise<Counts> {
    await this.#run(executionArn('counted'), { secretId: SECRET });
    return this.#counts(0);
  }

  /** Secrets Manager calls the trigger for each of its steps. The execution has ended when the second one comes. */
  async bySecretsManager(): Promise<Counts> {
    const { token, rotationToken } = this.#world.beginRotation();
    const executions = this.#executions();
    const event = {
      SecretId: this.#world.secretArn,
      ClientRequestToken: token,
      RotationToken: rotationToken,
    };
    const days = new Map<string, string>();
    for (const Step of STEPS) {
      const { clock, store } = this.#world;
      const ports = { secrets: store.port(this.#calls.process()), executions, clock, days };
      await rotationTrigger(ports, { ...event, Step }, clock.now() + 600_000);
    }
    return this.#counts(STEPS.length);
  }

  async #run(arn: string, input: unknown): Promise<void> {
    const { status, cause, path } = await this.#machine.run(arn, input);
    if (status !== 'SUCCEEDED') throw new Error(`the rotation to be counted failed: ${cause}`);
    this.#states = path.length;
  }

  #executions(): Executions {
    const ended = new Map<string, Execution>();
    return {
      arnOf: executionArn,
      link: (arn) => arn,
      find: async (name) => ended.get(name),
      start: async (name, input) => {
        const execution = {
          arn: executionArn(name),
          name,
          status: 'SUCCEEDED',
          input: JSON.stringify(input),
        };
        await this.#run(execution.arn, input);
        ended.set(name, execution);
        return execution;
      },
    };
  }

  #counts(triggerCalls: number): Counts {
    const recorded = this.#calls.recorded.filter((method) => !BY_HELLO.has(method));
    const secretsManagerCalls = recorded.filter((method) => OF_SECRETS_MANAGER.has(method)).length;
    const logins = recorded.filter((method) => method === 'login').length;
    return {
      states: this.#states,
      lambdaCalls: this.#machine.invocations + triggerCalls,
      secretsManagerCalls,
      logins,
      databaseCommands: recorded.length - secretsManagerCalls - logins,
    };
  }
}
