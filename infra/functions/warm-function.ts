import { Rule, RuleTargetInput } from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { IStateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';

export interface WarmFunctionProps {
  readonly function: IFunction;
  /** As soon as one of its executions begins, the function is called. */
  readonly machine: IStateMachine;
}

/**
 * Calls a function once as soon as an execution begins, with an input that it answers at once: seconds later it is called in the outage
 * window, and then has started already. By an event, since a function in a VPC may have no way to Lambda, and since no state has to wait for it;
 * if the event does not come, the function starts when it is called.
 *
 * Source: https://docs.aws.amazon.com/step-functions/latest/dg/eventbridge-integration.html
 */
export class WarmFunction extends Construct {
  constructor(scope: Construct, id: string, { function: warmed, machine }: WarmFunctionProps) {
    super(scope, id);
    new Rule(this, 'ExecutionBegins', {
      description: 'Starts a function before the outage window in which it is needed',
      eventPattern: {
        source: ['aws.states'],
        detailType: ['Step Functions Execution Status Change'],
        detail: { stateMachineArn: [machine.stateMachineArn], status: ['RUNNING'] },
      },
      targets: [new LambdaFunction(warmed, { event: RuleTargetInput.fromObject({ keepActive: true }) })],
    });
  }
}
