import type { Duration } from 'aws-cdk-lib';
import { Rule, RuleTargetInput } from 'aws-cdk-lib/aws-events';
import { SfnStateMachine } from 'aws-cdk-lib/aws-events-targets';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import type { StepFunction } from '../functions/step-function.ts';
import { grantDescribeExecutionsOf } from '../grants/grant-describe-executions.ts';
import { grantReadWithMachineKey, grantUseMachineKey } from '../grants/grant-use-machine-key.ts';
import { durationText } from '../options/duration-text.ts';
import { Workflow, type WorkflowDefaults } from './workflow.ts';

export interface RecoveryStateMachineProps extends WorkflowDefaults {
  /** The functions that the machine calls, keyed by the placeholder each one fills in the definition. */
  readonly steps: Readonly<Record<string, StepFunction>>;
  /** The other machines whose executions a recovery follows. */
  readonly rotation: StateMachine;
  readonly retirement: StateMachine;
  /** How long it waits for a step that may still be running. */
  readonly drain: Duration;
}

/** The workflow described in `statemachine/recovery.asl.yaml`, and the rules that start it. */
export class RecoveryStateMachine extends Construct {
  readonly stateMachine: StateMachine;
  /** They start a recovery for what ended without compensation. */
  readonly rules: Readonly<Record<string, Rule>>;

  constructor(scope: Construct, id: string, props: RecoveryStateMachineProps) {
    super(scope, id);
    const { steps, rotation, retirement, drain, ...defaults } = props;
    this.stateMachine = new Workflow(this, 'Workflow', {
      ...defaults,
      definition: 'recovery',
      functions: steps,
      substitutions: { DrainSeconds: durationText(drain) },
    }).stateMachine;
    const followed = [rotation, this.stateMachine, retirement];
    grantDescribeExecutionsOf(this, this.stateMachine, followed);
    for (const other of [rotation, retirement])
      grantReadWithMachineKey(this.stateMachine.role, props.encryptionKey, other);
    this.rules = this.recoverWhatWasCutOff(followed, props);
  }

  /**
   * Nothing compensates for an execution that someone aborts, that times out, or that fails by an error of Step
   * Functions itself, which no state can catch. One that lost its lock touches nothing more: where the recovery that
   * took the lock was stopped too, this one answers. The machine knows this event's shape.
   *
   * With a key of the user's it is not documented that an event has the error: then every failure is looked at, by the
   * machine, which asks for the error, and finds nothing to do after one of its own.
   */
  private recoverWhatWasCutOff(
    followed: readonly StateMachine[],
    { encryptionKey }: RecoveryStateMachineProps,
  ): Record<string, Rule> {
    const role = new Role(this, 'RuleRole', {
      assumedBy: new ServicePrincipal('events.amazonaws.com'),
      description: 'Starts recoveries of what was cut off',
    });
    grantUseMachineKey(role, encryptionKey, this.stateMachine);
    const stateMachineArn = followed.map((machine) => machine.stateMachineArn);
    const error = encryptionKey ? {} : { error: [{ prefix: 'States.' }, 'RotationSupersededError'] };
    return {
      CutOff: this.recoverOn('CutOff', role, { stateMachineArn, status: ['ABORTED', 'TIMED_OUT'] }),
      Broken: this.recoverOn('Broken', role, { stateMachineArn, status: ['FAILED'], ...error }),
    };
  }

  private recoverOn(id: string, role: Role, detail: Record<string, unknown>): Rule {
    return new Rule(this, id, {
      description: 'Starts a recovery for an execution that ended without compensation',
      eventPattern: {
        source: ['aws.states'],
        detailType: ['Step Functions Execution Status Change'],
        detail,
      },
      targets: [
        new SfnStateMachine(this.stateMachine, { role, input: RuleTargetInput.fromEventPath('$.detail') }),
      ],
    });
  }
}
