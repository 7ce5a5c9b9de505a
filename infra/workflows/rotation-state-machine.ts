import type { Duration } from 'aws-cdk-lib';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import type { StepFunction } from '../functions/step-function.ts';
import { grantUseMachineKey } from '../grants/grant-use-machine-key.ts';
import { durationText } from '../options/duration-text.ts';
import { Workflow, type WorkflowDefaults } from './workflow.ts';

export interface RotationStateMachineProps extends WorkflowDefaults {
  /** The functions that the machine calls, keyed by the placeholder each one fills in the definition. */
  readonly steps: Readonly<Record<string, StepFunction>>;
  /** Retires the user that a rotation has replaced. */
  readonly retirement: StateMachine;
  /** How long a rotation may try to go forward, before it is rolled back. */
  readonly propagationTimeout: Duration;
  /** How long compensation waits for a step whose answer was lost, and which may still be running. */
  readonly drain: Duration;
  /** What the deployment says of each secret, as a list in JSONata. */
  readonly declared: string;
}

/** The workflow described in `statemachine/rotation.asl.yaml`. */
export class RotationStateMachine extends Construct {
  readonly stateMachine: StateMachine;

  constructor(scope: Construct, id: string, props: RotationStateMachineProps) {
    super(scope, id);
    const { steps, retirement, propagationTimeout, drain, declared, ...defaults } = props;
    this.stateMachine = new Workflow(this, 'Workflow', {
      ...defaults,
      definition: 'rotation',
      functions: steps,
      substitutions: {
        RetirementStateMachineArn: retirement.stateMachineArn,
        PropagationTimeoutSeconds: durationText(propagationTimeout),
        DrainSeconds: durationText(drain),
        Declared: declared,
      },
    }).stateMachine;
    this.stateMachine.addToRolePolicy(
      new PolicyStatement({ actions: ['states:StartExecution'], resources: [retirement.stateMachineArn] }),
    );
    grantUseMachineKey(this.stateMachine.role, props.encryptionKey, retirement);
  }
}
