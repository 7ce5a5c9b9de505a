import { expect } from 'vitest';
import type { z } from 'zod';
import { createSecret } from '../../functions/create-secret/create-secret.ts';
import { takeLockAgain } from '../../functions/create-secret/take-lock-again.ts';
import { finishSecret } from '../../functions/finish-secret/finish-secret.ts';
import { recoverSecret } from '../../functions/recover-secret/recover-secret.ts';
import { restoreCredential } from '../../functions/restore-credential/restore-credential.ts';
import { restoreLabels } from '../../functions/restore-labels/restore-labels.ts';
import { setSecret } from '../../functions/set-secret/set-secret.ts';
import {
  FinishSecretInput,
  LockInput,
  RecoverSecretInput,
  RestoreCredentialInput,
  RestoreLabelsInput,
  SetSecretInput,
  TestSecretInput,
} from '../../functions/shared/contract.ts';
import { foreseen } from '../../functions/shared/step-handler.ts';
import { testSecret } from '../../functions/test-secret/test-secret.ts';
import { definitionOf } from './definitions.ts';
import { type PortCalls, ProcessDiedError } from './port-calls.ts';
import { RefusedByServiceError } from './retirement-machine.ts';
import { type Ports, portsOf } from './rotation-steps.ts';
import type { RotationWorld } from './rotation-world.ts';
import { type Ending, ExecutionAbortedError, StateMachine } from './state-machine.ts';

export interface RotationMachineOptions {
  readonly calls: PortCalls;
  /** Whether the execution is stopped when a process of it dies, instead of trying the step again. */
  readonly abortOnDeath?: boolean;
  /** What else has to happen while a Wait state lasts. */
  readonly wait?: (state: string) => Promise<void>;
  /** Which invocations of a function, counted from 1, Lambda refuses: it makes the function ready that was idle. */
  readonly isRefused?: (invocation: number) => boolean;
  /** Whether the retirement can't be started. */
  readonly retirementIsGone?: boolean;
  /** Whether the operators can't be told. */
  readonly topicIsGone?: boolean;
}

const DEFINITION = definitionOf('rotation');

/** The state machine of `statemachine/rotation.asl.yaml` over the project's own steps, and ports in memory. */
export class RotationMachine {
  readonly #world: RotationWorld;
  readonly #options: RotationMachineOptions;
  #running: Promise<unknown> = Promise.resolve();
  /** How often a function was invoked, or would have been. */
  invocations = 0;
  /** What Step Functions would say of the stopped execution that the event tells of. */
  #stopped: StoppedEvent | undefined;
  /** What the operators were told. */
  readonly notices: unknown[] = [];
  /** The retirements that were started. */
  readonly retirements: unknown[] = [];

  constructor(world: RotationWorld, options: RotationMachineOptions) {
    this.#world = world;
    this.#options = options;
  }

  /** @throws ExecutionAbortedError */
  run(executionArn: string, input: unknown): Promise<Ending> {
    this.#stopped = isStoppedEvent(input) ? input : undefined;
    return new StateMachine(DEFINITION, this.#tasks(), this.#options.wait).run(executionArn, input);
  }

  /** Goes on with an execution that was stopped. */
  redrive(stopped: ExecutionAbortedError): Promise<Ending> {
    return stopped.redrive(this.#tasks());
  }

  /** Waits until the function that runs now, if one does, has ended, however it ends. */
  async stepEnded(): Promise<void> {
    await this.#running.catch(() => {});
  }

  #tasks() {
    return {
      CreateSecretFunctionArn: this.#step(LockInput, (ports, input) =>
        input.mode === 'way-back' ? takeLockAgain(ports, input.plan) : createSecret(ports, input),
      ),
      SetSecretFunctionArn: this.#step(SetSecretInput, (ports, { plan, before }) =>
        setSecret(ports, plan, before),
      ),
      TestSecretFunctionArn: this.#step(TestSecretInput, testSecret),
      FinishSecretFunctionArn: this.#step(FinishSecretInput, (ports, { plan }) => finishSecret(ports, plan)),
      RestoreCredentialFunctionArn: this.#step(RestoreCredentialInput, (ports, { plan, before }) =>
        restoreCredential(ports, plan, before),
      ),
      RestoreLabelsFunctionArn: this.#step(RestoreLabelsInput, restoreLabels),
      RecoverSecretFunctionArn: this.#step(RecoverSecretInput, recoverSecret),
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
        const { executionArn, input, status } = this.#stopped ?? {};
        expect(request).toEqual({ ExecutionArn: executionArn });
        return { ExecutionArn: executionArn, Input: input, Status: status };
      },
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
        throw new FunctionNotReadyError('it is being made ready');
      const ports = portsOf(this.#world, this.#options.calls);
      const { execution: _, ...rest } = input as Record<string, unknown>;
      try {
        const running = run(ports, schema.parse(rest));
        this.#running = running;
        return await running;
      } catch (error) {
        throw this.#outcome(error);
      }
    };
  }

  #outcome(error: unknown): Error {
    if (!(error instanceof ProcessDiedError)) return foreseen('the step', error);
    return this.#options.abortOnDeath ? new ExecutionAbortedError('stopped') : error;
  }
}

/** What Step Functions makes of Lambda's answer: https://github.com/boto/boto3/issues/3788 */
class FunctionNotReadyError extends Error {
  override readonly name = 'Lambda.CodeArtifactUserPendingException';
}

export interface StoppedEvent {
  readonly executionArn: string;
  readonly stateMachineArn: string;
  readonly status: string;
  readonly input: string;
}

const isStoppedEvent = (input: unknown): input is StoppedEvent =>
  typeof input === 'object' && input !== null && 'executionArn' in input;

/** What the EventBridge rule starts the machine with. */
export const stoppedEvent = (executionArn: string, input: unknown): StoppedEvent => ({
  executionArn,
  stateMachineArn: executionArn.replace(':execution:', ':stateMachine:').replace(/:[^:]*$/, ''),
  status: 'ABORTED',
  input: JSON.stringify(input),
});

export const executionArn = (name: string): string =>
  `arn:aws:states:eu-central-1:111122223333:execution:rotation:${name}`;
