import type { Login } from './secret-value.ts';

/** What DescribeSecret tells: who holds which label. */
export interface SecretDescription {
  readonly arn: string;
  readonly name: string;
  /** The staging labels of each version that has any, by version id. */
  readonly versions: Readonly<Record<string, readonly string[]>>;
  readonly tags: Readonly<Record<string, string>>;
  readonly markedForDeletion: boolean;
  /** The Region whose secret this one is a replica of. */
  readonly replicaOf?: string;
  /** The service that made the secret, writes it and rotates it. */
  readonly managedBy?: string;
}

/** The secrets, as a rotation needs them. Every method may throw SecretsManagerUnavailableError or SecretsManagerRefusedError. */
export interface SecretStore {
  /** @throws SecretNotRotatableError when there is no such secret */
  describe(secretId: string): Promise<SecretDescription>;
  /** The text of a version; undefined while the version has no value, or if it does not exist. */
  read(secretArn: string, versionId: string): Promise<string | undefined>;
  /** AWSCURRENT as an application reads it: by its label, in one call. Undefined if no version has it, or it has no value. */
  readCurrent(secretArn: string): Promise<CurrentVersion | undefined>;
  /** Every version that Secrets Manager still has, also without a label. */
  listVersions(secretArn: string): Promise<readonly string[]>;
  /**
   * Writes a version once. The same token and value again changes nothing.
   * @returns `exists` when that version has another value already, and nothing was changed
   */
  put(version: NewVersion): Promise<'written' | 'exists'>;
  /**
   * Moves a label, as Secrets Manager's compare-and-set.
   * @returns false when `from` does not hold the label (any more), and nothing was changed
   */
  moveLabel(secretArn: string, label: string, move: LabelMove): Promise<boolean>;
  /** Gives the secret a tag, or the tag another value. */
  setTag(secretArn: string, key: string, value: string): Promise<void>;
  /** 32 characters, none of which needs quoting in a URI, in a shell or for DocumentDB. */
  newPassword(): Promise<string>;
}

export interface CurrentVersion {
  readonly version: string;
  readonly text: string;
}

/** Time, as a step needs it: to read again what may be an old answer. */
export interface Clock {
  /** Milliseconds since some moment. */
  now(): number;
  sleep(milliseconds: number): Promise<void>;
}

export interface NewVersion {
  readonly secretArn: string;
  readonly token: string;
  readonly value: string;
  readonly label: string;
  /** Proves to Secrets Manager that this is the rotation which it started. */
  readonly rotationToken?: string;
}

export interface LabelMove {
  readonly to?: string;
  readonly from?: string;
}

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
  ownRoles(): Promise<readonly Role[]>;
  /** @throws NotAuthorizedError */
  findUser(username: string): Promise<{ readonly roles: readonly Role[] } | undefined>;
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

/** What AWS says of a cluster. */
export interface ClusterDescription {
  /** `docdb`; the same API also knows the clusters of RDS and Neptune. */
  readonly engine: string | undefined;
  /** `available`, or what is being done to it. */
  readonly status: string | undefined;
  readonly host: string | undefined;
  readonly port: number | undefined;
  readonly primaryUser: string | undefined;
  /** Whether AWS keeps the primary user's password in a secret of its own, and rotates it. */
  readonly passwordManaged: boolean;
}

/** The clusters, from AWS's side. Both calls may throw ClusterApiUnavailableError or ClusterApiRefusedError. */
export interface Clusters {
  /** @returns undefined when there is no such cluster */
  describe(cluster: string): Promise<ClusterDescription | undefined>;
  /**
   * Asks for a new password of the primary user. It works some time later; until then the old one does.
   * @returns false when the cluster is being changed already, and was not asked
   */
  askForPassword(cluster: string, password: string): Promise<boolean>;
}
