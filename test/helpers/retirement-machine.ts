import { retireUser } from '../../functions/retire-user/retire-user.ts';
import { RetireUserInput } from '../../functions/shared/contract.ts';
import { foreseen } from '../../functions/shared/step-handler.ts';
import { definitionOf } from './definitions.ts';
import { type PortCalls, ProcessDiedError } from './port-calls.ts';
import { portsOf } from './rotation-steps.ts';
import type { RotationWorld } from './rotation-world.ts';
import { type Ending, ExecutionAbortedError, StateMachine } from './state-machine.ts';

export interface RetirementMachineOptions {
  readonly calls: PortCalls;
  /** Whether the execution is stopped when a process of it dies, instead of trying the step again. */
  readonly abortOnDeath?: boolean;
  /** Whether the operators can't be told. */
  readonly topicIsGone?: boolean;
}

const DEFINITION = definitionOf('retirement');

/** The state machine of `statemachine/retirement.asl.yaml` over the project's own step, and ports in memory. */
export class RetirementMachine {
  readonly #world: RotationWorld;
  readonly #options: RetirementMachineOptions;
  /** What the operators were told. */
  readonly notices: unknown[] = [];

  constructor(world: RotationWorld, options: RetirementMachineOptions) {
    this.#world = world;
    this.#options = options;
  }

  /** @throws ExecutionAbortedError */
  run(executionArn: string, input: unknown): Promise<Ending> {
    const tasks = {
      RetireUserFunctionArn: (argument: unknown) => this.#retire(argument),
      'arn:aws:states:::sns:publish': (notice: unknown) => this.#publish(notice),
    };
    return new StateMachine(DEFINITION, tasks).run(executionArn, input);
  }

  async #retire(argument: unknown): Promise<unknown> {
    const { execution: _, ...rest } = argument as Record<string, unknown>;
    try {
      return await retireUser(portsOf(this.#world, this.#options.calls), RetireUserInput.parse(rest));
    } catch (error) {
      if (!(error instanceof ProcessDiedError)) throw foreseen('the step', error);
      throw this.#options.abortOnDeath ? new ExecutionAbortedError('stopped') : error;
    }
  }

  async #publish(notice: unknown): Promise<unknown> {
    if (this.#options.topicIsGone) throw new RefusedByServiceError('there is no such topic');
    this.notices.push(notice);
    return { MessageId: 'one' };
  }
}

/** As Step Functions names an error of SNS. */
export class RefusedByServiceError extends Error {
  override readonly name = 'SNS.NotFoundException';
}
