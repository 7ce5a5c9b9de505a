import { CredentialNotPropagatedError, RolesDifferError } from '../contract/errors.ts';
import type { Database, Role, Session } from '../database/database.ts';
import { isSameInstance, loginsOnInstances } from '../database/instances.ts';
import { listRoles, sameRoles, type ToldRoles } from '../database/roles.ts';
import type { Login } from '../secret/secret-value.ts';

export interface TestedCredential {
  readonly outcome: 'accepted';
  readonly username: string;
  readonly instances: number;
  /** Null where the server does not tell them. */
  readonly roles: readonly Role[] | null;
  /** Whether every instance told them, so that a difference would have been seen. */
  readonly rolesCompared: boolean;
}

/**
 * Logs in on every instance of the cluster, pings it, and compares the roles with those that the user should have.
 *
 * @param roles what it should have; without them, every instance must show what the first one does. Null where that is not known:
 *   then, and on an instance that does not tell them, none are compared
 * @throws CredentialNotPropagatedError, RolesDifferError: wait, and test again
 * @throws InstanceNotTrustedError if the server lists an instance outside its own domain; nothing was sent there
 */
export const testCredential = async (
  database: Database,
  login: Login,
  roles?: readonly Role[] | null,
): Promise<TestedCredential> => {
  await using session = await loginOrThrow(database, login);
  const expected = roles === undefined ? await session.ownRoles() : (roles ?? undefined);
  const instances = await loginsOnInstances(session, login);
  const compared = isSameInstance(instances, login)
    ? [await testSession(session, login, expected)]
    : await Promise.all(instances.map((instance) => testInstance(database, instance, expected)));
  return {
    outcome: 'accepted',
    username: login.username,
    instances: instances.length,
    roles: expected ?? null,
    rolesCompared: compared.every((each) => each),
  };
};

const testInstance = async (database: Database, login: Login, expected: ToldRoles): Promise<boolean> => {
  await using session = await loginOrThrow(database, login);
  return await testSession(session, login, expected);
};

/** @returns whether the roles could be compared */
const testSession = async (session: Session, login: Login, expected: ToldRoles): Promise<boolean> => {
  await session.ping();
  if (expected === undefined) return false;
  const actual = await session.ownRoles();
  if (actual === undefined) return false;
  if (sameRoles(actual, expected)) return true;
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
