import '../runtime/trace-sources.ts';

import { setTimeout as sleep } from 'node:timers/promises';
import { Logger } from '@aws-lambda-powertools/logger';
import { SFNClient } from '@aws-sdk/client-sfn';
import { triggerConfig } from '../runtime/config.ts';
import { isKeepActive } from '../runtime/keep-active.ts';
import { REQUEST_LIMITS } from '../runtime/request-limits.ts';
import { toRotationError } from '../runtime/step-handler.ts';
import { secretStore } from '../secret/open-secret-store.ts';
import { stepFunctions } from './executions.ts';
import { parseRotationEvent, rotationTrigger } from './rotation-trigger.ts';

/** Left for the answer, when Lambda is about to end this call. */
const RESERVE_MS = 15_000;

const logger = new Logger({ serviceName: 'docdb-rotation' });
const ports = {
  secrets: secretStore(),
  executions: stepFunctions(
    new SFNClient({ maxAttempts: 8, requestHandler: REQUEST_LIMITS }),
    triggerConfig().STATE_MACHINE_ARN,
  ),
  days: new Map<string, string>(),
  clock: { now: Date.now, sleep: (milliseconds: number) => sleep(milliseconds) },
};

/** The RotationToken in the event is a credential: the event is never logged. */
export const handler = async (
  event: unknown,
  context: { getRemainingTimeInMillis(): number },
): Promise<void> => {
  if (isKeepActive(event)) return;
  try {
    const rotation = parseRotationEvent(event);
    const about = { step: rotation.Step, secret: rotation.SecretId, token: rotation.ClientRequestToken };
    await rotationTrigger(ports, rotation, Date.now() + context.getRemainingTimeInMillis() - RESERVE_MS);
    logger.info(`${rotation.Step} answered`, about);
  } catch (error) {
    const known = toRotationError('rotation-trigger', error);
    logger.error('the rotation failed', { error: known.name, reason: known.message });
    throw known;
  }
};
