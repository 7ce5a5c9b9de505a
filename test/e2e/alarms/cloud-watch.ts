import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  CloudWatchClient,
  DescribeAlarmsCommand,
  GetDashboardCommand,
  PutMetricDataCommand,
  SetAlarmStateCommand,
  StandardUnit,
} from '@aws-sdk/client-cloudwatch';
import { z } from 'zod';
import type { LocalStack } from '../../local-stack/deployment/index.ts';
import { awsOf } from './aws-of.ts';
import { embeddedMetrics, type Metric } from './metric.ts';

/** An alarm of the deployed template. */
export interface DeployedAlarm {
  /** As the template's author named it. */
  readonly id: string;
  /** As CloudFormation named it. */
  readonly name: string;
  readonly arn: string;
  readonly description: string;
  readonly looksAt: Pick<Metric, 'namespace' | 'name' | 'dimensions'>;
}

/**
 * CloudWatch of the emulator, and what it lacks: it reads no metrics out of logs and measures no other service. So
 * the numbers that functions really wrote are published as they are, and of those that AWS documents for its own
 * services exactly what it documents. The emulator compares a number with an alarm by namespace and name only: that
 * the dimensions are the same is for the test to see.
 */
export class CloudWatch {
  readonly #client: CloudWatchClient;
  readonly #log: string;
  #read = 0;

  constructor(stack: LocalStack) {
    this.#client = new CloudWatchClient(awsOf(stack));
    this.#log = join(stack.directory, 'functions.log');
  }

  async alarms(): Promise<DeployedAlarm[]> {
    const { MetricAlarms = [] } = await this.#client.send(new DescribeAlarmsCommand({ MaxRecords: 100 }));
    return MetricAlarms.map((alarm) => ({
      id: /RotationAlarms(.+?)[0-9A-F]{8}/.exec(alarm.AlarmName ?? '')?.[1] ?? '',
      name: alarm.AlarmName ?? '',
      arn: alarm.AlarmArn ?? '',
      description: alarm.AlarmDescription ?? '',
      looksAt: {
        namespace: alarm.Namespace ?? '',
        name: alarm.MetricName ?? '',
        dimensions: Object.fromEntries(
          (alarm.Dimensions ?? []).map(({ Name, Value }) => [Name ?? '', Value ?? '']),
        ),
      },
    }));
  }

  /** What functions have written since the last look. */
  newlyWritten(): Metric[] {
    // The first function that is called makes it.
    const written = existsSync(this.#log) ? readFileSync(this.#log) : Buffer.alloc(0);
    const end = written.lastIndexOf('\n') + 1;
    const news = written.subarray(this.#read, end).toString();
    this.#read = end;
    return embeddedMetrics(news);
  }

  async publish(metrics: readonly Metric[]): Promise<void> {
    for (const { namespace, name, unit, value, dimensions } of metrics) {
      const datum = {
        MetricName: name,
        Unit: z.enum(StandardUnit).parse(unit),
        Value: value,
        Dimensions: Object.entries(dimensions).map(([Name, Value]) => ({ Name, Value })),
      };
      await this.#client.send(new PutMetricDataCommand({ Namespace: namespace, MetricData: [datum] }));
    }
  }

  /** An alarm tells only when its state changes; on AWS each is quiet again when its period is over. */
  async calmDown(alarms: readonly DeployedAlarm[]): Promise<void> {
    for (const { name } of alarms) {
      await this.#client.send(
        new SetAlarmStateCommand({ AlarmName: name, StateValue: 'OK', StateReason: 'the next case begins' }),
      );
    }
  }

  /** The widgets of a dashboard, each as it was deployed. */
  async widgets(dashboardName: string): Promise<unknown[]> {
    const { DashboardBody = '{}' } = await this.#client.send(
      new GetDashboardCommand({ DashboardName: dashboardName }),
    );
    return z.object({ widgets: z.array(z.unknown()) }).parse(JSON.parse(DashboardBody)).widgets;
  }
}
