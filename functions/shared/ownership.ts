import type { Plan } from './contract.ts';
import { RotationSupersededError, SecretNotRotatableError } from './errors.ts';
import { CURRENT, hasLabel, PENDING, ticketOf } from './labels.ts';
import type { SecretDescription, SecretStore } from './ports.ts';

/**
 * AWSPENDING is the lock: a rotation owns the secret while its version has that label or, after FinishSecret,
 * AWSCURRENT. A rollback's version is not its alone, so there its ticket counts too.
 */
export const ownsSecret = (secret: SecretDescription, plan: Plan): boolean => {
  if (hasLabel(secret, plan.version, CURRENT)) return true;
  if (!hasLabel(secret, plan.version, PENDING)) return false;
  return plan.version === plan.token || hasLabel(secret, plan.version, ticketOf(plan.token));
};

/** @throws RotationSupersededError */
export const assertOwner = async (secrets: SecretStore, plan: Plan): Promise<SecretDescription> => {
  const secret = await secrets.describe(plan.secretArn);
  if (ownsSecret(secret, plan)) return secret;
  throw new RotationSupersededError(
    `version ${plan.version} of ${plan.secretName} has neither AWSPENDING nor AWSCURRENT any more: somebody else moved the labels, and this rotation leaves them alone`,
  );
};

/** @throws SecretNotRotatableError */
export const assertRotatable = (secret: SecretDescription): void => {
  if (secret.markedForDeletion) {
    throw new SecretNotRotatableError(
      `${secret.name} is marked for deletion; restore it first (aws secretsmanager restore-secret)`,
    );
  }
  if (secret.replicaOf !== undefined) {
    throw new SecretNotRotatableError(
      `${secret.name} is a replica of a secret in ${secret.replicaOf}; rotate it there`,
    );
  }
};
