import '../runtime/trace-sources.ts';

import { SetSecretInput } from '../contract/steps.ts';
import { databaseClient } from '../database/open-database.ts';
import { clock } from '../runtime/clock.ts';
import { stepHandler } from '../runtime/step-handler.ts';
import { askPermissions } from '../secret/ask-permissions.ts';
import { secretStore } from '../secret/open-secret-store.ts';
import { setSecret } from './set-secret.ts';

const ports = { secrets: secretStore(), clock, database: databaseClient(import.meta.dirname) };

export const handler = stepHandler(
  'SetSecret',
  SetSecretInput,
  ({ plan, before }) => setSecret(ports, plan, before),
  (input) => askPermissions(ports, 'SetSecret', input),
);
