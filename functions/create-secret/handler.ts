import { secretStore } from '../shared/clients.ts';
import { LockInput } from '../shared/contract.ts';
import { stepHandler } from '../shared/step-handler.ts';
import { createSecret } from './create-secret.ts';
import { takeLockAgain } from './take-lock-again.ts';

const ports = { secrets: secretStore() };

export const handler = stepHandler('CreateSecret', LockInput, (input) =>
  input.mode === 'way-back' ? takeLockAgain(ports, input.plan) : createSecret(ports, input),
);
