import { FinishSecretInput } from '../contract/steps.ts';
import { stepHandler } from '../runtime/step-handler.ts';
import { clock, secretStore } from '../secret/open-secret-store.ts';
import { finishSecret } from './finish-secret.ts';

const ports = { secrets: secretStore(), clock };

export const handler = stepHandler('FinishSecret', FinishSecretInput, ({ plan }) =>
  finishSecret(ports, plan),
);
