import { ReleaseLockInput } from '../contract/steps.ts';
import { stepHandler } from '../runtime/step-handler.ts';
import { clock, secretStore } from '../secret/open-secret-store.ts';
import { endExecution } from './release-lock.ts';

const ports = { secrets: secretStore(), clock };

export const handler = stepHandler('ReleaseLock', ReleaseLockInput, (input) => endExecution(ports, input));
