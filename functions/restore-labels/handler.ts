import { clock, secretStore } from '../shared/clients.ts';
import { RestoreLabelsInput } from '../shared/contract.ts';
import { stepHandler } from '../shared/step-handler.ts';
import { restoreLabels } from './restore-labels.ts';

const ports = { secrets: secretStore(), clock };

export const handler = stepHandler('RestoreLabels', RestoreLabelsInput, (input) =>
  restoreLabels(ports, input),
);
