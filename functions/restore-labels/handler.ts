import '../runtime/trace-sources.ts';

import { RestoreLabelsInput } from '../contract/steps.ts';
import { clock } from '../runtime/clock.ts';
import { stepHandler } from '../runtime/step-handler.ts';
import { askPermissions } from '../secret/ask-permissions.ts';
import { secretStore } from '../secret/open-secret-store.ts';
import { restoreLabels } from './restore-labels.ts';

const ports = { secrets: secretStore(), clock };

export const handler = stepHandler(
  'RestoreLabels',
  RestoreLabelsInput,
  (input) => restoreLabels(ports, input),
  (input) => askPermissions(ports, 'RestoreLabels', input),
);
