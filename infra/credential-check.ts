import { Duration, Lazy } from 'aws-cdk-lib';
import { Rule, RuleTargetInput, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import type { ISecret } from 'aws-cdk-lib/aws-secretsmanager';
import type { StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import { secretArnForPolicy } from './secret-arn-for-policy.ts';
import { StepFunction, type StepFunctionDefaults } from './step-function.ts';

/** A rule's input takes 8192 characters, and an ARN about a hundred. */
const SECRETS_PER_RULE = 50;

export interface CredentialCheckProps extends StepFunctionDefaults {
  readonly rotation: StateMachine;
}

/** Measures once a day how old each managed credential is, and how long the certificate authorities last. */
export class CredentialCheck extends Construct {
  readonly step: StepFunction;
  private readonly secrets: ISecret[] = [];

  constructor(scope: Construct, id: string, props: CredentialCheckProps) {
    super(scope, id);
    const { rotation, ...defaults } = props;
    this.step = new StepFunction(this, 'CheckCredentials', {
      ...defaults,
      name: 'check-credentials',
      description: 'Measures the age of the credentials and of the certificate authorities',
      // It has their certificate authorities beside it, as those that log in.
      usesDatabase: true,
      environment: { STATE_MACHINE_NAME: rotation.stateMachineName },
    });
  }

  /** Has one more secret looked at. Its value stays unread. */
  watch(secret: ISecret): void {
    if (this.secrets.length % SECRETS_PER_RULE === 0) this.addRule(this.secrets.length);
    this.secrets.push(secret);
    this.step.allow(['secretsmanager:DescribeSecret'], [secretArnForPolicy(secret)]);
  }

  private addRule(from: number): void {
    new Rule(this, `Daily${from / SECRETS_PER_RULE + 1}`, {
      description: 'Has the age of DocumentDB credentials measured',
      schedule: Schedule.rate(Duration.days(1)),
      targets: [
        new LambdaFunction(this.step.function, {
          event: RuleTargetInput.fromObject({
            secrets: Lazy.list({
              produce: () =>
                this.secrets.slice(from, from + SECRETS_PER_RULE).map((secret) => secret.secretArn),
            }),
          }),
        }),
      ],
    });
  }
}
