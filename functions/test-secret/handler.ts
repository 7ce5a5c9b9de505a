import { clock, secretStore } from '../shared/clients.ts';
import { TestSecretInput } from '../shared/contract.ts';
import { databaseClient } from '../shared/database-client.ts';
import { stepHandler } from '../shared/step-handler.ts';
import { testSecret } from './test-secret.ts';

const ports = { secrets: secretStore(), clock, database: databaseClient(import.meta.dirname) };

export const handler = stepHandler('TestSecret', TestSecretInput, (input) => testSecret(ports, input));
