import { clock, secretStore } from '../shared/clients.ts';
import { ReleaseLockInput } from '../shared/contract.ts';
import { stepHandler } from '../shared/step-handler.ts';
import { endExecution } from './release-lock.ts';

const ports = { secrets: secretStore(), clock };

export const handler = stepHandler('ReleaseLock', ReleaseLockInput, (input) => endExecution(ports, input));
