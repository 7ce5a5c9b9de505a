import '../runtime/trace-sources.ts';

import { Logger } from '@aws-lambda-powertools/logger';
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { SFNClient } from '@aws-sdk/client-sfn';
import { SNSClient } from '@aws-sdk/client-sns';
import type { MetricName } from '../contract/metrics.ts';
import { recordMetric } from '../runtime/cloudwatch-metrics.ts';
import { reportOutcomeConfig } from '../runtime/config.ts';
import { REQUEST_LIMITS } from '../runtime/request-limits.ts';
import { eventBridge } from './event-bridge.ts';
import { ExecutionEnded } from './execution-ended.ts';
import { operatorsTopic } from './operators-topic.ts';
import { reportOutcome } from './report-outcome.ts';
import { stepFunctions } from './step-functions.ts';

const logger = new Logger({ serviceName: 'docdb-rotation' });
const environment = reportOutcomeConfig();
const config = {
  recoveryStateMachineArn: environment.RECOVERY_STATE_MACHINE_ARN,
  retirementStateMachineArn: environment.RETIREMENT_STATE_MACHINE_ARN,
  runbookUrl: environment.RUNBOOK_URL,
};
const CALLS = { maxAttempts: 3, requestHandler: REQUEST_LIMITS };
const ports = {
  executions: stepFunctions(new SFNClient(CALLS)),
  measurements: {
    record: (
      metric: MetricName,
      unit: 'Count' | 'Milliseconds',
      value: number,
      stateMachine: string,
      secret?: string,
    ) => {
      recordMetric(metric, unit, value, {
        StateMachine: stateMachine,
        ...(secret === undefined ? {} : { Secret: secret }),
      });
    },
  },
  bus: eventBridge(new EventBridgeClient(CALLS)),
  operators: operatorsTopic(new SNSClient(CALLS), environment.OPERATORS_TOPIC_ARN),
};

/** Lambda calls again, twice, if it throws: the metrics come first and may be counted again, which moves no alarm. */
export const handler = async (event: unknown): Promise<void> => {
  const { detail } = ExecutionEnded.parse(event);
  const report = await reportOutcome(ports, config, detail);
  logger.info('an execution has ended', { ...report });
};
