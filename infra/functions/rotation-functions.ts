import { ArnFormat, Stack } from 'aws-cdk-lib';
import type { ISecret } from 'aws-cdk-lib/aws-secretsmanager';
import type { StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import { grantDescribeExecutions } from '../grants/grant-describe-executions.ts';
import { grantReadAdminSecret, grantSecret } from '../grants/grant-secret.ts';
import { secretArnForPolicy } from '../grants/secret-arn-for-policy.ts';
import { StepFunction, type StepFunctionDefaults } from './step-function.ts';
import { type Step, type StepName, stepRows } from './steps.ts';

/** The functions that act on secrets, and what each may do. */
export class RotationFunctions extends Construct {
  private readonly byName: Readonly<Record<StepName, StepFunction>>;
  /** The clusters that a recovery may ask for a password, by the ARN of the primary user's secret. */
  private readonly resettable: Record<string, string> = {};
  /** The users that a recovery may reset through an admin secret, by the ARN of the user's secret. */
  private readonly users: Record<string, string> = {};

  constructor(scope: Construct, id: string, defaults: StepFunctionDefaults) {
    super(scope, id);
    const made = stepRows().map(([name, step]) => [
      name,
      new StepFunction(this, name, { ...defaults, ...step, name: step.folder }),
    ]);
    this.byName = Object.fromEntries(made);
    // GetRandomPassword knows no resources.
    for (const step of this.those(({ makesPasswords }) => makesPasswords))
      step.allow(['secretsmanager:GetRandomPassword'], ['*']);
  }

  get trigger(): StepFunction {
    return this.byName.Trigger;
  }

  get finishSecret(): StepFunction {
    return this.byName.FinishSecret;
  }

  all(): StepFunction[] {
    return Object.values(this.byName);
  }

  /** What a machine calls, by the placeholder that each fills in its definition. */
  byPlaceholder(machine: Step['machines'][number]): Record<string, StepFunction> {
    return this.where(
      ({ machines }) => machines.includes(machine),
      (name) => `${name}FunctionArn`,
    );
  }

  /** Those whose errors are retried for hours. */
  retriedForHours(when: Step['retriedForHours']): Record<string, StepFunction> {
    return this.where(({ retriedForHours }) => retriedForHours === when);
  }

  /** Grants what rotating a secret takes, to each function no more than its own part. */
  grantManage(secret: ISecret): void {
    for (const [name, { grants }] of stepRows()) grantSecret(this.byName[name], secret, grants);
  }

  /** Grants the functions that use an admin's power the reading of its secret. */
  grantReadAdmin(secret: ISecret): void {
    for (const step of this.those(({ readsAdminSecret }) => readsAdminSecret))
      grantReadAdminSecret(step, secret);
  }

  /** Lets a recovery have AWS set the password of this cluster's primary user, and of no other, for this secret only. */
  grantReset(secret: ISecret, clusterIdentifier: string): void {
    const cluster = Stack.of(this).formatArn({
      service: 'rds',
      resource: 'cluster',
      resourceName: clusterIdentifier,
      arnFormat: ArnFormat.COLON_RESOURCE_NAME,
    });
    this.byName.RecoverSecret.allow(['rds:DescribeDBClusters', 'rds:ModifyDBCluster'], [cluster]);
    this.resettable[secretArnForPolicy(secret)] = clusterIdentifier;
    this.tellRecovery('RESET_THROUGH_CLUSTER', this.resettable);
  }

  /** Names the user whose password a recovery may set through the admin secret. */
  nameUser(secret: ISecret, username: string): void {
    this.users[secretArnForPolicy(secret)] = username;
    this.tellRecovery('RESET_THROUGH_ADMIN', this.users);
  }

  /** The trigger starts executions of this machine, and looks at no others. */
  grantTriggerStart(machine: StateMachine): void {
    this.trigger.function.addEnvironment('STATE_MACHINE_ARN', machine.stateMachineArn);
    this.trigger.allow(['states:StartExecution'], [machine.stateMachineArn]);
    grantDescribeExecutions(this.trigger.role, machine);
  }

  /** In the environment, where only a deployment can write: who may write or tag a secret must not choose whose password is reset. */
  private tellRecovery(variable: string, named: Record<string, string>): void {
    this.byName.RecoverSecret.function.addEnvironment(variable, Stack.of(this).toJsonString(named));
  }

  private those(filter: (step: Step) => boolean | undefined): StepFunction[] {
    return Object.values(this.where(filter));
  }

  private where(
    filter: (step: Step) => boolean | undefined,
    keyOf: (name: StepName) => string = (name) => name,
  ): Record<string, StepFunction> {
    const rows = stepRows().filter(([, step]) => filter(step));
    return Object.fromEntries(rows.map(([name]) => [keyOf(name), this.byName[name]]));
  }
}
