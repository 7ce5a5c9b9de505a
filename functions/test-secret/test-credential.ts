import { CredentialNotPropagatedError, InstanceNotTrustedError, RolesDifferError } from '../shared/errors.ts';
import type { Database, Role, Session } from '../shared/ports.ts';
import type { Login } from '../shared/secret-value.ts';
import { listRoles, sameRoles } from '../shared/users.ts';

export interface TestedCredential {
  readonly outcome: 'accepted';
  readonly username: string;
  readonly instances: number;
  readonly roles: readonly Role[];
}

/**
 * Logs in on every instance of the cluster, pings it, and compares the roles with those that the user should have.
 *
 * @param roles what it should have; without them, every instance must show what the first one does
 * @throws CredentialNotPropagatedError, RolesDifferError: wait, and test again
 * @throws InstanceNotTrustedError if the server lists an instance outside its own domain; nothing was sent there
 */
export const testCredential = async (
  database: Database,
  login: Login,
  roles?: readonly Role[],
): Promise<TestedCredential> => {
  await using session = await loginOrThrow(database, login);
  const expected = roles ?? (await session.ownRoles());
  const instances = await session.instances();
  for (const instance of instances) assertSameDomain(login.host, instance.host);
  await Promise.all(instances.map((instance) => testInstance(database, { ...login, ...instance }, expected)));
  return { outcome: 'accepted', username: login.username, instances: instances.length, roles: expected };
};

const testInstance = async (database: Database, login: Login, expected: readonly Role[]): Promise<void> => {
  await using session = await loginOrThrow(database, login);
  await session.ping();
  const actual = await session.ownRoles();
  if (sameRoles(actual, expected)) return;
  throw new RolesDifferError(
    `"${login.username}" has other roles on ${login.host}:${login.port} than it should: ${listRoles(actual)} instead of ${listRoles(expected)}`,
  );
};

const loginOrThrow = async (database: Database, login: Login): Promise<Session> => {
  const session = await database.login(login);
  if (session !== undefined) return session;
  throw new CredentialNotPropagatedError(
    `"${login.username}" is still refused on ${login.host}:${login.port}`,
  );
};

/**
 * `hello` is the server's word, and the credential goes only to hosts beside the one in the secret. A cluster
 * endpoint is `name.cluster-id.region.docdb.amazonaws.com`, its instances are `name.id.region.docdb.amazonaws.com`:
 * https://docs.aws.amazon.com/documentdb/latest/developerguide/how-it-works.html#how-it-works.endpoints
 */
const assertSameDomain = (cluster: string, instance: string): void => {
  if (instance.toLowerCase() === cluster.toLowerCase()) return;
  const domain = domainOf(cluster);
  if (domain !== undefined && domain === domainOf(instance)) return;
  throw new InstanceNotTrustedError(
    `${cluster} lists an instance on ${instance}, which is outside its own domain; no credential was sent there; check the host in the secret`,
  );
};

/** What follows the host's own name, without the mark of a cluster endpoint; undefined for an address or a bare name. */
const domainOf = (host: string): string | undefined => {
  const [, ...domain] = host.toLowerCase().split('.');
  if (domain.length < 2 || /^[\d.]+$/.test(host)) return undefined;
  return domain.join('.').replace(/^cluster-(ro-|custom-)?/, '');
};
