import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Aws, type Duration } from 'aws-cdk-lib';
import { Rule, RuleTargetInput } from 'aws-cdk-lib/aws-events';
import { SfnStateMachine } from 'aws-cdk-lib/aws-events-targets';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { DefinitionBody, LogLevel, StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import type { StepFunction } from './step-function.ts';

const DEFINITION = join(import.meta.dirname, '..', 'statemachine', 'rotation.asl.json');

export interface RotationStateMachineProps {
  /** The functions that the machine calls, keyed by the placeholder each one fills in the definition. */
  readonly steps: Readonly<Record<string, StepFunction>>;
  /** Told when a rollback will not restore. */
  readonly operatorsTopic: ITopic;
  /** How long a rotation may try to go forward, before it is rolled back. */
  readonly forwardBudget: Duration;
  /** How long `recover` waits for a step that may still be running. */
  readonly stragglerWait: Duration;
  /** Where the causes of failures point their readers. */
  readonly runbookUrl: string;
  /** @default RetentionDays.THREE_MONTHS */
  readonly logRetention?: RetentionDays | undefined;
}

/** The workflow described in `statemachine/rotation.asl.json`. */
export class RotationStateMachine extends Construct {
  readonly stateMachine: StateMachine;

  constructor(scope: Construct, id: string, props: RotationStateMachineProps) {
    super(scope, id);
    const steps = Object.entries(props.steps);
    this.stateMachine = new StateMachine(this, 'Resource', {
      // fromString keeps the definition in the template, where `cdk diff` shows it.
      // TimeoutSeconds is in the JSON: CDK ignores `timeout` for a JSON definition.
      definitionBody: DefinitionBody.fromString(readFileSync(DEFINITION, 'utf8')),
      definitionSubstitutions: {
        ...Object.fromEntries(steps.map(([placeholder, step]) => [placeholder, step.function.functionArn])),
        OperatorsTopicArn: props.operatorsTopic.topicArn,
        ForwardBudgetSeconds: String(props.forwardBudget.toSeconds()),
        StragglerSeconds: String(props.stragglerWait.toSeconds()),
        RunbookUrl: props.runbookUrl,
        Partition: Aws.PARTITION,
      },
      tracingEnabled: true,
      logs: {
        destination: new LogGroup(this, 'Logs', {
          retention: props.logRetention ?? RetentionDays.THREE_MONTHS,
        }),
        level: LogLevel.ERROR,
        includeExecutionData: false,
      },
    });
    // CDK grants a JSON definition nothing.
    this.stateMachine.addToRolePolicy(
      new PolicyStatement({
        actions: ['lambda:InvokeFunction'],
        resources: steps.map(([, step]) => step.function.functionArn),
      }),
    );
    props.operatorsTopic.grantPublish(this.stateMachine);
    this.recoverWhatWasCutOff();
  }

  /** Nobody compensates for an execution that somebody aborts, or that times out. The machine knows this event's shape. */
  private recoverWhatWasCutOff(): void {
    new Rule(this, 'CutOff', {
      description: 'Starts a recovery for a rotation that was aborted or timed out',
      eventPattern: {
        source: ['aws.states'],
        detailType: ['Step Functions Execution Status Change'],
        detail: { stateMachineArn: [this.stateMachine.stateMachineArn], status: ['ABORTED', 'TIMED_OUT'] },
      },
      targets: [new SfnStateMachine(this.stateMachine, { input: RuleTargetInput.fromEventPath('$.detail') })],
    });
  }
}
