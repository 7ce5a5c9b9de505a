import { Duration } from 'aws-cdk-lib';
import {
  type Alarm,
  AlarmStatusWidget,
  Dashboard,
  GraphWidget,
  MathExpression,
} from 'aws-cdk-lib/aws-cloudwatch';
import type { StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import { METRICS_NAMESPACE, type MetricName } from '../../functions/contract/metrics.ts';
import { machineMetric } from './rotation-metrics.ts';

const HOUR = Duration.hours(1);

export interface RotationDashboardProps {
  readonly rotation: StateMachine;
  readonly recovery: StateMachine;
  readonly retirement: StateMachine;
  readonly alarms: Alarm[];
}

/** One page: what is wrong, how rotations ended, for how long logins failed, how old the credentials are. */
export class RotationDashboard extends Construct {
  constructor(
    scope: Construct,
    id: string,
    { rotation, recovery, retirement, alarms }: RotationDashboardProps,
  ) {
    super(scope, id);
    const ends = [
      'Rotated',
      'Reverted',
      'RolledBack',
      'RollbackFailed',
      'Superseded',
      'Refused',
      'CutOff',
    ] as const;
    const recovered = ['Recovered', 'NothingToRecover', 'RecoveryFailed', 'Stopped'] as const;
    const retired = ['Retired', 'RetirementSuperseded', 'RetirementFailed', 'Stopped'] as const;
    new Dashboard(this, 'Resource', {
      widgets: [
        [new AlarmStatusWidget({ title: 'Alarms', alarms, width: 24 })],
        [
          new GraphWidget({
            title: 'How rotations ended',
            left: ends.map((name) => machineMetric(name, rotation, HOUR)),
            width: 8,
          }),
          new GraphWidget({
            title: 'How recoveries ended',
            left: recovered.map((name) => machineMetric(name, recovery, HOUR)),
            width: 8,
          }),
          new GraphWidget({
            title: 'How retirements ended',
            left: retired.map((name) => machineMetric(name, retirement, HOUR)),
            width: 8,
          }),
        ],
        [
          searching(
            'Logins that failed for a single user, in milliseconds',
            'StateMachine,Secret',
            'OutageWindow',
          ),
          searching('Age of each credential, in days', 'Secret', 'CredentialAge', Duration.days(1)),
        ],
      ],
    });
  }
}

/** Finds a metric of every secret, whichever there are. */
const searching = (title: string, dimensions: string, metric: MetricName, period = HOUR): GraphWidget =>
  new GraphWidget({
    title,
    left: [
      new MathExpression({
        expression: `SEARCH('{${METRICS_NAMESPACE},${dimensions}} MetricName="${metric}"', 'Maximum', ${period.toSeconds()})`,
        label: '',
        period,
      }),
    ],
    width: 12,
  });
