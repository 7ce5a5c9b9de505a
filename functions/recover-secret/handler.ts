import '../runtime/trace-sources.ts';

import { DocDBClient } from '@aws-sdk/client-docdb';
import { RecoverSecretInput } from '../contract/steps.ts';
import { databaseClient } from '../database/open-database.ts';
import { clock } from '../runtime/clock.ts';
import { recoverSecretConfig } from '../runtime/config.ts';
import { REQUEST_LIMITS } from '../runtime/request-limits.ts';
import { stepHandler } from '../runtime/step-handler.ts';
import { secretStore } from '../secret/open-secret-store.ts';
import { documentDbApi } from './document-db-api.ts';
import { namedByDeployment } from './named-by-deployment.ts';
import { recoverSecret } from './recover-secret.ts';

const environment = recoverSecretConfig();
const ports = {
  secrets: secretStore(),
  clock,
  database: databaseClient(import.meta.dirname),
  clusters: documentDbApi(
    // Two calls, and each may have to say before Lambda ends the function that nothing answers.
    new DocDBClient({ maxAttempts: 2, requestHandler: REQUEST_LIMITS }),
  ),
  clusterOf: namedByDeployment(environment.RESET_THROUGH_CLUSTER),
  userOf: namedByDeployment(environment.RESET_THROUGH_ADMIN),
};

export const handler = stepHandler('RecoverSecret', RecoverSecretInput, (input) =>
  recoverSecret(ports, input),
);
