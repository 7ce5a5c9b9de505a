import '../runtime/trace-sources.ts';

import { RestoreCredentialInput } from '../contract/steps.ts';
import { databaseClient } from '../database/open-database.ts';
import { clock } from '../runtime/clock.ts';
import { stepHandler } from '../runtime/step-handler.ts';
import { askPermissions } from '../secret/ask-permissions.ts';
import { secretStore } from '../secret/open-secret-store.ts';
import { restoreCredential } from './restore-credential.ts';

const ports = { secrets: secretStore(), clock, database: databaseClient(import.meta.dirname) };

export const handler = stepHandler(
  'RestoreCredential',
  RestoreCredentialInput,
  ({ plan, before }) => restoreCredential(ports, plan, before),
  (input) => askPermissions(ports, 'RestoreCredential', input),
);
