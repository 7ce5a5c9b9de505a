import { clock, secretStore } from '../shared/clients.ts';
import { RetireUserInput } from '../shared/contract.ts';
import { databaseClient } from '../shared/database-client.ts';
import { stepHandler } from '../shared/step-handler.ts';
import { retireUser } from './retire-user.ts';

const ports = { secrets: secretStore(), clock, database: databaseClient(import.meta.dirname) };

export const handler = stepHandler('RetireUser', RetireUserInput, (input) => retireUser(ports, input));
