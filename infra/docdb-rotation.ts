import { Annotations, Duration, Names, Stack } from 'aws-cdk-lib';
import type { IDatabaseCluster } from 'aws-cdk-lib/aws-docdb';
import {
  Connections,
  type IConnectable,
  type ISecurityGroup,
  type IVpc,
  SecurityGroup,
  type SubnetSelection,
} from 'aws-cdk-lib/aws-ec2';
import { Schedule } from 'aws-cdk-lib/aws-events';
import { CfnPermission, type IFunction } from 'aws-cdk-lib/aws-lambda';
import type { RetentionDays } from 'aws-cdk-lib/aws-logs';
import { CfnRotationSchedule, type ISecret } from 'aws-cdk-lib/aws-secretsmanager';
import { type ITopic, Topic } from 'aws-cdk-lib/aws-sns';
import type { StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import type { ManageOptions } from './manage-options.ts';
import { RotationFunctions } from './rotation-functions.ts';
import { RotationStateMachine } from './rotation-state-machine.ts';
import { tagSecret, tagsFor } from './secret-tags.ts';
import { Workflow } from './workflow.ts';

export interface DocDbRotationProps {
  /**
   * The VPC of the clusters.
   *
   * @default - the functions run outside any VPC, from where no DocumentDB cluster can be reached
   */
  readonly vpc?: IVpc;
  /**
   * Where in the VPC the functions run. They need a way to Secrets Manager, Step Functions and the clusters.
   *
   * @default - the VPC's private subnets with egress
   */
  readonly vpcSubnets?: SubnetSelection;
  /**
   * The functions' security group.
   *
   * @default - a new one
   */
  readonly securityGroup?: ISecurityGroup;
  /**
   * A cluster that the functions are let into.
   *
   * @default - allow it yourself, by `rotation.connections`
   */
  readonly cluster?: IDatabaseCluster;
  /**
   * A PEM file with the certificate authorities of the database.
   *
   * @default - those of Amazon DocumentDB, which come with the functions
   */
  readonly certificateAuthorityFile?: string;
  /**
   * Told when a rollback will not restore.
   *
   * @default - a new topic
   */
  readonly operatorsTopic?: ITopic;
  /**
   * How long a rotation may try to go forward, before it is rolled back.
   *
   * @default Duration.minutes(10)
   */
  readonly forwardBudget?: Duration;
  /**
   * How long a recovery waits for a step that may still be running. Keep it above a step's timeout of 60 seconds.
   *
   * @default Duration.seconds(70)
   */
  readonly stragglerWait?: Duration;
  /**
   * Where the causes of failures point their readers.
   *
   * @default 'statemachine/RUNBOOK.md'
   */
  readonly runbookUrl?: string;
  /** @default RetentionDays.THREE_MONTHS */
  readonly logRetention?: RetentionDays;
}

/**
 * Rotates the DocumentDB credentials kept in Secrets Manager, and rolls back what fails.
 *
 * @example
 * const rotation = new DocDbRotation(this, 'Rotation', { vpc, cluster });
 * rotation.manage(adminSecret, { strategy: Strategy.adminClone() });
 * rotation.manage(appSecret, { strategy: Strategy.alternatingUsers(adminSecret) });
 */
export class DocDbRotation extends Construct implements IConnectable {
  /** What the functions may connect to. */
  readonly connections: Connections;
  /** Start it with `{"secretId": "…"}` to rotate on demand. */
  readonly stateMachine: StateMachine;
  /** Started by a rotation that has replaced one user by another. */
  readonly retirement: StateMachine;
  /** What Secrets Manager calls to rotate. */
  readonly trigger: IFunction;
  readonly operatorsTopic: ITopic;

  private readonly functions: RotationFunctions;
  private readonly triggerPermission: CfnPermission;

  constructor(scope: Construct, id: string, props: DocDbRotationProps = {}) {
    super(scope, id);
    const securityGroups = this.securityGroupsOf(props);
    this.connections = new Connections({ securityGroups });
    if (props.cluster) this.connections.allowToDefaultPort(props.cluster, 'Rotation of credentials');

    this.operatorsTopic = props.operatorsTopic ?? new Topic(this, 'Operators', { enforceSSL: true });
    this.functions = new RotationFunctions(this, 'Functions', {
      network: props.vpc && { vpc: props.vpc, vpcSubnets: props.vpcSubnets, securityGroups },
      logRetention: props.logRetention,
      certificateAuthorityFile: props.certificateAuthorityFile,
    });
    const workflowDefaults = {
      operatorsTopic: this.operatorsTopic,
      runbookUrl: props.runbookUrl ?? 'statemachine/RUNBOOK.md',
      logRetention: props.logRetention,
    };
    this.retirement = new Workflow(this, 'Retirement', {
      ...workflowDefaults,
      definition: 'retirement.asl.json',
      functions: this.functions.retirementByPlaceholder,
    }).stateMachine;
    this.stateMachine = new RotationStateMachine(this, 'StateMachine', {
      ...workflowDefaults,
      steps: this.functions.byPlaceholder,
      retirement: this.retirement,
      forwardBudget: props.forwardBudget ?? Duration.minutes(10),
      stragglerWait: props.stragglerWait ?? Duration.seconds(70),
    }).stateMachine;
    this.functions.letTriggerStart(this.stateMachine);
    this.trigger = this.functions.trigger.function;
    this.triggerPermission = this.allowSecretsManager();
  }

  /**
   * Has a secret rotated. For a secret that is made in this app the tags that say how are put on it;
   * one that is imported must carry them already.
   */
  manage(secret: ISecret, options: ManageOptions = {}): void {
    const adminSecret = options.strategy?.adminSecret;
    this.functions.letManage(secret);
    if (adminSecret) this.functions.letReadAdmin(adminSecret);
    const tags = tagsFor(options);
    if (!tagSecret(secret, tags)) this.askForTags(secret, tags);
    this.schedule(secret, options);
  }

  private securityGroupsOf(props: DocDbRotationProps): ISecurityGroup[] {
    if (!props.vpc) return [];
    if (props.securityGroup) return [props.securityGroup];
    return [
      new SecurityGroup(this, 'SecurityGroup', {
        vpc: props.vpc,
        description: 'Functions that rotate DocumentDB credentials',
      }),
    ];
  }

  /** Secrets Manager checks no caller's account for us: without the condition any account's secret could invoke the trigger. */
  private allowSecretsManager(): CfnPermission {
    return new CfnPermission(this, 'AllowSecretsManager', {
      action: 'lambda:InvokeFunction',
      functionName: this.trigger.functionArn,
      principal: 'secretsmanager.amazonaws.com',
      sourceAccount: Stack.of(this).account,
    });
  }

  private schedule(secret: ISecret, options: ManageOptions): void {
    // aws-secretsmanager's RotationSchedule would let Secrets Manager of any account in, and grant the trigger more.
    const schedule = new CfnRotationSchedule(this, `Schedule${Names.nodeUniqueId(secret.node)}`, {
      secretId: secret.secretArn,
      rotationLambdaArn: this.trigger.functionArn,
      rotateImmediatelyOnUpdate: options.rotateImmediately ?? false,
      rotationRules: {
        scheduleExpression: (options.schedule ?? Schedule.rate(Duration.days(30))).expressionString,
      },
    });
    schedule.addResourceDependency(this.triggerPermission);
    // A new schedule makes Secrets Manager test the secret at once, which takes every grant.
    schedule.node.addDependency(this.functions);
  }

  private askForTags(secret: ISecret, tags: Record<string, string>): void {
    const list = Object.entries(tags).map(([key, value]) => `${key}=${value}`);
    Annotations.of(this).addInfo(
      `${secret.secretName} is not made in this app, which can't tag it: see that it has the tags ${list.join(', ')}`,
    );
  }
}
