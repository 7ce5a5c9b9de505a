import type { z } from 'zod';
import {
  CreateSecretInput,
  FinishSecretInput,
  RecoverSecretInput,
  ReleaseLockInput,
  RestoreCredentialInput,
  RestoreLabelsInput,
  RetireUserInput,
  SetSecretInput,
  TestSecretInput,
} from '../../functions/contract/steps.ts';
import { createSecret } from '../../functions/create-secret/create-secret.ts';
import { finishSecret } from '../../functions/finish-secret/finish-secret.ts';
import { recoverSecret } from '../../functions/recover-secret/recover-secret.ts';
import { endExecution } from '../../functions/release-lock/release-lock.ts';
import { restoreCredential } from '../../functions/restore-credential/restore-credential.ts';
import { restoreLabels } from '../../functions/restore-labels/restore-labels.ts';
import { retireUser } from '../../functions/retire-user/retire-user.ts';
import { toRotationError } from '../../functions/runtime/step-handler.ts';
import { setSecret } from '../../functions/set-secret/set-secret.ts';
import { testSecret } from '../../functions/test-secret/test-secret.ts';
import { definitionOf } from './definitions.ts';
import { ProcessDiedError, type Processes } from './port-calls.ts';
import { type Ports, portsOf } from './rotation-steps.ts';
import type { RotationWorld } from './rotation-world.ts';
import { type Ending, ExecutionAbortedError, StateMachine, type Tasks, type Waits } from './state-machine.ts';

export interface MachineOptions extends Waits {
  readonly calls: Processes;
  /** Whether the execution is stopped when a process of it dies, instead of trying the step again. */
  readonly abortOnDeath?: boolean;
  /** Which invocations of a function, counted from 1, Lambda refuses: it makes the function active that was idle. */
  readonly isRefused?: (invocation: number) => boolean;
  /** Whether the retirement can't be started. */
  readonly retirementIsGone?: boolean;
  /** Whether the operators can't be told. */
  readonly topicIsGone?: boolean;
  /** The ports of one invocation, where they are not those of the world. */
  readonly ports?: () => Ports;
  /** What a test does in place of some of the tasks. */
  readonly tasks?: Tasks;
  /** Rejects when the execution is stopped. A function that runs then runs on. */
  readonly stopped?: Promise<never>;
  /** What a deployment fills placeholders of the definition with, where that matters. */
  readonly filled?: Readonly<Record<string, string>>;
}

/** One of the state machines of `statemachine/` over the project's own steps, and ports in memory. */
class WorldMachine {
  readonly #name: string;
  readonly #world: RotationWorld;
  readonly #options: MachineOptions;
  #running: Promise<unknown> = Promise.resolve();
  /** How often a function was invoked, or would have been. */
  invocations = 0;
  /** What the operators were told. */
  readonly notices: unknown[] = [];
  /** The retirements that were started. */
  readonly retirements: unknown[] = [];

  constructor(name: string, world: RotationWorld, options: MachineOptions) {
    this.#name = name;
    this.#world = world;
    this.#options = options;
  }

  /** @throws ExecutionAbortedError */
  run(executionArn: string, input: unknown): Promise<Ending> {
    this.#world.executions.set(executionArn, input);
    return new StateMachine(definitionOf(this.#name, this.#options.filled), this.#tasks(), this.#options).run(
      executionArn,
      input,
    );
  }

  /** Goes on with an execution that was stopped. */
  redrive(stopped: ExecutionAbortedError): Promise<Ending> {
    return stopped.redrive(this.#tasks(), this.#options);
  }

  /** Waits until the function that runs now, if one does, has ended, however it ends. */
  async stepEnded(): Promise<void> {
    await this.#running.catch(() => {});
  }

  #tasks(): Tasks {
    return {
      CreateSecretFunctionArn: this.#step(CreateSecretInput, createSecret),
      SetSecretFunctionArn: this.#step(SetSecretInput, (ports, { plan, before }) =>
        setSecret(ports, plan, before),
      ),
      TestSecretFunctionArn: this.#step(TestSecretInput, testSecret),
      FinishSecretFunctionArn: this.#step(FinishSecretInput, (ports, { plan }) => finishSecret(ports, plan)),
      ReleaseLockFunctionArn: this.#step(ReleaseLockInput, endExecution),
      RestoreCredentialFunctionArn: this.#step(RestoreCredentialInput, (ports, { plan, before }) =>
        restoreCredential(ports, plan, before),
      ),
      RestoreLabelsFunctionArn: this.#step(RestoreLabelsInput, restoreLabels),
      RecoverSecretFunctionArn: this.#step(RecoverSecretInput, recoverSecret),
      RetireUserFunctionArn: this.#step(RetireUserInput, retireUser),
      'arn:aws:states:::sns:publish': async (notice: unknown) => {
        if (this.#options.topicIsGone) throw new RefusedByServiceError('there is no such topic');
        this.notices.push(notice);
        return { MessageId: 'one' };
      },
      'arn:aws:states:::states:startExecution': async (request: unknown) => {
        if (this.#options.retirementIsGone) throw new RefusedByServiceError('there is no such machine');
        this.retirements.push(request);
        return { ExecutionArn: 'arn:aws:states:eu-central-1:111122223333:execution:retirement:one' };
      },
      'arn:aws:states:::aws-sdk:sfn:describeExecution': async (request: unknown) => {
        const { ExecutionArn } = request as { ExecutionArn: string };
        const input = this.#world.executions.get(ExecutionArn);
        if (input === undefined) throw new Error(`there is no execution ${ExecutionArn}`);
        return { ExecutionArn, Input: JSON.stringify(input), Status: 'ABORTED' };
      },
      ...this.#options.tasks,
    };
  }

  /** One Lambda invocation: a process of its own, and an input that is parsed as `stepHandler` does. */
  #step<Input>(
    schema: z.ZodType<Input>,
    run: (ports: Ports, input: Input) => Promise<unknown>,
  ): (input: unknown) => Promise<unknown> {
    return async (input) => {
      this.invocations += 1;
      if (this.#options.isRefused?.(this.invocations))
        throw new FunctionInactiveError('it is being made active');
      const ports = this.#options.ports?.() ?? portsOf(this.#world, this.#options.calls);
      try {
        const running = run(ports, schema.parse(input));
        this.#running = running;
        return await (this.#options.stopped === undefined
          ? running
          : Promise.race([running, this.#options.stopped]));
      } catch (error) {
        throw this.#outcome(error);
      }
    };
  }

  #outcome(error: unknown): Error {
    if (error instanceof ExecutionAbortedError) return error;
    if (!(error instanceof ProcessDiedError)) return toRotationError('the step', error);
    return this.#options.abortOnDeath ? new ExecutionAbortedError('stopped') : error;
  }
}

export class RotationMachine extends WorldMachine {
  constructor(world: RotationWorld, options: MachineOptions) {
    super('rotation', world, options);
  }
}

export class RecoveryMachine extends WorldMachine {
  constructor(world: RotationWorld, options: MachineOptions) {
    super('recovery', world, options);
  }
}

export class RetirementMachine extends WorldMachine {
  constructor(world: RotationWorld, options: MachineOptions) {
    super('retirement', world, options);
  }
}

/** What Step Functions makes of Lambda's answer: https://github.com/boto/boto3/issues/3788 */
class FunctionInactiveError extends Error {
  override readonly name = 'Lambda.CodeArtifactUserPendingException';
}

/** As Step Functions names an error of SNS. */
class RefusedByServiceError extends Error {
  override readonly name = 'SNS.NotFoundException';
}

export interface StoppedEvent {
  readonly executionArn: string;
  readonly stateMachineArn: string;
  readonly status: string;
  readonly input: string;
  readonly error?: string;
}

/** What the EventBridge rule starts the recovery with. */
export const stoppedEvent = (executionArn: string, input: unknown, status = 'ABORTED'): StoppedEvent => ({
  executionArn,
  stateMachineArn: executionArn.replace(':execution:', ':stateMachine:').replace(/:[^:]*$/, ''),
  status,
  input: JSON.stringify(input),
});

export const executionArn = (name: string, machine = 'rotation'): string =>
  `arn:aws:states:eu-central-1:111122223333:execution:${machine}:${name}`;
