import '../runtime/trace-sources.ts';

import { FinishSecretInput } from '../contract/steps.ts';
import { clock } from '../runtime/clock.ts';
import { stepHandler } from '../runtime/step-handler.ts';
import { askPermissions } from '../secret/ask-permissions.ts';
import { secretStore } from '../secret/open-secret-store.ts';
import { finishSecret } from './finish-secret.ts';

const ports = { secrets: secretStore(), clock };

export const handler = stepHandler(
  'FinishSecret',
  FinishSecretInput,
  ({ plan, before }) => finishSecret(ports, plan, before),
  (input) => askPermissions(ports, 'FinishSecret', input),
);
