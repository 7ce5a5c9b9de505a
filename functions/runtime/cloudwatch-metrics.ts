import { Metrics } from '@aws-lambda-powertools/metrics';
import { METRICS_NAMESPACE, type MetricName } from '../contract/metrics.ts';

export type MetricUnitName = 'Count' | 'Milliseconds';

/** Writes one number as CloudWatch reads it out of a log: no call, no permission, no endpoint in the VPC. */
export const recordMetric = (
  name: MetricName,
  unit: MetricUnitName,
  value: number,
  dimensions: Readonly<Record<string, string>>,
): void => {
  const metrics = new Metrics({ namespace: METRICS_NAMESPACE });
  // The library adds the dimension "service", by which no alarm here looks.
  metrics.clearDefaultDimensions();
  metrics.addDimensions({ ...dimensions });
  metrics.addMetric(name, unit, value);
  metrics.publishStoredMetrics();
};
