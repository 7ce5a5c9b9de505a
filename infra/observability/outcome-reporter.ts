import { ArnFormat, Stack } from 'aws-cdk-lib';
import { Rule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import { StepFunction, type StepFunctionDefaults } from '../functions/step-function.ts';
import { grantDescribeExecutions } from '../grants/grant-describe-executions.ts';
import { grantReadWithMachineKey } from '../grants/grant-use-machine-key.ts';

export interface OutcomeReporterProps extends StepFunctionDefaults {
  readonly rotation: StateMachine;
  readonly recovery: StateMachine;
  readonly retirement: StateMachine;
  readonly runbookUrl: string;
  readonly operatorsTopic: ITopic;
}

/**
 * Makes metrics and events of the project's own out of how executions end. Alarms look at the metrics; which secret it was it tells the
 * operators itself, since an alarm can't.
 */
export class OutcomeReporter extends Construct {
  readonly step: StepFunction;
  /** Calls it when an execution has ended. */
  readonly rule: Rule;

  constructor(scope: Construct, id: string, props: OutcomeReporterProps) {
    super(scope, id);
    const {
      rotation,
      recovery,
      retirement,
      runbookUrl,
      operatorsTopic,
      network: _network,
      ...defaults
    } = props;
    this.step = new StepFunction(this, 'ReportOutcome', {
      // Outside any VPC: it needs neither the database nor a secret, and no endpoint has to be paid for.
      ...defaults,
      name: 'report-outcome',
      description: 'Makes metrics, an event and a message out of the end of an execution',
      usesDatabase: false,
      environment: {
        RECOVERY_STATE_MACHINE_ARN: recovery.stateMachineArn,
        RETIREMENT_STATE_MACHINE_ARN: retirement.stateMachineArn,
        RUNBOOK_URL: runbookUrl,
        OPERATORS_TOPIC_ARN: operatorsTopic.topicArn,
      },
    });
    const bus = Stack.of(this).formatArn({
      service: 'events',
      resource: 'event-bus',
      resourceName: 'default',
      arnFormat: ArnFormat.SLASH_RESOURCE_NAME,
    });
    // Only as ourselves: an event of another source could start what listens for that one.
    this.step.allow(['events:PutEvents'], [bus], { StringEquals: { 'events:source': 'docdb-rotation' } });
    operatorsTopic.grantPublish(this.step.function);
    const machines = [rotation, recovery, retirement];
    // An event may come without what the execution began and ended with.
    for (const machine of machines) {
      grantDescribeExecutions(this.step.role, machine);
      grantReadWithMachineKey(this.step.role, props.encryptionKey, machine);
    }
    this.rule = new Rule(this, 'Ended', {
      description: 'Reports how rotations, recoveries and retirements of DocumentDB credentials ended',
      eventPattern: {
        source: ['aws.states'],
        detailType: ['Step Functions Execution Status Change'],
        detail: {
          stateMachineArn: machines.map((machine) => machine.stateMachineArn),
          status: ['SUCCEEDED', 'FAILED', 'ABORTED', 'TIMED_OUT'],
        },
      },
      targets: [new LambdaFunction(this.step.function)],
    });
  }
}
