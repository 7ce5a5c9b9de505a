import { secretStore } from '../shared/clients.ts';
import { RecoverSecretInput } from '../shared/contract.ts';
import { databaseClient } from '../shared/database-client.ts';
import { stepHandler } from '../shared/step-handler.ts';
import { recoverSecret } from './recover-secret.ts';

const ports = { secrets: secretStore(), database: databaseClient(import.meta.dirname) };

export const handler = stepHandler('RecoverSecret', RecoverSecretInput, (input) =>
  recoverSecret(ports, input),
);
