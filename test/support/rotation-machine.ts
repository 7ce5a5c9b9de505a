import type { z } from 'zod';
import type { Answer } from '../../functions/contract/findings.ts';
import {
  CreateSecretInput,
  FinishSecretInput,
  ReadinessInput,
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
import { askPermissions, type NEEDS } from '../../functions/secret/ask-permissions.ts';
import { setSecret } from '../../functions/set-secret/set-secret.ts';
import { checkReadiness } from '../../functions/test-secret/check-readiness.ts';
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
  /** How Step Functions names the error; by default a function's that is inactive. */
  readonly refusal?: string;
  /** Whether the retirement can't be started. */
  readonly retirementIsGone?: boolean;
  /** Whether the operators can't be told. */
  readonly topicIsGone?: boolean;
  /** The ports of one invocation, where they are not those of the world. */
  readonly ports?: (step: string) => Ports;
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

  /** One task by itself, as "Test state" runs it in the console. */
  async perform(resource: string, argument: unknown): Promise<unknown> {
    return await this.#tasks()[resource]?.(argument);
  }

  /** Waits until the function that runs now, if one does, has ended, however it ends. */
  async stepEnded(): Promise<void> {
    await this.#running.catch(() => {});
  }

  #tasks(): Tasks {
    const functions: Tasks = {
      CreateSecretFunctionArn: this.#step(
        'CreateSecret',
        CreateSecretInput,
        createSecret,
        ask('CreateSecret'),
      ),
      SetSecretFunctionArn: this.#step(
        'SetSecret',
        SetSecretInput,
        (ports, { plan, before }) => setSecret(ports, plan, before),
        ask('SetSecret'),
      ),
      TestSecretFunctionArn: this.#step('TestSecret', TestSecretInput, testSecret, checkReadiness),
      FinishSecretFunctionArn: this.#step(
        'FinishSecret',
        FinishSecretInput,
        (ports, { plan, before }) => finishSecret(ports, plan, before),
        ask('FinishSecret'),
      ),
      ReleaseLockFunctionArn: this.#step('ReleaseLock', ReleaseLockInput, endExecution, ask('ReleaseLock')),
      RestoreCredentialFunctionArn: this.#step(
        'RestoreCredential',
        RestoreCredentialInput,
        (ports, { plan, before }) => restoreCredential(ports, plan, before),
        ask('RestoreCredential'),
      ),
      RestoreLabelsFunctionArn: this.#step(
        'RestoreLabels',
        RestoreLabelsInput,
        restoreLabels,
        ask('RestoreLabels'),
      ),
      RecoverSecretFunctionArn: this.#step('RecoverSecret', RecoverSecretInput, recoverSecret),
      RetireUserFunctionArn: this.#step('RetireUser', RetireUserInput, retireUser),
    };
    return {
      ...functions,
      'arn:aws:states:::lambda:invoke': async (request: unknown) => {
        const { FunctionName, Payload } = request as { FunctionName: string; Payload: unknown };
        return { Payload: await functions[FunctionName]?.(Payload) };
      },
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
    step: string,
    schema: z.ZodType<Input>,
    run: (ports: Ports, input: Input) => Promise<unknown>,
    answer?: (ports: Ports, input: ReadinessInput) => Promise<Answer>,
  ): (input: unknown) => Promise<unknown> {
    return async (input) => {
      this.invocations += 1;
      if (this.#options.isRefused?.(this.invocations)) throw new LambdaRefusalError(this.#options.refusal);
      const ports = this.#options.ports?.(step) ?? portsOf(this.#world, this.#options.calls);
      try {
        const running =
          answer !== undefined && isQuestion(input)
            ? answer(ports, ReadinessInput.parse(input))
            : run(ports, schema.parse(input));
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

const isQuestion = (input: unknown): boolean =>
  typeof input === 'object' && input !== null && 'check' in input && input.check === 'readiness';

const ask =
  (step: keyof typeof NEEDS) =>
  (ports: Ports, input: ReadinessInput): Promise<Answer> =>
    askPermissions(ports, step, input);

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
class LambdaRefusalError extends Error {
  constructor(name = 'Lambda.CodeArtifactUserPendingException') {
    super('it is being made active, or Lambda has trouble of its own');
    this.name = name;
  }
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
