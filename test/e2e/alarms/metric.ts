import { z } from 'zod';

/** One number of one metric. A metric is known by its namespace, its name and all its dimensions. */
export interface Metric {
  readonly namespace: string;
  readonly name: string;
  readonly dimensions: Readonly<Record<string, string>>;
  readonly unit: string;
  readonly value: number;
}

/** Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html */
const Embedded = z.looseObject({
  _aws: z.object({
    CloudWatchMetrics: z.array(
      z.object({
        Namespace: z.string(),
        Dimensions: z.array(z.array(z.string())),
        Metrics: z.array(z.object({ Name: z.string(), Unit: z.string() })),
      }),
    ),
  }),
});

/** The numbers that CloudWatch reads out of a log. */
export const embeddedMetrics = (log: string): Metric[] =>
  log
    .split('\n')
    .filter((line) => line.startsWith('{') && line.includes('"CloudWatchMetrics"'))
    .map((line) => Embedded.parse(JSON.parse(line)))
    .flatMap((document) =>
      document._aws.CloudWatchMetrics.flatMap(({ Namespace, Dimensions, Metrics }) =>
        Metrics.flatMap(({ Name, Unit }) =>
          Dimensions.map((keys) => ({
            namespace: Namespace,
            name: Name,
            dimensions: Object.fromEntries(keys.map((key) => [key, z.string().parse(document[key])])),
            unit: Unit,
            value: z.number().parse(document[Name]),
          })),
        ),
      ),
    );

/** Lambda's own: an invocation that ends in an error counts 1. https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html */
export const errorOf = (functionName: string): Metric => ({
  namespace: 'AWS/Lambda',
  name: 'Errors',
  dimensions: { FunctionName: functionName },
  unit: 'Count',
  value: 1,
});

/** EventBridge's own, of the default bus: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-monitoring.html */
export const failedInvocationOf = (ruleName: string): Metric => ({
  namespace: 'AWS/Events',
  name: 'FailedInvocations',
  dimensions: { RuleName: ruleName },
  unit: 'Count',
  value: 1,
});
