import { ArnFormat, Duration, Stack } from 'aws-cdk-lib';
import type { ISecret } from 'aws-cdk-lib/aws-secretsmanager';
import type { StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import { PROVEN_TAG } from '../../functions/contract/tags.ts';
import { grantDescribeExecutions } from '../grants/grant-describe-executions.ts';
import { secretArnForPolicy } from '../grants/secret-arn-for-policy.ts';
import { StepFunction, type StepFunctionDefaults, type StepFunctionProps } from './step-function.ts';

const READ = ['secretsmanager:DescribeSecret', 'secretsmanager:GetSecretValue'];
const MOVE_LABELS = ['secretsmanager:DescribeSecret', 'secretsmanager:UpdateSecretVersionStage'];
const WRITE_VERSION = [...READ, 'secretsmanager:PutSecretValue', 'secretsmanager:UpdateSecretVersionStage'];

/**
 * One tag, and no other: a tag says how a secret is rotated, and with whose power.
 *
 * Source: aws:TagKeys among the condition keys of TagResource in
 * https://docs.aws.amazon.com/service-authorization/latest/reference/list_awssecretsmanager.html, with the operator
 * that https://docs.aws.amazon.com/IAM/latest/UserGuide/access_tags.html#access_tags_control-tag-keys shows
 */
const PROVEN_TAG_ONLY = { 'ForAllValues:StringEquals': { 'aws:TagKeys': [PROVEN_TAG] } };

/** The functions of a rotation, and what each may do. */
export class RotationFunctions extends Construct {
  readonly trigger: StepFunction;
  /** The steps, by the placeholder that each one fills in the state machine's definition. */
  readonly byPlaceholder: Readonly<Record<string, StepFunction>>;

  /** The same of the recovery and of the retirement. */
  readonly recoveryByPlaceholder: Readonly<Record<string, StepFunction>>;
  readonly retirementByPlaceholder: Readonly<Record<string, StepFunction>>;

  /** Those that are always retried for hours, by their names. */
  readonly patient: Readonly<Record<string, StepFunction>>;
  /** Those that are retried for hours by compensation (CheckRestored), but serve the forward path too. */
  readonly patientInCompensation: Readonly<Record<string, StepFunction>>;

  private readonly createSecret: StepFunction;
  private readonly setSecret: StepFunction;
  private readonly testSecret: StepFunction;
  private readonly finishSecret: StepFunction;
  private readonly restoreCredential: StepFunction;
  private readonly restoreLabels: StepFunction;
  private readonly releaseLock: StepFunction;
  private readonly recoverSecret: StepFunction;
  private readonly retireUser: StepFunction;
  /** The clusters that a recovery may ask for a password, by the ARN of the primary user's secret. */
  private readonly resettable: Record<string, string> = {};
  /** The users that a recovery may reset through an admin secret, by the ARN of the user's secret. */
  private readonly users: Record<string, string> = {};

  constructor(scope: Construct, id: string, defaults: StepFunctionDefaults) {
    super(scope, id);
    const make = (constructId: string, props: Omit<StepFunctionProps, keyof StepFunctionDefaults>) =>
      new StepFunction(this, constructId, { ...defaults, ...props });

    this.createSecret = make('CreateSecret', {
      name: 'create-secret',
      description: 'Writes the new version of the secret and takes the lock',
      usesDatabase: false,
    });
    this.setSecret = make('SetSecret', {
      name: 'set-secret',
      description: 'Makes the database accept the new credential',
      usesDatabase: true,
    });
    this.testSecret = make('TestSecret', {
      name: 'test-secret',
      description: 'Logs in with a version of the secret on every instance',
      usesDatabase: true,
    });
    this.finishSecret = make('FinishSecret', {
      name: 'finish-secret',
      description: 'Promotes the new version of the secret',
      usesDatabase: false,
    });
    this.restoreCredential = make('RestoreCredential', {
      name: 'restore-credential',
      description: 'Makes the database accept the last good credential again',
      usesDatabase: true,
    });
    this.restoreLabels = make('RestoreLabels', {
      name: 'restore-labels',
      description: 'Puts the labels of the secret back where they were',
      usesDatabase: false,
    });
    this.releaseLock = make('ReleaseLock', {
      name: 'release-lock',
      description: 'Ends an execution: settles AWSPENDING and releases the lock',
      usesDatabase: false,
    });
    this.recoverSecret = make('RecoverSecret', {
      name: 'recover-secret',
      description: 'Makes the secret and the database agree after a rotation that was cut off',
      usesDatabase: true,
    });
    this.retireUser = make('RetireUser', {
      name: 'retire-user',
      description: 'Takes the power from the user that a rotation has replaced',
      usesDatabase: true,
    });
    this.trigger = make('Trigger', {
      name: 'rotation-trigger',
      description: 'Called by Secrets Manager: starts the rotation and waits for its end',
      usesDatabase: false,
      // It waits for a whole rotation, as long as Lambda lets it.
      timeout: Duration.minutes(15),
    });
    this.byPlaceholder = {
      CreateSecretFunctionArn: this.createSecret,
      SetSecretFunctionArn: this.setSecret,
      TestSecretFunctionArn: this.testSecret,
      FinishSecretFunctionArn: this.finishSecret,
      RestoreCredentialFunctionArn: this.restoreCredential,
      RestoreLabelsFunctionArn: this.restoreLabels,
      ReleaseLockFunctionArn: this.releaseLock,
    };
    this.recoveryByPlaceholder = {
      RecoverSecretFunctionArn: this.recoverSecret,
      TestSecretFunctionArn: this.testSecret,
    };
    this.retirementByPlaceholder = { RetireUserFunctionArn: this.retireUser };
    this.patient = {
      RestoreCredential: this.restoreCredential,
      RestoreLabels: this.restoreLabels,
      ReleaseLock: this.releaseLock,
      RecoverSecret: this.recoverSecret,
    };
    this.patientInCompensation = { TestSecret: this.testSecret };
    this.grantPasswords();
  }

  all(): StepFunction[] {
    const steps = [this.byPlaceholder, this.recoveryByPlaceholder, this.retirementByPlaceholder];
    return [...new Set(steps.flatMap((byPlaceholder) => Object.values(byPlaceholder))), this.trigger];
  }

  /** Grants what rotating a secret takes, to each function no more than its own part. */
  grantManage(secret: ISecret): void {
    const arn = [secretArnForPolicy(secret)];
    const writers = [this.createSecret, this.recoverSecret, this.retireUser, this.trigger];
    for (const writer of writers) writer.allow(WRITE_VERSION, arn);
    this.trigger.allow(['secretsmanager:ListSecretVersionIds'], arn);
    for (const mover of [this.finishSecret, this.restoreLabels, this.releaseLock])
      mover.allow(MOVE_LABELS, arn);
    this.setSecret.allow(['secretsmanager:UpdateSecretVersionStage'], arn);
    for (const recorder of [this.createSecret, this.releaseLock, this.recoverSecret, this.trigger])
      recorder.allow(['secretsmanager:TagResource'], arn, PROVEN_TAG_ONLY);
    const readers = [this.setSecret, this.testSecret, this.restoreCredential];
    for (const reader of readers) reader.allow(READ, arn);
    this.grantDecrypt(secret, [...readers, ...writers]);
    this.grantEncrypt(secret, writers);
  }

  /** Grants the functions that use an admin's power the reading of its secret. */
  grantReadAdmin(secret: ISecret): void {
    const users = [
      this.setSecret,
      this.testSecret,
      this.restoreCredential,
      this.recoverSecret,
      this.retireUser,
    ];
    for (const user of users) user.allow(READ, [secretArnForPolicy(secret)]);
    this.grantDecrypt(secret, users);
  }

  /** Lets a recovery have AWS set the password of this cluster's primary user, and of no other, for this secret only. */
  grantReset(secret: ISecret, clusterIdentifier: string): void {
    const cluster = Stack.of(this).formatArn({
      service: 'rds',
      resource: 'cluster',
      resourceName: clusterIdentifier,
      arnFormat: ArnFormat.COLON_RESOURCE_NAME,
    });
    this.recoverSecret.allow(['rds:DescribeDBClusters', 'rds:ModifyDBCluster'], [cluster]);
    this.resettable[secretArnForPolicy(secret)] = clusterIdentifier;
    // In the environment, where only a deployment can write: who may write or tag a secret must not choose the cluster.
    this.recoverSecret.function.addEnvironment(
      'RESET_THROUGH_CLUSTER',
      Stack.of(this).toJsonString(this.resettable),
    );
  }

  /** Names the user whose password a recovery may set through the admin secret: for the reason above, in the environment too. */
  nameUser(secret: ISecret, username: string): void {
    this.users[secretArnForPolicy(secret)] = username;
    this.recoverSecret.function.addEnvironment(
      'RESET_THROUGH_ADMIN',
      Stack.of(this).toJsonString(this.users),
    );
  }

  /** The trigger starts executions of this machine, and looks at no others. */
  grantTriggerStart(machine: StateMachine): void {
    this.trigger.function.addEnvironment('STATE_MACHINE_ARN', machine.stateMachineArn);
    this.trigger.allow(['states:StartExecution'], [machine.stateMachineArn]);
    grantDescribeExecutions(this.trigger.role, machine);
  }

  /** GetRandomPassword knows no resources. Those that touch the database need a password that nobody keeps, to lock a user. */
  private grantPasswords(): void {
    const makers = [
      this.createSecret,
      this.trigger,
      this.restoreCredential,
      this.recoverSecret,
      this.retireUser,
    ];
    for (const maker of makers) maker.allow(['secretsmanager:GetRandomPassword'], ['*']);
  }

  private grantDecrypt(secret: ISecret, functions: StepFunction[]): void {
    this.grantUseKey(secret, functions, 'kms:Decrypt');
  }

  private grantEncrypt(secret: ISecret, functions: StepFunction[]): void {
    this.grantUseKey(secret, functions, 'kms:GenerateDataKey');
  }

  /**
   * Grants the use of the secret's key, through Secrets Manager only. In the role, not in the key's policy
   * as CDK's own grants: an imported key's policy can't be changed from here.
   */
  private grantUseKey({ encryptionKey }: ISecret, functions: StepFunction[], action: string): void {
    if (!encryptionKey) return;
    const viaSecretsManager = {
      StringEquals: { 'kms:ViaService': `secretsmanager.${Stack.of(this).region}.amazonaws.com` },
    };
    for (const fn of functions) fn.allow([action], [encryptionKey.keyArn], viaSecretsManager);
  }
}
