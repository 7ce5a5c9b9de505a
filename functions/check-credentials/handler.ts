import '../runtime/trace-sources.ts';

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Logger } from '@aws-lambda-powertools/logger';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SFNClient } from '@aws-sdk/client-sfn';
import * as z from 'zod';
import type { MetricName } from '../contract/metrics.ts';
import { amazonAuthorities } from '../runtime/amazon-authorities.ts';
import { clock } from '../runtime/clock.ts';
import { recordMetric } from '../runtime/cloudwatch-metrics.ts';
import { checkCredentialsConfig } from '../runtime/config.ts';
import { REQUEST_LIMITS } from '../runtime/request-limits.ts';
import { checkCredentials } from './check-credentials.ts';
import { checkLocks } from './check-locks.ts';
import { labelsOf, scheduleOf } from './described-secret.ts';
import { runningExecutions } from './running-executions.ts';

const Secrets = z.array(z.string().min(1));

/** What the daily and the hourly rule hand over: a Lambda's environment would be too small for many secrets. */
const Input = z.union([z.strictObject({ secrets: Secrets }), z.strictObject({ locksOf: Secrets })]);

const logger = new Logger({ serviceName: 'docdb-rotation' });
const environment = checkCredentialsConfig();
const CALLS = { maxAttempts: 3, requestHandler: REQUEST_LIMITS };
const client = new SecretsManagerClient(CALLS);
const file = environment.CERTIFICATE_AUTHORITY_FILE;
const trusted = {
  amazon: amazonAuthorities(environment.AWS_REGION),
  own: file === undefined ? undefined : readFileSync(join(import.meta.dirname, file), 'utf8'),
};
const ports = {
  schedule: scheduleOf(client),
  labels: labelsOf(client),
  running: runningExecutions(new SFNClient(CALLS), environment.STATE_MACHINE_ARNS),
  record: (metric: MetricName, value: number, secret?: string) => {
    const dimension: Record<string, string> =
      secret === undefined ? { StateMachine: environment.STATE_MACHINE_NAME } : { Secret: secret };
    recordMetric(metric, 'Count', value, dimension);
  },
  now: Date.now,
  clock,
};

export const handler = async (event: unknown): Promise<void> => {
  const input = Input.parse(event);
  if ('locksOf' in input) await checkTheLocks(input.locksOf);
  else await checkTheCredentials(input.secrets);
};

const checkTheLocks = async (secrets: readonly string[]): Promise<void> => {
  const checked = await checkLocks(ports, secrets);
  logger[checked.stuck.length > 0 ? 'warn' : 'info']('locks checked', { ...checked });
};

const checkTheCredentials = async (secrets: readonly string[]): Promise<void> => {
  const checked = await checkCredentials(ports, secrets, trusted, environment.AWS_REGION);
  const { overdue, unscheduled, unknown } = checked;
  const worried = overdue.length + unscheduled.length + unknown.length > 0;
  logger[worried ? 'warn' : 'info']('credentials checked', { ...checked });
};
