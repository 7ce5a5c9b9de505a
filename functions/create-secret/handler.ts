import { clock, secretStore } from '../shared/clients.ts';
import { CreateSecretInput } from '../shared/contract.ts';
import { stepHandler } from '../shared/step-handler.ts';
import { createSecret } from './create-secret.ts';

const ports = { secrets: secretStore(), clock };

export const handler = stepHandler('CreateSecret', CreateSecretInput, (input) => createSecret(ports, input));
