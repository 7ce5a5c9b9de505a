import { NoUsableCredentialsError, ResetNotAllowedError } from '../contract/errors.ts';
import type { ReconcileInput } from '../contract/steps.ts';
import { namedIn, provenVersions, recordOf } from '../secret/proven.ts';
import type { SecretDescription } from '../secret/secret-store.ts';
import type { ReconcilePorts, RecoveryContext } from './recovery-context.ts';
import { resetThroughAdmin } from './reset-through-admin.ts';
import { resetThroughCluster } from './reset-through-cluster.ts';

/** The operator said in so many words by whose power a password may be set which no version of the secret proves. */
export const resetPassword = async (
  ports: ReconcilePorts,
  { secret, settings, candidates, currentVersion }: RecoveryContext,
  input: ReconcileInput,
): Promise<void> => {
  const current = candidates.find(({ id }) => id === currentVersion);
  if (current === undefined) {
    throw new NoUsableCredentialsError(
      `AWSCURRENT of ${secret.name} (version ${currentVersion}) can't be used, or is for another host or user than the versions that are proven, and none of these logs in; put the right value into the secret`,
    );
  }
  const { login } = current.value;
  if (input.resetThroughCluster || input.resetThroughAdmin) assertMayTell(secret, currentVersion);
  if (input.resetThroughCluster)
    return await resetThroughCluster(ports.clusters, ports.clusterOf, secret, login);
  if (!input.resetThroughAdmin) {
    throw new NoUsableCredentialsError(
      `no labelled version of ${secret.name} logs in as "${login.username}" at ${login.host}:${login.port}; put the right password into the secret, or add "resetThroughAdmin": true to the input to set the password of AWSCURRENT through the admin secret, or "resetThroughCluster": true if it is the cluster's primary user`,
    );
  }
  await resetThroughAdmin(ports, secret, settings, login);
};

/**
 * A reset sets the password that AWSCURRENT says: who may write the secret would choose it. So it is one that this project
 * wrote or saw log in, but for a secret that was never rotated; and none whose user a retirement has dropped: the name may be someone else's.
 */
const assertMayTell = (secret: SecretDescription, currentVersion: string): void => {
  const named = namedIn(recordOf(secret));
  if (provenVersions(secret).length === 0 || named.includes(currentVersion)) return;
  throw new ResetNotAllowedError(
    `AWSCURRENT of ${secret.name} (version ${currentVersion}) was neither written by a rotation nor seen to log in, or its user was dropped since, so no reset sets its password; move AWSCURRENT to a version that was (${named.join(', ') || 'there is none'}), and repeat the recovery`,
  );
};
