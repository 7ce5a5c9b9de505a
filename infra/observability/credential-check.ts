import { Duration, Lazy } from 'aws-cdk-lib';
import { Rule, RuleTargetInput, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import type { ISecret } from 'aws-cdk-lib/aws-secretsmanager';
import type { StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import { StepFunction, type StepFunctionDefaults } from '../functions/step-function.ts';
import { secretArnForPolicy } from '../grants/secret-arn-for-policy.ts';

/** A rule's input takes 8192 characters, and an ARN about a hundred. */
const SECRETS_PER_RULE = 50;

export interface CredentialCheckProps extends StepFunctionDefaults {
  readonly rotation: StateMachine;
  readonly recovery: StateMachine;
}

/**
 * Measures once a day how old each managed credential is, and how long the certificate authorities last; and once an
 * hour whether a secret is locked by an execution that does not run.
 */
export class CredentialCheck extends Construct {
  readonly step: StepFunction;
  private readonly secrets: ISecret[] = [];

  constructor(scope: Construct, id: string, props: CredentialCheckProps) {
    super(scope, id);
    const { rotation, recovery, ...defaults } = props;
    // A retirement has the lock for seconds only, and may wait for a year: a lock in its name is no sign of life.
    const machineArns = [rotation, recovery].map((machine) => machine.stateMachineArn);
    this.step = new StepFunction(this, 'CheckCredentials', {
      ...defaults,
      name: 'check-credentials',
      description:
        'Measures the age of the credentials and of the certificate authorities, and looks for locks that are stuck',
      // It has their certificate authorities beside it, as those that log in.
      usesDatabase: true,
      environment: {
        STATE_MACHINE_NAME: rotation.stateMachineName,
        STATE_MACHINE_ARNS: machineArns.join(' '),
      },
    });
    this.step.allow(['states:ListExecutions'], machineArns);
  }

  /** Has one more secret looked at. Its value stays unread. */
  watch(secret: ISecret): void {
    if (this.secrets.length % SECRETS_PER_RULE === 0) this.addRules(this.secrets.length);
    this.secrets.push(secret);
    this.step.allow(
      ['secretsmanager:DescribeSecret', 'secretsmanager:ListSecretVersionIds'],
      [secretArnForPolicy(secret)],
    );
  }

  private addRules(from: number): void {
    const number = from / SECRETS_PER_RULE + 1;
    const secrets = Lazy.list({
      produce: () => this.secrets.slice(from, from + SECRETS_PER_RULE).map((secret) => secret.secretArn),
    });
    const call = (input: object) => [
      new LambdaFunction(this.step.function, { event: RuleTargetInput.fromObject(input) }),
    ];
    new Rule(this, `Daily${number}`, {
      description: 'Has the age of DocumentDB credentials measured',
      schedule: Schedule.rate(Duration.days(1)),
      targets: call({ secrets }),
    });
    new Rule(this, `Hourly${number}`, {
      description: 'Has locks of DocumentDB credentials looked at',
      schedule: Schedule.rate(Duration.hours(1)),
      targets: call({ locksOf: secrets }),
    });
  }
}
