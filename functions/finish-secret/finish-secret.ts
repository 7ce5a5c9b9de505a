import type { Plan } from '../shared/contract.ts';
import { RotationSupersededError } from '../shared/errors.ts';
import { CURRENT, hasLabel, holderOf, PENDING, ticketOf } from '../shared/labels.ts';
import { assertOwner } from '../shared/ownership.ts';
import type { SecretDescription, SecretStore } from '../shared/ports.ts';

export interface FinishSecretPorts {
  readonly secrets: SecretStore;
}

/**
 * Step 4 of 4: the pending version becomes AWSCURRENT. Secrets Manager moves AWSPREVIOUS along, to the version
 * that AWSCURRENT leaves: https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_UpdateSecretVersionStage.html
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
  await settleLock(secrets, plan);
  return { outcome };
};

const promote = async (
  secrets: SecretStore,
  secret: SecretDescription,
  { secretArn, secretName, version, labelsBefore }: Plan,
): Promise<'promoted' | 'already-promoted'> => {
  if (hasLabel(secret, version, CURRENT)) return 'already-promoted';
  const moved = await secrets.moveLabel(secretArn, CURRENT, { from: labelsBefore.current, to: version });
  if (moved) return 'promoted';
  const holder = holderOf(await secrets.describe(secretArn), CURRENT);
  // The SDK sent a request again whose first reply got lost.
  if (holder === version) return 'already-promoted';
  throw new RotationSupersededError(
    `AWSCURRENT of ${secretName} is on version ${holder}, not on ${labelsBefore.current} as when this rotation began; somebody else moved it`,
  );
};

/**
 * AWSPENDING is taken off, but not in a rotation by Secrets Manager: it does that itself, and a separate call there
 * can look like a failure: https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotating-secrets-lambda-function-overview.html
 */
const settleLock = async (secrets: SecretStore, plan: Plan): Promise<void> => {
  const secret = await secrets.describe(plan.secretArn);
  const ticket = ticketOf(plan.token);
  if (plan.startedBy === 'on-demand' && hasLabel(secret, plan.version, PENDING)) {
    await secrets.moveLabel(plan.secretArn, PENDING, { from: plan.version });
  }
  if (hasLabel(secret, plan.version, ticket))
    await secrets.moveLabel(plan.secretArn, ticket, { from: plan.version });
};
