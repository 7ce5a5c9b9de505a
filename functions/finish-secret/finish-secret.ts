import { CurrentChangedError } from '../contract/errors.ts';
import type { Before, Plan } from '../contract/steps.ts';
import { readUntil } from '../runtime/read-again.ts';
import { CURRENT, holderOf } from '../secret/labels.ts';
import { describeAsOwner, type LockPorts } from '../secret/lock.ts';
import { recordOf, recordProven } from '../secret/proven.ts';
import { promotingIn } from '../secret/proven-by.ts';

/**
 * Step 4 of 4: the pending version becomes AWSCURRENT, and with it AWSPENDING is parked. Secrets Manager moves AWSPREVIOUS
 * along, to the version that AWSCURRENT leaves:
 * https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_UpdateSecretVersionStage.html
 *
 * Of a pair it records before that whose two users take turns from now on: whatever takes the lock away after the promotion, the replaced user is
 * known, and retired.
 *
 * Safe to repeat: what has been moved already is left where it is.
 *
 * @param before what CheckBefore saw
 * @throws RotationSupersededError if this execution has the lock no more
 * @throws CurrentChangedError if AWSCURRENT is no longer on the version that CreateSecret saw
 */
export const finishSecret = async (
  ports: LockPorts,
  plan: Plan,
  before: Before | null,
): Promise<{ outcome: 'promoted' | 'already-promoted'; version: string }> => {
  const { secretArn, secretName, pendingVersion: version, labelsBefore } = plan;
  const secret = await describeAsOwner(ports, secretArn, plan.lockVersion);
  const record = promotingIn(plan, before);
  if (record !== undefined) await recordProven(ports.secrets, secretArn, recordOf(secret), record);
  const move = { from: labelsBefore.current, to: version };
  if (await ports.secrets.moveLabel(secretArn, CURRENT, move)) return { outcome: 'promoted', version };
  const now = await readUntil(
    ports.clock,
    () => ports.secrets.describe(secretArn),
    (answer) => holderOf(answer, CURRENT) !== labelsBefore.current,
  );
  // An earlier call of this step, or one that the SDK sent again.
  if (holderOf(now, CURRENT) === version) return { outcome: 'already-promoted', version };
  throw new CurrentChangedError(
    `AWSCURRENT of ${secretName} is on version ${holderOf(now, CURRENT)}, not on ${labelsBefore.current} as when this execution began: someone wrote or moved it meanwhile; start again once no one does`,
  );
};
