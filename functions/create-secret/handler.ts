import '../runtime/trace-sources.ts';

import { CreateSecretInput } from '../contract/steps.ts';
import { clock } from '../runtime/clock.ts';
import { stepHandler } from '../runtime/step-handler.ts';
import { askPermissions } from '../secret/ask-permissions.ts';
import { secretStore } from '../secret/open-secret-store.ts';
import { createSecret } from './create-secret.ts';

const ports = { secrets: secretStore(), clock };

export const handler = stepHandler(
  'CreateSecret',
  CreateSecretInput,
  (input) => createSecret(ports, input),
  (input) => askPermissions(ports, 'CreateSecret', input),
);
