import type { Login } from '../secret/secret-value.ts';
import type { ToldRoles } from './roles.ts';

export interface Role {
  readonly role: string;
  readonly db: string;
}

/** The database. "Refused" is undefined, "unreachable" is a DatabaseUnavailableError, and never the same. */
export interface Database {
  /**
   * @returns undefined when the server refused the credential
   * @throws DatabaseUnavailableError, HostNotFoundError, CertificateNotTrustedError, DatabaseIncompatibleError
   */
  login(login: Login): Promise<Session | undefined>;
}

/**
 * A logged-in connection. Changes are written with majority. Every method may throw DatabaseUnavailableError,
 * after which it is unknown whether the change was made.
 */
export interface Session extends AsyncDisposable {
  ping(): Promise<void>;
  /** The instances of the cluster, as `hello` lists them. */
  instances(): Promise<readonly { readonly host: string; readonly port: number }[]>;
  /** Whether this instance takes writes, or names one that does. */
  takesWrites(): Promise<TakesWrites>;
  /** The roles that this connection has. */
  ownRoles(): Promise<ToldRoles>;
  /** @throws NotAuthorizedError */
  findUser(username: string): Promise<{ readonly roles: ToldRoles } | undefined>;
  /** @throws NotAuthorizedError, UserNameTakenError, ChangeRefusedError */
  createUser(username: string, password: string, roles: readonly Role[]): Promise<void>;
  /** @throws NotAuthorizedError, UserNotFoundError, ChangeRefusedError */
  updateUser(username: string, change: UserChange): Promise<void>;
  /** No error when there is no such user. @throws NotAuthorizedError, ChangeRefusedError */
  dropUser(username: string): Promise<void>;
}

/** `nowhere` in the middle of a fail-over, and always in a secondary cluster of a global cluster. */
export type TakesWrites = 'here' | 'elsewhere' | 'nowhere';

export interface UserChange {
  readonly password?: string;
  readonly roles?: readonly Role[];
}
