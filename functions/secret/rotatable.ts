import { SecretNotRotatableError } from '../contract/errors.ts';
import type { SecretDescription } from './secret-store.ts';

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
