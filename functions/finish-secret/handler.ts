import { clock, secretStore } from '../shared/clients.ts';
import { FinishSecretInput } from '../shared/contract.ts';
import { stepHandler } from '../shared/step-handler.ts';
import { finishSecret } from './finish-secret.ts';

const ports = { secrets: secretStore(), clock };

export const handler = stepHandler('FinishSecret', FinishSecretInput, ({ plan }) =>
  finishSecret(ports, plan),
);
