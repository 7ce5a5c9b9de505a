import { UntrustedVersionError } from '../contract/errors.ts';
import type { Plan } from '../contract/steps.ts';
import { CLUSTER_TAG, hostIn } from '../contract/tags.ts';
import { domainOf } from './cluster-domain.ts';
import type { SecretDescription } from './secret-store.ts';
import type { Login } from './secret-value.ts';

/*
 * Where the secret's cluster is, in a tag that who writes values can't write. A server at a host of someone's own says what it likes: that a rotation went
 * well, and what is on record of the real cluster would be replaced. So nothing goes to another account's cluster, or to another Region's, by the value alone.
 */

/** What a tag takes: https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_Tag.html */
const FITS_IN_TAG = /^[\w.:/@+-]{1,256}$/;

type Tagged = Pick<SecretDescription, 'tags'>;

/** Whether a value for that host is for the secret's cluster, or for one beside it: one that was restored is. As long as none is on record, any may be. */
export const isAtItsCluster = ({ tags }: Tagged, { host }: Pick<Login, 'host'>): boolean => {
  const recorded = tags[CLUSTER_TAG];
  return recorded === undefined || domainOf(hostIn(recorded)) === domainOf(host);
};

/**
 * @param what which version is for that host
 * @throws UntrustedVersionError if that is outside the domain of the cluster on record
 */
export const assertAtItsCluster = (
  { name, tags }: Tagged & Pick<SecretDescription, 'name'>,
  what: string,
  { host, port }: Pick<Login, 'host' | 'port'>,
): void => {
  if (isAtItsCluster({ tags }, { host })) return;
  throw new UntrustedVersionError(
    `${what} of ${name} is for ${host}:${port}, and the secret for the cluster at ${tags[CLUSTER_TAG]}, as the tag ${CLUSTER_TAG} says: nothing was asked there; put the right host into the secret, or, if its cluster is there from now on, take that tag off (aws secretsmanager untag-resource --secret-id ${name} --tag-keys ${CLUSTER_TAG})`,
  );
};

/**
 * Whether the end of that execution leaves its cluster in the tag: where there is none, only a rotation does, as with the tag that names the user.
 *
 * @param secret as it is at the start
 */
export const tellsCluster = (
  { tags }: Tagged,
  { host, mode }: Pick<Plan, 'host'> & { readonly mode: 'rotate' | 'revert' },
): boolean => (tags[CLUSTER_TAG] === undefined ? mode === 'rotate' : tags[CLUSTER_TAG] !== host);

/**
 * The tag as the end of an execution leaves it, which promoted a version.
 *
 * @param tags as they are by now, where that is known: a late execution does not lead elsewhere
 * @returns tags to set: `host:port` of that version; none where a tag can't hold it
 */
export const tellingCluster = (
  { host, tellsCluster: isToTell }: Pick<Plan, 'host' | 'tellsCluster'>,
  tags: SecretDescription['tags'],
): SecretDescription['tags'] =>
  isToTell && FITS_IN_TAG.test(host) && isAtItsCluster({ tags }, { host: hostIn(host) })
    ? { [CLUSTER_TAG]: host }
    : {};
