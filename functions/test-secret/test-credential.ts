import { CredentialNotPropagatedError, RolesDifferError } from '../contract/errors.ts';
import type { Database, Role, Session } from '../database/database.ts';
import { isSameInstance, loginsOnInstances } from '../database/instances.ts';
import { listRoles, sameRoles } from '../database/roles.ts';
import type { Login } from '../secret/secret-value.ts';

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
  const instances = await loginsOnInstances(session, login);
  if (isSameInstance(instances, login)) await testSession(session, login, expected);
  else await Promise.all(instances.map((instance) => testInstance(database, instance, expected)));
  return { outcome: 'accepted', username: login.username, instances: instances.length, roles: expected };
};

const testInstance = async (database: Database, login: Login, expected: readonly Role[]): Promise<void> => {
  await using session = await loginOrThrow(database, login);
  await testSession(session, login, expected);
};

const testSession = async (session: Session, login: Login, expected: readonly Role[]): Promise<void> => {
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
    `"${login.username}" is refused on ${login.host}:${login.port}: a wrong password, or one that has not arrived there yet`,
  );
};
