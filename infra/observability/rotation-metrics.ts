import type { Duration } from 'aws-cdk-lib';
import { Metric, type MetricOptions } from 'aws-cdk-lib/aws-cloudwatch';
import type { StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { METRICS_NAMESPACE, type MetricName } from '../../functions/contract/metrics.ts';

/** How many executions of a machine ended in one way, or what else is measured for the machine as a whole. */
export const machineMetric = (
  metricName: MetricName,
  machine: StateMachine,
  period: Duration,
  options: MetricOptions = {},
): Metric =>
  new Metric({
    statistic: 'Sum',
    period,
    ...options,
    namespace: METRICS_NAMESPACE,
    metricName,
    dimensionsMap: { StateMachine: machine.stateMachineName },
  });
