import { DocDBClient } from '@aws-sdk/client-docdb';
import { clock, secretStore } from '../shared/clients.ts';
import { recoverSecretConfig } from '../shared/config.ts';
import { RecoverSecretInput } from '../shared/contract.ts';
import { databaseClient } from '../shared/database-client.ts';
import { REQUEST_LIMITS } from '../shared/request-limits.ts';
import { stepHandler } from '../shared/step-handler.ts';
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
