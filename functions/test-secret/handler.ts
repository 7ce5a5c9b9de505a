import '../runtime/trace-sources.ts';

import { TestSecretInput } from '../contract/steps.ts';
import { documentDbEndpoints } from '../database/document-db-endpoints.ts';
import { certificatesClient, databaseClient } from '../database/open-database.ts';
import { clock } from '../runtime/clock.ts';
import { stepHandler } from '../runtime/step-handler.ts';
import { secretStore } from '../secret/open-secret-store.ts';
import { checkReadiness } from './check-readiness.ts';
import { testSecret } from './test-secret.ts';

const ports = {
  secrets: secretStore(),
  clock,
  database: databaseClient(import.meta.dirname),
  endpoints: documentDbEndpoints,
  certificates: certificatesClient(import.meta.dirname),
};

export const handler = stepHandler(
  'TestSecret',
  TestSecretInput,
  (input) => testSecret(ports, input),
  (input) => checkReadiness(ports, input),
);
