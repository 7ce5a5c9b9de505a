import * as z from 'zod';
import { AdminSecretMismatchError } from '../contract/errors.ts';
import { HOST_TAG } from '../contract/tags.ts';
import type { SecretDescription } from '../secret/secret-store.ts';
import { DEFAULT_PORT, type Login, parseJsonObject } from '../secret/secret-value.ts';

/**
 * What a service writes into the secret of a primary user that it manages: who, but not where.
 * https://docs.aws.amazon.com/documentdb/latest/developerguide/docdb-secrets-manager.html
 */
const Credential = z.object({
  host: z.undefined().optional(),
  username: z.string().min(1),
  password: z.string().min(1),
});

/**
 * The service's own tag. No one else can write a tag whose key begins with `aws:`.
 * https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AmazonRDSServiceRolePolicy.html
 * https://docs.aws.amazon.com/tag-editor/latest/userguide/tagging.html
 */
const CLUSTER_TAG = 'aws:rds:primaryDBClusterArn';

const CLUSTER_ARN = /^arn:(aws|aws-us-gov|aws-cn):rds:([a-z0-9-]+):\d{12}:cluster:([a-z][a-z0-9-]*)$/;

/**
 * The login of an admin secret that a service manages, which does not say for which host it is. The host of the secret
 * to be rotated is taken only if the admin secret's own tags name it: else everyone who may write that secret could have
 * the admin log in at a host of their choice.
 *
 * With TLS always, whatever the other secret says. A cluster of the same name in someone else's account would pass,
 * but the service has no way to show it the password: a login by SCRAM does not.
 *
 * @returns undefined if the secret is no managed one, or names its host itself
 * @throws AdminSecretMismatchError if no tag names that host
 */
export const managedLogin = (
  { name, managedBy, tags }: SecretDescription,
  text: string,
  { host, port }: Login,
  where: string,
): Login | undefined => {
  if (managedBy === undefined) return undefined;
  const result = Credential.safeParse(parseJsonObject(text, where));
  if (!result.success) return undefined;
  if (isTagged(tags, host, port)) {
    const { username, password } = result.data;
    return { host, port, username, password, tls: true };
  }
  throw new AdminSecretMismatchError(
    `the admin secret ${name}, managed by ${managedBy}, names no host, and its tags do not name ${host}:${port}; nothing was tried with it. If its cluster is there, give it the tag ${HOST_TAG} with that value`,
  );
};

const isTagged = (tags: SecretDescription['tags'], host: string, port: number): boolean => {
  const named = tags[HOST_TAG]?.toLowerCase();
  const address = host.toLowerCase();
  if (named !== undefined)
    return named === `${address}:${port}` || (named === address && port === DEFAULT_PORT);
  return isEndpointOf(tags[CLUSTER_TAG] ?? '', address);
};

/**
 * https://docs.aws.amazon.com/documentdb/latest/developerguide/how-it-works.html#how-it-works.endpoints; in China
 * the service stands before the Region: https://github.com/gravitational/teleport/blob/master/api/utils/aws/documentdb.go
 */
const isEndpointOf = (clusterArn: string, address: string): boolean => {
  const [, partition, region, identifier] = CLUSTER_ARN.exec(clusterArn) ?? [];
  const [first, second = '', ...rest] = address.split('.');
  const domain =
    partition === 'aws-cn' ? `docdb.${region}.amazonaws.com.cn` : `${region}.docdb.amazonaws.com`;
  return (
    identifier !== undefined &&
    first === identifier &&
    /^cluster-[a-z0-9]+$/.test(second) &&
    rest.join('.') === domain
  );
};
