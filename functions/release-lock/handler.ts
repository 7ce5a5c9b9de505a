import '../runtime/trace-sources.ts';

import { ReleaseLockInput } from '../contract/steps.ts';
import { clock } from '../runtime/clock.ts';
import { stepHandler } from '../runtime/step-handler.ts';
import { askPermissions } from '../secret/ask-permissions.ts';
import { secretStore } from '../secret/open-secret-store.ts';
import { endExecution } from './release-lock.ts';

const ports = { secrets: secretStore(), clock };

export const handler = stepHandler(
  'ReleaseLock',
  ReleaseLockInput,
  (input) => endExecution(ports, input),
  (input) => askPermissions(ports, 'ReleaseLock', input),
);
