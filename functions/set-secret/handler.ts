import { clock, secretStore } from '../shared/clients.ts';
import { SetSecretInput } from '../shared/contract.ts';
import { databaseClient } from '../shared/database-client.ts';
import { stepHandler } from '../shared/step-handler.ts';
import { setSecret } from './set-secret.ts';

const ports = { secrets: secretStore(), clock, database: databaseClient(import.meta.dirname) };

export const handler = stepHandler('SetSecret', SetSecretInput, ({ plan, before }) =>
  setSecret(ports, plan, before),
);
