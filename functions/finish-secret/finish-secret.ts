import type { Plan } from '../shared/contract.ts';
import { RotationSupersededError } from '../shared/errors.ts';
import { CURRENT, hasLabel, holderOf, PENDING } from '../shared/labels.ts';
import { assertOwner } from '../shared/ownership.ts';
import type { SecretDescription, SecretStore } from '../shared/ports.ts';

export interface FinishSecretPorts {
  readonly secrets: SecretStore;
}

/**
 * Step 4 of 4: the pending version (in a rollback: the AWSPREVIOUS that it is a copy of) becomes AWSCURRENT, and
 * AWSPENDING rests on it. Secrets Manager moves AWSPREVIOUS along, to the version that AWSCURRENT leaves:
 * https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_UpdateSecretVersionStage.html
 *
 * Safe to repeat: what has been moved already is left where it is.
 *
 * @throws RotationSupersededError if AWSCURRENT is no longer on the version that CreateSecret saw
 */
export const finishSecret = async (
  { secrets }: FinishSecretPorts,
  plan: Plan,
): Promise<{ outcome: 'promoted' | 'already-promoted' }> => {
  const secret = await assertOwner(secrets, plan);
  const outcome = await promote(secrets, secret, plan);
  await restLock(secrets, plan);
  return { outcome };
};

const promote = async (
  secrets: SecretStore,
  secret: SecretDescription,
  { secretArn, secretName, target, labelsBefore }: Plan,
): Promise<'promoted' | 'already-promoted'> => {
  if (hasLabel(secret, target, CURRENT)) return 'already-promoted';
  const moved = await secrets.moveLabel(secretArn, CURRENT, { from: labelsBefore.current, to: target });
  if (moved) return 'promoted';
  const holder = holderOf(await secrets.describe(secretArn), CURRENT);
  // The SDK sent a request again whose first reply got lost.
  if (holder === target) return 'already-promoted';
  throw new RotationSupersededError(
    `AWSCURRENT of ${secretName} is on version ${holder}, not on ${labelsBefore.current} as when this rotation began; somebody else moved it`,
  );
};

/**
 * AWSPENDING on AWSCURRENT is no lock, and a good end: https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_RotateSecret.html
 * Whoever takes the lock next, and be it the way back, names AWSCURRENT's version as its holder. So a request that is
 * carried out late, when the labels have moved on, is refused. In a rollback the lock is on a copy, and moves along.
 */
const restLock = async (secrets: SecretStore, { secretArn, token, target }: Plan): Promise<void> => {
  if (target === token) return;
  const secret = await secrets.describe(secretArn);
  if (hasLabel(secret, token, PENDING))
    await secrets.moveLabel(secretArn, PENDING, { from: token, to: target });
};
