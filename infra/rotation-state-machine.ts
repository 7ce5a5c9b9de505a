import { type Duration, Tokenization } from 'aws-cdk-lib';
import { Rule, RuleTargetInput } from 'aws-cdk-lib/aws-events';
import { SfnStateMachine } from 'aws-cdk-lib/aws-events-targets';
import { type IRole, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import { letDescribeItsOwnExecutions } from './let-describe-executions.ts';
import { letUseMachineKey } from './let-use-machine-key.ts';
import type { StepFunction } from './step-function.ts';
import { Workflow, type WorkflowDefaults } from './workflow.ts';

export interface RotationStateMachineProps extends WorkflowDefaults {
  /** The functions that the machine calls, keyed by the placeholder each one fills in the definition. */
  readonly steps: Readonly<Record<string, StepFunction>>;
  /** Retires the user that a rotation has replaced. */
  readonly retirement: StateMachine;
  /** How long a rotation may try to go forward, before it is rolled back. */
  readonly forwardBudget: Duration;
  /** How long `recover` waits for a step that may still be running. */
  readonly stragglerWait: Duration;
}

/** As text, also where the number is known only at deployment. */
const seconds = (duration: Duration): string => Tokenization.stringifyNumber(duration.toSeconds());

/** The workflow described in `statemachine/rotation.asl.yaml`. */
export class RotationStateMachine extends Construct {
  readonly stateMachine: StateMachine;
  /** They start a recovery for what ended without its way back. */
  readonly recoveryRules: Readonly<Record<string, Rule>>;

  constructor(scope: Construct, id: string, props: RotationStateMachineProps) {
    super(scope, id);
    const { steps, retirement, forwardBudget, stragglerWait, ...defaults } = props;
    this.stateMachine = new Workflow(this, 'Workflow', {
      ...defaults,
      definition: 'rotation',
      functions: steps,
      substitutions: {
        RetirementStateMachineArn: retirement.stateMachineArn,
        ForwardBudgetSeconds: seconds(forwardBudget),
        StragglerSeconds: seconds(stragglerWait),
      },
    }).stateMachine;
    this.stateMachine.addToRolePolicy(
      new PolicyStatement({ actions: ['states:StartExecution'], resources: [retirement.stateMachineArn] }),
    );
    letUseMachineKey(this.stateMachine.role, props.encryptionKey, retirement);
    letDescribeItsOwnExecutions(this, this.stateMachine);
    const starter = new Role(this, 'RecoveryRole', {
      assumedBy: new ServicePrincipal('events.amazonaws.com'),
      description: 'Starts recoveries of rotations that were cut off',
    });
    letUseMachineKey(starter, props.encryptionKey, this.stateMachine);
    this.recoveryRules = this.recoverWhatWasCutOff(starter, props.encryptionKey === undefined);
  }

  /**
   * Nobody compensates for an execution that somebody aborts, that times out, or that fails by an error of Step
   * Functions itself, which no state can catch. The machine knows this event's shape.
   *
   * @param isErrorInEvent with a key of the user's nobody promises it: then every failure is looked at, by the machine,
   *   which asks for the error, and finds nothing to do after one of its own
   */
  private recoverWhatWasCutOff(role: IRole, isErrorInEvent: boolean): Record<string, Rule> {
    const rotation = { stateMachineArn: [this.stateMachine.stateMachineArn] };
    return {
      CutOff: this.recoverOn('CutOff', role, { ...rotation, status: ['ABORTED', 'TIMED_OUT'] }),
      Broken: this.recoverOn('Broken', role, {
        ...rotation,
        status: ['FAILED'],
        ...(isErrorInEvent ? { error: [{ prefix: 'States.' }] } : {}),
      }),
    };
  }

  private recoverOn(id: string, role: IRole, detail: Record<string, unknown>): Rule {
    return new Rule(this, id, {
      description: 'Starts a recovery for a rotation that ended without its way back',
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
