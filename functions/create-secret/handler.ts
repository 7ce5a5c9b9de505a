import { CreateSecretInput } from '../contract/steps.ts';
import { stepHandler } from '../runtime/step-handler.ts';
import { clock, secretStore } from '../secret/open-secret-store.ts';
import { createSecret } from './create-secret.ts';

const ports = { secrets: secretStore(), clock };

export const handler = stepHandler('CreateSecret', CreateSecretInput, (input) => createSecret(ports, input));
