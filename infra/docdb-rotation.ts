import { Annotations, Duration, Names, Stack, Token } from 'aws-cdk-lib';
import type { Alarm, Metric, MetricOptions } from 'aws-cdk-lib/aws-cloudwatch';
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
import { Grant, type IGrantable } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { CfnPermission, type IFunction } from 'aws-cdk-lib/aws-lambda';
import type { RetentionDays } from 'aws-cdk-lib/aws-logs';
import { CfnRotationSchedule, type ISecret } from 'aws-cdk-lib/aws-secretsmanager';
import { type ITopic, Topic } from 'aws-cdk-lib/aws-sns';
import type { StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct, type IConstruct, type IDependable } from 'constructs';
import type { Outcome } from '../functions/contract/metrics.ts';
import { KeepActive } from './functions/keep-active.ts';
import { RotationFunctions } from './functions/rotation-functions.ts';
import type { StepFunction } from './functions/step-function.ts';
import { WarmFunction } from './functions/warm-function.ts';
import { grantUseMachineKey } from './grants/grant-use-machine-key.ts';
import { neededByTest } from './network/needed-by-test.ts';
import { ServiceEndpoints, type ServiceEndpointsOptions } from './network/service-endpoints.ts';
import { missingWayToAws } from './network/way-to-aws.ts';
import { CredentialCheck } from './observability/credential-check.ts';
import { grantLogs } from './observability/log-encryption.ts';
import { OutcomeReporter } from './observability/outcome-reporter.ts';
import { RotationAlarms } from './observability/rotation-alarms.ts';
import { RotationDashboard } from './observability/rotation-dashboard.ts';
import { machineMetric } from './observability/rotation-metrics.ts';
import { checkManageOptions, checkProps } from './options/check-props.ts';
import { clusterIdentifierOf } from './options/cluster-identifier.ts';
import { DeclaredSettings } from './options/declared-settings.ts';
import { referencesToPair } from './options/literal-primary-user.ts';
import type { ManageOptions } from './options/manage-options.ts';
import { assertAuthorityFor } from './options/region-authority.ts';
import { RUNBOOK, warnOfPath } from './options/runbook.ts';
import { tagSecret, tagsFor } from './options/secret-tags.ts';
import { SingleSchedule } from './options/single-schedule.ts';
import { addOutputs } from './rotation-outputs.ts';
import { RecoveryStateMachine } from './workflows/recovery-state-machine.ts';
import { RotationStateMachine } from './workflows/rotation-state-machine.ts';
import { Workflow } from './workflows/workflow.ts';

/** The time-out of a function, 10 seconds in which Lambda starts it, and 20 more. functions/LOCK.md says why. */
const DRAIN = Duration.seconds(90);

const METRIC_PERIOD = Duration.minutes(5);

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
   * A PEM file with the certificate authorities of the database, beside Amazon's.
   *
   * @default - those of Amazon DocumentDB, which come with the functions; a Region of which they have none is refused
   */
  readonly certificateAuthorityFile?: string;
  /**
   * Interface endpoints for the functions, in a VPC that has no NAT gateway and no such endpoints yet: true for
   * those that are always needed, or an object that says which. False says that isolated subnets have a way to AWS which the app does not know.
   *
   * @default - none is made; isolated subnets without endpoints are refused
   */
  readonly vpcEndpoints?: boolean | ServiceEndpointsOptions;
  /**
   * A KMS key for the logs, for the functions' environment, and for the definitions and executions of the state
   * machines. Who starts executions needs `kms:Decrypt` and `kms:GenerateDataKey` on it; to look at them
   * `kms:Decrypt` is enough. No password is among these data. The policy of an imported key must let CloudWatch Logs use
   * it already (`logs.REGION.amazonaws.com`); that of a key of the app is amended.
   *
   * @default - keys of AWS
   */
  readonly encryptionKey?: IKey;
  /**
   * Whether there is a dashboard in CloudWatch.
   *
   * @default true
   */
  readonly dashboard?: boolean;
  /**
   * Told by every alarm, and when compensation does not succeed. An imported topic has to let `cloudwatch.amazonaws.com`
   * publish, and so has its key if it has one.
   *
   * @default - a new topic
   */
  readonly operatorsTopic?: ITopic;
  /**
   * How long a rotation may try to go forward, before it is rolled back.
   *
   * @default Duration.minutes(10)
   */
  readonly propagationTimeout?: Duration;
  /**
   * How long a recovery, and compensation whose outcome is open, wait for a step that may still be running. Keep it
   * above a step's timeout of 60 seconds and the 10 in which Lambda may start it.
   *
   * @default Duration.seconds(90)
   */
  readonly drain?: Duration;
  /**
   * Where the causes of failures point their readers: an address without quotes, backslashes or white space.
   *
   * @default - the path of the runbook in this package, which is no address: the synthesis warns of it
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
  /** Makes a secret and its database agree after something was cut off. Start it with `{"secretId": "…"}` by hand. */
  readonly recovery: StateMachine;
  /** Started by a rotation that has replaced one user by another. */
  readonly retirement: StateMachine;
  /** What Secrets Manager calls to rotate. */
  readonly trigger: IFunction;
  readonly operatorsTopic: ITopic;
  /** Each tells the operators, and says where in the runbook to go on. */
  readonly alarms: readonly Alarm[];

  private readonly schedules = new SingleSchedule(this);
  private readonly declared = new DeclaredSettings();
  private readonly credentialCheck: CredentialCheck;
  private readonly functions: RotationFunctions;
  private readonly triggerPermission: CfnPermission;
  private readonly encryptionKey: IKey | undefined;
  private readonly props: DocDbRotationProps;
  /** What of this construct a test of a secret takes. */
  private readonly usedByTest: readonly IConstruct[];
  private firstSchedule: CfnRotationSchedule | undefined;
  private usesClusterApi = false;

  constructor(scope: Construct, id: string, props: DocDbRotationProps = {}) {
    super(scope, id);
    checkProps(props, Stack.of(this));
    assertAuthorityFor(Stack.of(this).region, props.certificateAuthorityFile);
    this.props = props;
    this.encryptionKey = props.encryptionKey;
    const securityGroups = this.securityGroupsOf(props);
    this.connections = new Connections({ securityGroups });
    if (props.cluster) this.connections.allowToDefaultPort(props.cluster, 'Rotation of credentials');

    this.operatorsTopic = props.operatorsTopic ?? new Topic(this, 'Operators', { enforceSSL: true });
    if (props.encryptionKey) grantLogs(this, props.encryptionKey);
    const functionDefaults = {
      network: props.vpc && { vpc: props.vpc, vpcSubnets: props.vpcSubnets, securityGroups },
      logRetention: props.logRetention,
      encryptionKey: props.encryptionKey,
      certificateAuthorityFile: props.certificateAuthorityFile,
    };
    this.functions = new RotationFunctions(this, 'Functions', functionDefaults);
    const runbookUrl = props.runbookUrl ?? RUNBOOK;
    warnOfPath(this, runbookUrl);
    const workflowDefaults = {
      operatorsTopic: this.operatorsTopic,
      runbookUrl,
      logRetention: props.logRetention,
      encryptionKey: props.encryptionKey,
    };
    this.retirement = new Workflow(this, 'Retirement', {
      ...workflowDefaults,
      definition: 'retirement',
      functions: this.functions.byPlaceholder('retirement'),
    }).stateMachine;
    const drain = props.drain ?? DRAIN;
    const rotation = new RotationStateMachine(this, 'StateMachine', {
      ...workflowDefaults,
      steps: this.functions.byPlaceholder('rotation'),
      retirement: this.retirement,
      propagationTimeout: props.propagationTimeout ?? Duration.minutes(10),
      declared: this.declared.asText(),
      drain,
    });
    this.stateMachine = rotation.stateMachine;
    const recovery = new RecoveryStateMachine(this, 'Recovery', {
      ...workflowDefaults,
      steps: this.functions.byPlaceholder('recovery'),
      rotation: this.stateMachine,
      retirement: this.retirement,
      drain,
    });
    this.recovery = recovery.stateMachine;
    this.functions.grantTriggerStart(this.stateMachine);
    grantUseMachineKey(this.functions.trigger.role, props.encryptionKey, this.stateMachine);
    this.trigger = this.functions.trigger.function;
    this.triggerPermission = this.allowSecretsManager();
    const endpoints = this.addEndpoints(props, securityGroups);
    this.node.addValidation({ validate: () => this.missingWayToAws() });
    this.usedByTest = [this.functions, rotation, this.retirement, ...endpoints];

    const machines = { rotation: this.stateMachine, recovery: this.recovery, retirement: this.retirement };
    const reporter = new OutcomeReporter(this, 'OutcomeReporter', {
      ...functionDefaults,
      ...machines,
      runbookUrl,
      operatorsTopic: this.operatorsTopic,
    });
    this.credentialCheck = new CredentialCheck(this, 'CredentialCheck', { ...functionDefaults, ...machines });
    const steps = this.functions.all().map((step) => step.function);
    new KeepActive(this, 'KeepActive', steps);
    // TestSecret, the other one in the outage window, has run in CheckBefore by then.
    new WarmFunction(this, 'WarmFinishSecret', {
      function: this.functions.finishSecret.function,
      machine: this.stateMachine,
    });
    this.alarms = new RotationAlarms(this, 'Alarms', {
      ...machines,
      runbookUrl,
      operatorsTopic: this.operatorsTopic,
      trigger: this.trigger,
      retriedForHours: functionsOf(this.functions.retriedForHours('always')),
      retriedForHoursInCompensation: functionsOf(this.functions.retriedForHours('in compensation')),
      observers: {
        ReportOutcome: reporter.step.function,
        CheckCredentials: this.credentialCheck.step.function,
      },
      recoveryRules: recovery.rules,
      reportRule: reporter.rule,
    }).alarms;
    if (props.dashboard ?? true) {
      new RotationDashboard(this, 'Dashboard', { ...machines, alarms: [...this.alarms] });
    }
    addOutputs(this);
  }

  /**
   * Has a secret rotated. For a secret that is made in this app the tags that say how are put on it;
   * one that is imported must carry them already.
   */
  manage(secret: ISecret, options: ManageOptions = {}): void {
    checkManageOptions(secret, options, Stack.of(this));
    this.schedules.claim(secret);
    const adminSecret = options.strategy?.adminSecret;
    if ((options.strategy?.name ?? 'single-user') !== 'single-user')
      this.node.addValidation({ validate: () => referencesToPair(secret) });
    this.usesClusterApi ||= options.resetThroughCluster !== undefined;
    this.functions.grantManage(secret);
    this.credentialCheck.watch(secret);
    if (adminSecret) this.functions.grantReadAdmin(adminSecret);
    if (options.resetThroughCluster !== undefined) {
      this.functions.grantReset(secret, clusterIdentifierOf(options.resetThroughCluster));
    }
    if (options.resetThroughAdmin !== undefined) this.functions.nameUser(secret, options.resetThroughAdmin);
    this.declared.add(secret, options);
    const tags = tagsFor(options);
    if (!tagSecret(secret, tags)) this.askForTags(secret, tags);
    this.schedule(secret, options);
  }

  /**
   * Lets someone start executions of the state machine: rotate a managed secret on demand, test it, roll it back. To
   * look at executions takes `stateMachine.grantRead` too.
   */
  grantStart(grantee: IGrantable): Grant {
    return this.grantStartOf(this.stateMachine, grantee);
  }

  /**
   * Lets someone start recoveries, which take the lock from the execution that has it and may reset a password. To look at them
   * takes `recovery.grantRead` too.
   */
  grantRecover(grantee: IGrantable): Grant {
    return this.grantStartOf(this.recovery, grantee);
  }

  /** Rotations that replaced a credential. */
  metricRotated(options?: MetricOptions): Metric {
    return this.metric('Rotated', options);
  }

  /** Rotations that failed, and put everything back. */
  metricRolledBack(options?: MetricOptions): Metric {
    return this.metric('RolledBack', options);
  }

  /** Rotations that failed, and could not put everything back. */
  metricRollbackFailed(options?: MetricOptions): Metric {
    return this.metric('RollbackFailed', options);
  }

  /** Recoveries that were started for executions that someone or something cut off. */
  metricRecoveryStarted(options?: MetricOptions): Metric {
    return machineMetric('RecoveryStarted', this.recovery, METRIC_PERIOD, options);
  }

  /** How many executions of the rotation ended in one way, by the name that the event of that end has as `outcome`. */
  metric(outcome: Outcome, options?: MetricOptions): Metric {
    return machineMetric(outcome, this.stateMachine, METRIC_PERIOD, options);
  }

  private grantStartOf(machine: StateMachine, grantee: IGrantable): Grant {
    grantUseMachineKey(grantee.grantPrincipal, this.encryptionKey, machine);
    return Grant.addToPrincipal({
      grantee,
      actions: ['states:StartExecution'],
      resourceArns: [machine.stateMachineArn],
    });
  }

  private addEndpoints(
    { vpc, vpcSubnets, vpcEndpoints }: DocDbRotationProps,
    callers: ISecurityGroup[],
  ): ServiceEndpoints[] {
    if (!vpc || !vpcEndpoints) return [];
    const options = vpcEndpoints === true ? {} : vpcEndpoints;
    return [new ServiceEndpoints(this, 'Endpoints', { vpc, vpcSubnets, callers, options })];
  }

  private missingWayToAws(): string[] {
    const { vpc, vpcSubnets, vpcEndpoints } = this.props;
    if (!vpc || vpcEndpoints === false) return [];
    return missingWayToAws({ vpc, vpcSubnets, usesClusterApi: this.usesClusterApi });
  }

  private securityGroupsOf(props: DocDbRotationProps): ISecurityGroup[] {
    if (!props.vpc) return [];
    if (props.securityGroup) return [props.securityGroup];
    const group = new SecurityGroup(this, 'SecurityGroup', {
      vpc: props.vpc,
      description: 'Functions that rotate DocumentDB credentials',
    });
    // It lets everything out: to be let in somewhere takes no rule here, of which CDK warns at each synthesis.
    Annotations.of(group).acknowledgeWarning('@aws-cdk/aws-ec2:ipv4IgnoreEgressRule');
    return [group];
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
    // The first one waits for all of them, the others for the first: for hundreds of secrets a template has no room for more.
    const used = this.firstSchedule ? [this.firstSchedule] : [this.triggerPermission, ...this.usedByTest];
    this.firstSchedule ??= schedule;
    schedule.node.addDependency(...used, this.neededByTest(schedule, secret, options));
  }

  private neededByTest(schedule: IConstruct, secret: ISecret, options: ManageOptions): IDependable {
    const { vpc, vpcSubnets, cluster } = this.props;
    const { strategy, resetThroughCluster } = options;
    return neededByTest(schedule, {
      vpc,
      vpcSubnets,
      securityGroups: this.connections.securityGroups,
      secrets: [secret, ...(strategy?.adminSecret ? [strategy.adminSecret] : [])],
      clusters: [cluster, resetThroughCluster].filter((each) => typeof each === 'object'),
    });
  }

  private askForTags(secret: ISecret, tags: Record<string, string>): void {
    const known = (value: string, otherwise: string) => (Token.isUnresolved(value) ? otherwise : value);
    const list = Object.entries(tags).map(
      ([key, value]) => `${key}=${known(value, '(the ARN of the admin secret)')}`,
    );
    const name = known(secret.secretName, secret.node.path);
    Annotations.of(this).addInfo(
      `${name} is not made in this app, which can't tag it: see that it has the tags ${list.join(', ')}`,
    );
  }
}

const functionsOf = (steps: Readonly<Record<string, StepFunction>>): Record<string, IFunction> =>
  Object.fromEntries(Object.entries(steps).map(([name, step]) => [name, step.function]));
