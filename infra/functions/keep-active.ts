import { Duration } from 'aws-cdk-lib';
import { Rule, RuleTargetInput, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';

/** https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html */
const TARGETS_PER_RULE = 5;

/**
 * Calls each function once a day, with an input that it answers at once. Lambda makes a function inactive that was idle
 * for weeks, as those of compensation are, and refuses the next call: that would come in the middle of an outage.
 *
 * Source: https://docs.aws.amazon.com/lambda/latest/dg/functions-states.html
 */
export class KeepActive extends Construct {
  constructor(scope: Construct, id: string, functions: readonly IFunction[]) {
    super(scope, id);
    for (let from = 0; from < functions.length; from += TARGETS_PER_RULE) {
      new Rule(this, `Daily${from / TARGETS_PER_RULE + 1}`, {
        description: 'Keeps functions that rotate DocumentDB credentials from becoming inactive',
        schedule: Schedule.rate(Duration.days(1)),
        targets: functions
          .slice(from, from + TARGETS_PER_RULE)
          .map(
            (each) => new LambdaFunction(each, { event: RuleTargetInput.fromObject({ keepActive: true }) }),
          ),
      });
    }
  }
}
