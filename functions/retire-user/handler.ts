import '../runtime/trace-sources.ts';

import { RetireUserInput } from '../contract/steps.ts';
import { databaseClient } from '../database/open-database.ts';
import { clock } from '../runtime/clock.ts';
import { stepHandler } from '../runtime/step-handler.ts';
import { secretStore } from '../secret/open-secret-store.ts';
import { retireUser } from './retire-user.ts';

const ports = { secrets: secretStore(), clock, database: databaseClient(import.meta.dirname) };

export const handler = stepHandler('RetireUser', RetireUserInput, (input) => retireUser(ports, input));
