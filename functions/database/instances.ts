import { InstanceNotTrustedError } from '../contract/errors.ts';
import { domainOf } from '../secret/cluster-domain.ts';
import type { Login } from '../secret/secret-value.ts';
import type { Session } from './database.ts';

/**
 * The same login for each instance of the cluster, as the session's server lists them.
 *
 * @throws InstanceNotTrustedError if it lists one outside its own domain: no credential may go there
 */
export const loginsOnInstances = async (session: Session, login: Login): Promise<Login[]> => {
  const instances = await session.instances();
  for (const instance of instances) assertSameDomain(login.host, instance.host);
  return instances.map((instance) => ({ ...login, ...instance }));
};

/** Whether the only instance is the one that has just been logged in to: there is no other to ask. */
export const isSameInstance = (instances: readonly Login[], { host, port }: Login): boolean =>
  instances.length === 1 &&
  instances[0]?.host.toLowerCase() === host.toLowerCase() &&
  instances[0].port === port;

/** `hello` is the server's word, and the credential goes only to hosts beside the one in the secret. */
const assertSameDomain = (cluster: string, instance: string): void => {
  if (domainOf(cluster) === domainOf(instance)) return;
  throw new InstanceNotTrustedError(
    `${cluster} lists an instance on ${instance}, which is outside its own domain; no credential was sent there; check the host in the secret`,
  );
};
