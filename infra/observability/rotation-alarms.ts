import { Duration, Stack } from 'aws-cdk-lib';
import {
  Alarm,
  ComparisonOperator,
  type IMetric,
  Metric,
  TreatMissingData,
} from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import type { IRule } from 'aws-cdk-lib/aws-events';
import { Effect, PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import type { MetricName } from '../../functions/contract/metrics.ts';
import { machineMetric } from './rotation-metrics.ts';

/** Short, since someone waits: an end is told within a minute or two. */
const END = Duration.minutes(1);

/** Errors of functions, and of rules. */
const CALLS = Duration.minutes(5);

/** Compensation is retried at least every two minutes: one that still fails after some is stuck. */
const PERIODS_OF_COMPENSATION = 2;

/** What the forward path calls too may fail for as long as that one has time, and nothing is stuck. */
const PERIODS_OF_FORWARD_PATH = 4;

/** A day is as often as the check runs. */
const CHECK = Duration.days(1);

const DAYS_BEFORE_EXPIRY = 60;

/** As often as the locks are looked at. */
const LOCKS = Duration.hours(1);

/** A recovery starts by itself within minutes, and gets the time to end: what is there two hours in a row is stuck. */
const PERIODS_OF_LOCKS = 2;

export interface RotationAlarmsProps {
  readonly operatorsTopic: ITopic;
  readonly runbookUrl: string;
  readonly rotation: StateMachine;
  readonly recovery: StateMachine;
  readonly retirement: StateMachine;
  readonly trigger: IFunction;
  /** They are retried for hours, and meanwhile their execution has not ended. */
  readonly retriedForHours: Readonly<Record<string, IFunction>>;
  /** So are these, but the forward path calls them too. */
  readonly retriedForHoursInCompensation: Readonly<Record<string, IFunction>>;
  /** What the metrics come from: without these the other alarms would be silent for ever. */
  readonly observers: Readonly<Record<string, IFunction>>;
  readonly recoveryRules: Readonly<Record<string, IRule>>;
  readonly reportRule: IRule;
}

interface AlarmOptions {
  readonly happened: string;
  /** A heading's anchor in the runbook. */
  readonly section: string;
  readonly metric: IMetric;
  /** @default 1 or more */
  readonly below?: number;
  /** @default 1 */
  readonly periods?: number;
}

/** Tells the operators what needs them; each alarm says where the runbook goes on. */
export class RotationAlarms extends Construct {
  readonly alarms: Alarm[] = [];
  private readonly props: RotationAlarmsProps;

  constructor(scope: Construct, id: string, props: RotationAlarmsProps) {
    super(scope, id);
    this.props = props;
    this.grantCloudWatchPublish();
    this.addEndsOfRotations();
    this.addEndsOfRecoveries();
    this.addEndsOfRetirements();
    this.addFunctions();
    this.addRules();
    this.addCheck();
  }

  private addEndsOfRotations(): void {
    const metric = (name: MetricName) => machineMetric(name, this.props.rotation, END);
    this.add('RolledBack', {
      happened: 'A rotation failed and was rolled back: AWSCURRENT logs in, but is as old as it was.',
      section: 'alarm-rolled-back',
      metric: metric('RolledBack'),
    });
    this.add('RollbackFailed', {
      happened: 'A rotation failed and could not be put back: AWSCURRENT may not log in.',
      section: 'alarm-rollback-failed',
      metric: metric('RollbackFailed'),
    });
    this.add('Superseded', {
      happened:
        'A recovery took the lock from a rotation, which touches nothing more: AWSCURRENT may not log in.',
      section: 'rotationsupersedederror',
      metric: metric('Superseded'),
    });
    this.add('TimedOut', {
      happened: 'An execution of the rotation ran for two days and was ended.',
      section: 'alarm-timed-out',
      metric: metric('TimedOut'),
    });
    this.add('RetirementUnknown', {
      happened:
        'A rotation succeeded, but the user that it replaced may keep its power: no retirement is known.',
      section: 'retirementfailed',
      metric: metric('RetirementUnknown'),
    });
  }

  private addEndsOfRecoveries(): void {
    const metric = (name: MetricName) => machineMetric(name, this.props.recovery, END);
    this.add('RecoveryStarted', {
      happened: 'An execution was cut off, and a recovery was started for it.',
      section: 'alarm-recovery-started',
      metric: metric('RecoveryStarted'),
    });
    this.add('RecoveryFailed', {
      happened: 'A recovery could not put things right: AWSCURRENT may not log in.',
      section: 'alarm-rollback-failed',
      metric: metric('RecoveryFailed'),
    });
    this.add('RecoveryStopped', {
      happened: 'Someone stopped a recovery: AWSCURRENT may not log in.',
      section: 'stopped',
      metric: metric('Stopped'),
    });
    this.add('RecoveryTimedOut', {
      happened: 'An execution of the recovery ran for two days and was ended.',
      section: 'alarm-timed-out',
      metric: metric('TimedOut'),
    });
  }

  private addEndsOfRetirements(): void {
    const metric = (name: MetricName) => machineMetric(name, this.props.retirement, END);
    this.add('RetirementFailed', {
      happened: 'A user that a rotation replaced could not be retired: it can still do what it could.',
      section: 'retirementfailed',
      metric: metric('RetirementFailed'),
    });
    this.add('RetirementStopped', {
      happened: 'Someone stopped a retirement: the user that a rotation replaced can still do what it could.',
      section: 'stopped',
      metric: metric('Stopped'),
    });
    this.add('RetirementTimedOut', {
      happened: 'An execution of the retirement ran for a year and was ended.',
      section: 'alarm-timed-out',
      metric: metric('TimedOut'),
    });
  }

  private addFunctions(): void {
    const { trigger, retriedForHours, retriedForHoursInCompensation, observers } = this.props;
    this.add('TriggerErrors', {
      happened: 'The function that Secrets Manager calls failed: a secret was not rotated.',
      section: 'alarm-trigger-errors',
      metric: trigger.metricErrors({ period: CALLS }),
    });
    this.addRetried(retriedForHours, PERIODS_OF_COMPENSATION);
    this.addRetried(retriedForHoursInCompensation, PERIODS_OF_FORWARD_PATH);
    for (const [name, observer] of Object.entries(observers)) {
      this.add(`${name}Errors`, {
        happened: 'A function that measures rotations failed: the other alarms may miss something.',
        section: 'alarm-observer-errors',
        metric: observer.metricErrors({ period: CALLS }),
      });
    }
  }

  private addRetried(steps: Readonly<Record<string, IFunction>>, periods: number): void {
    for (const [name, step] of Object.entries(steps)) {
      this.add(`${name}Errors`, {
        happened: `${name} has been failing for some minutes, and is tried again for hours: AWSCURRENT may not log in, or the lock is held.`,
        section: 'alarm-compensation-waits',
        metric: step.metricErrors({ period: CALLS }),
        periods,
      });
    }
  }

  /** A rule whose target EventBridge could not call in all its retries leaves no other trace. */
  private addRules(): void {
    for (const [name, rule] of Object.entries(this.props.recoveryRules)) {
      this.add(`${name}NotRecovered`, {
        happened: 'An execution was cut off, and EventBridge could not start its recovery.',
        section: 'alarm-recovery-not-started',
        metric: failedInvocations(rule),
      });
    }
    this.add('EndNotReported', {
      happened: 'EventBridge could not have an end reported: the other alarms may miss something.',
      section: 'alarm-observer-errors',
      metric: failedInvocations(this.props.reportRule),
    });
  }

  private addCheck(): void {
    const metric = (name: MetricName, statistic: string) =>
      machineMetric(name, this.props.rotation, CHECK, { statistic });
    this.add('CredentialOverdue', {
      happened:
        'A credential is older than its schedule allows, by more than a day, or its schedule is gone; `npx docdb-rotation list` says which.',
      section: 'alarm-credential-overdue',
      metric: metric('OverdueCredentials', 'Maximum'),
    });
    this.add('CertificateAuthority', {
      happened: `A certificate authority that the functions trust expires in less than ${DAYS_BEFORE_EXPIRY} days, or they trust none of this Region.`,
      section: 'alarm-certificate-authority',
      metric: metric('CertificateAuthorityDaysLeft', 'Minimum'),
      below: DAYS_BEFORE_EXPIRY,
    });
    this.add('LockWithoutExecution', {
      happened:
        'A secret is locked by an execution that does not run: nothing rotates it, and AWSCURRENT may not log in; `npx docdb-rotation list` says which.',
      section: 'lockwithoutexecution',
      metric: machineMetric('LockWithoutExecution', this.props.rotation, LOCKS, { statistic: 'Maximum' }),
      periods: PERIODS_OF_LOCKS,
    });
  }

  private add(id: string, { happened, section, metric, below, periods = 1 }: AlarmOptions): void {
    const alarm = new Alarm(this, id, {
      alarmDescription: `${happened} What to do: ${this.props.runbookUrl}#${section}`,
      metric,
      threshold: below ?? 1,
      comparisonOperator:
        below === undefined
          ? ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD
          : ComparisonOperator.LESS_THAN_THRESHOLD,
      evaluationPeriods: periods,
      // Usually nothing ends, and then there is nothing to measure.
      treatMissingData: TreatMissingData.NOT_BREACHING,
    });
    alarm.addAlarmAction(new SnsAction(this.props.operatorsTopic));
    this.alarms.push(alarm);
  }

  /**
   * A topic with a policy of its own, such as "only by TLS", no longer lets CloudWatch in, and a key lets in no one by
   * itself. What is imported is its owner's affair.
   *
   * Source: https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html#compatibility-with-aws-services
   */
  private grantCloudWatchPublish(): void {
    this.props.operatorsTopic.masterKey?.addToResourcePolicy(
      new PolicyStatement({
        sid: 'AlarmsOfThisAccount',
        effect: Effect.ALLOW,
        principals: [new ServicePrincipal('cloudwatch.amazonaws.com')],
        actions: ['kms:Decrypt', 'kms:GenerateDataKey*'],
        resources: ['*'],
        conditions: { StringEquals: { 'aws:SourceAccount': Stack.of(this).account } },
      }),
    );
    this.props.operatorsTopic.addToResourcePolicy(
      new PolicyStatement({
        sid: 'AlarmsOfThisAccount',
        effect: Effect.ALLOW,
        principals: [new ServicePrincipal('cloudwatch.amazonaws.com')],
        actions: ['sns:Publish'],
        resources: [this.props.operatorsTopic.topicArn],
        conditions: { StringEquals: { 'aws:SourceAccount': Stack.of(this).account } },
      }),
    );
  }
}

/** Source: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-monitoring.html */
const failedInvocations = (rule: IRule): Metric =>
  new Metric({
    namespace: 'AWS/Events',
    metricName: 'FailedInvocations',
    dimensionsMap: { RuleName: rule.ruleName },
    statistic: 'Sum',
    period: CALLS,
  });
