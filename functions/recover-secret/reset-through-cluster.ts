import {
  ClusterMismatchError,
  PasswordResetUnderWayError,
  ResetNotAllowedError,
} from '../contract/errors.ts';
import type { SecretDescription } from '../secret/secret-store.ts';
import type { Login } from '../secret/secret-value.ts';
import type { ClusterDescription, Clusters } from './clusters.ts';
import type { NamedFor } from './named-by-deployment.ts';

/** The only status in which a cluster can be modified: https://docs.aws.amazon.com/documentdb/latest/developerguide/db-cluster-modify.html */
const AVAILABLE = 'available';

/**
 * Break glass: has AWS set the password of the cluster's primary user, when no version of its secret logs in.
 *
 * Nothing proves then that the secret may speak for that user. So the cluster is the one that the deployment named for
 * this secret, never one that the secret names: else everyone who may write a secret could have the primary user of any
 * cluster reset (a confused deputy). And the cluster must confirm that this secret is for its endpoint and its user.
 *
 * It always ends in an error, since the new password works only some time later: the state machine waits, and looks
 * again. Safe to repeat: a cluster that is being changed is not asked again, and the password is the same each time.
 *
 * @throws PasswordResetUnderWayError
 * @throws ResetNotAllowedError, ClusterMismatchError, ClusterApiRefusedError, after which nothing was changed
 */
export const resetThroughCluster = async (
  clusters: Clusters,
  clusterOf: NamedFor,
  secret: SecretDescription,
  login: Login,
): Promise<never> => {
  const cluster = clusterOf(secret.arn);
  if (cluster === undefined) {
    throw new ResetNotAllowedError(
      `the deployment does not allow to reset the user of ${secret.name} through its cluster; if it is a cluster's primary user, name that cluster by resetThroughCluster in manage(), or among docdb-rotation:secrets, and deploy`,
    );
  }
  const description = await clusters.describe(cluster);
  const problem = mismatch(description, login);
  if (problem !== undefined) {
    throw new ClusterMismatchError(
      `${secret.name} and the cluster ${cluster}: ${problem}; nothing was changed`,
    );
  }
  const asked = description?.status === AVAILABLE && (await clusters.askForPassword(cluster, login.password));
  throw new PasswordResetUnderWayError(
    asked
      ? `the cluster ${cluster} was asked to give its primary user "${login.username}" the password of AWSCURRENT; it does not log in yet`
      : `the cluster ${cluster} takes no change now (its status was "${description?.status}"), and AWSCURRENT does not log in as "${login.username}" yet; if that lasts, see the cluster`,
  );
};

/** Why the cluster is not the one of this login, or does not give the password away; in words. */
const mismatch = (cluster: ClusterDescription | undefined, login: Login): string | undefined => {
  if (cluster === undefined) return 'there is no such cluster in this account and Region';
  const { engine, host, port, primaryUser, passwordManaged } = cluster;
  if (engine !== 'docdb') return `its engine is ${engine}, not docdb`;
  if (host?.toLowerCase() !== login.host.toLowerCase() || port !== login.port) {
    return `the secret is for ${login.host}:${login.port}, the cluster's endpoint is ${host}:${port}`;
  }
  if (primaryUser !== login.username) {
    return `AWSCURRENT is for "${login.username}", the cluster's primary user is "${primaryUser}", and no other can be reset this way`;
  }
  if (passwordManaged) {
    return 'its password is managed by AWS, in a secret of its own; take the password from that one';
  }
  return undefined;
};
