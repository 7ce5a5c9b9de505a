import type { Plan } from './contract.ts';
import { RotationSupersededError, SecretNotRotatableError } from './errors.ts';
import { CURRENT, hasLabel, isLockFree, PENDING, stopOf } from './labels.ts';
import type { SecretDescription, SecretStore } from './ports.ts';

/**
 * A rotation owns the secret while its version has AWSPENDING, the lock, or, after FinishSecret, while what it promoted
 * has AWSCURRENT and no other rotation has begun. One that a recovery has told to stop owns nothing.
 */
export const ownsSecret = (secret: SecretDescription, { token, target }: Plan): boolean => {
  if (hasLabel(secret, token, stopOf(token))) return false;
  return hasLabel(secret, token, PENDING) || (isLockFree(secret) && hasLabel(secret, target, CURRENT));
};

/** @throws RotationSupersededError */
export const assertOwner = async (secrets: SecretStore, plan: Plan): Promise<SecretDescription> => {
  const secret = await secrets.describe(plan.secretArn);
  if (ownsSecret(secret, plan)) return secret;
  throw new RotationSupersededError(
    `version ${plan.token} of ${plan.secretName} does not hold the lock any more: somebody else moved the labels or started a recovery, and this rotation leaves all as it is`,
  );
};

/**
 * A secret of a service is written and rotated by that service alone:
 * https://docs.aws.amazon.com/secretsmanager/latest/userguide/service-linked-secrets.html
 * @throws SecretNotRotatableError
 */
export const assertRotatable = (secret: SecretDescription): void => {
  if (secret.managedBy !== undefined) {
    throw new SecretNotRotatableError(
      `${secret.name} is managed by the service ${secret.managedBy}, and AWS rotates that one itself; take it out of this rotation. It can still be the admin secret of others`,
    );
  }
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
