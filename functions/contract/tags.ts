/** How the tags of a secret begin that this project reads. The tags are an interface: people, CloudFormation and the CDK set them. */
export const TAG_PREFIX = 'docdb-rotation:';

export const STRATEGY_TAG = 'docdb-rotation:strategy';

/** Name or ARN of the secret whose user may change this one's. */
export const ADMIN_SECRET_TAG = 'docdb-rotation:admin-secret';

export const RETIREMENT_POLICY_TAG = 'docdb-rotation:retirement-policy';

/** Seconds until the predecessor is retired. */
export const GRACE_TAG = 'docdb-rotation:grace';

/** `host` or `host:port` of the cluster, on a managed admin secret, which has none in its value. */
export const HOST_TAG = 'docdb-rotation:host';

/**
 * The ids of versions that are proven: this project saw them log in. Behind a plus sign stand those that it wrote and
 * that were not seen to log in yet. Who may write values can't write it: only the functions may, and who may tag the secret:
 * those choose its strategy and admin secret anyway.
 */
export const PROVEN_TAG = 'docdb-rotation:proven';

/**
 * The mark of the last retirement that dropped a user, and who is gone. A record of proven versions that does not have the same mark makes no pair.
 */
export const DROPPED_TAG = 'docdb-rotation:dropped';

/**
 * Whose secret it is: the name of its user, of a pair that of the first of the two. No admin's power is used for another one. The end of the first
 * rotation writes it, and of the first after a pair was switched to single-user; who deploys may name the user before.
 */
export const USER_TAG = 'docdb-rotation:user';

/** On which day the latest rotation by Secrets Manager began, and which one it is: as in the names of its executions. */
export const BEGUN_TAG = 'docdb-rotation:begun';

/**
 * Where the secret's cluster is: `host:port` of the latest version that was promoted. No credential goes to a host outside its domain. The end of the first rotation writes
 * it; who deploys may give it before.
 */
export const CLUSTER_TAG = 'docdb-rotation:cluster';

/** @param recorded what CLUSTER_TAG holds; who deploys may leave the port out */
export const hostIn = (recorded: string): string => recorded.replace(/:\d+$/, '');

export const KNOWN_TAGS: readonly string[] = [
  STRATEGY_TAG,
  ADMIN_SECRET_TAG,
  RETIREMENT_POLICY_TAG,
  GRACE_TAG,
  HOST_TAG,
  PROVEN_TAG,
  DROPPED_TAG,
  USER_TAG,
  BEGUN_TAG,
  CLUSTER_TAG,
];

/** Names of before 0.2, and what they are called now. */
export const RENAMED_TAGS: Readonly<Record<string, string>> = {
  'docdb-rotation:predecessor': RETIREMENT_POLICY_TAG,
};
