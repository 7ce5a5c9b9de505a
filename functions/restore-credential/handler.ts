import { clock, secretStore } from '../shared/clients.ts';
import { RestoreCredentialInput } from '../shared/contract.ts';
import { databaseClient } from '../shared/database-client.ts';
import { stepHandler } from '../shared/step-handler.ts';
import { restoreCredential } from './restore-credential.ts';

const ports = { secrets: secretStore(), clock, database: databaseClient(import.meta.dirname) };

export const handler = stepHandler('RestoreCredential', RestoreCredentialInput, ({ plan, before }) =>
  restoreCredential(ports, plan, before),
);
