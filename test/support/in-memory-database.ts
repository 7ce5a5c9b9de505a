import { MongoNetworkError, MongoServerError } from 'mongodb';
import {
  ChangeRefusedError,
  DatabaseUnavailableError,
  NotAuthorizedError,
  RotationError,
  UserNameTakenError,
  UserNotFoundError,
} from '../../functions/contract/errors.ts';
import type { Database, Role, Session, TakesWrites, UserChange } from '../../functions/database/database.ts';
import {
  isRefusedLogin,
  translateError,
  translateLoginError,
} from '../../functions/database/document-db-errors.ts';
import type { Endpoints } from '../../functions/database/endpoints.ts';
import type { Login } from '../../functions/secret/secret-value.ts';
import { type Gate, openGate } from './port-calls.ts';

interface User {
  readonly password: string;
  readonly roles: readonly Role[];
  /** The cluster's primary user can be neither dropped nor given other roles. */
  readonly primary?: boolean;
}

type Users = Map<string, User>;

interface Instance {
  readonly host: string;
  users: Users;
  /** How many more logins still meet the users of before the last change. */
  behind: number;
  down: boolean;
}

/** An error that the server answers instead of its answer. It is translated as the product translates it. */
export interface PlantedError {
  readonly command: 'login' | Exclude<keyof Session, symbol>;
  /** The server's code. Without one the connection is lost. */
  readonly code?: number;
  /** How many of these commands meet it, from the next on. 1 by default. */
  readonly times?: number;
  /**
   * Of createUser, updateUser and dropUser: whether the change is made all the same. `late`: it is made at
   * `applyLateChanges()`, or by itself after that many further calls, which still meet what was before. `false` by
   * default.
   */
  readonly applied?: boolean | 'late' | { readonly afterCalls: number };
}

interface LateChange {
  readonly apply: () => void;
  callsLeft: number;
}

/** https://docs.aws.amazon.com/documentdb/latest/developerguide/role_based_access_control.html */
const MAY_CHANGE_USERS = new Set(['root', 'userAdminAnyDatabase', 'restore']);

export const ROOT: readonly Role[] = [{ role: 'root', db: 'admin' }];
export const READ_WRITE: readonly Role[] = [{ role: 'readWrite', db: 'shop' }];

export const CLUSTER = 'demo.cluster-abcdefgh.eu-central-1.docdb.amazonaws.com';
export const INSTANCES = ['one', 'two', 'three'].map(
  (name) => `${name}.abcdefgh.eu-central-1.docdb.amazonaws.com`,
);
export const PORT = 27017;

/** A DocumentDB cluster without the network: a writer, readers that lag behind it, and users with their powers. */
export class InMemoryDatabase {
  readonly #instances: Instance[] = INSTANCES.map((host) => ({
    host,
    users: new Map(),
    behind: 0,
    down: false,
  }));
  /** How many logins on each reader meet the old users after a change. */
  lag = 0;
  /** What `hello` says, where a test wants it to lie. */
  reported: { host: string; port: number }[] | undefined;
  /** Whether there is no primary: in a fail-over, or in a secondary cluster of a global cluster. */
  readOnly = false;
  /** Whether it answers at its own port and with TLS only. A test of an attack wants the kinder one, where more succeeds. */
  isStrict = false;
  /** Whether a connection is told its own roles, by connectionStatus or by usersInfo. */
  tellsOwnRoles = true;
  /** How long the authority of the instances' certificates lasts. */
  daysOfAuthority = 1000;
  /** Connections that were opened and not closed. */
  open = 0;
  readonly #planted: { readonly error: PlantedError; left: number }[] = [];
  #late: LateChange[] = [];

  set down(down: boolean) {
    for (const instance of this.#instances) instance.down = down;
  }

  /** The next commands of that name meet this error; of several, the one that was planted first. */
  failWith(error: PlantedError): void {
    this.#planted.push({ error, left: error.times ?? 1 });
  }

  /** What the database was told, and had not done yet, is done now. */
  applyLateChanges(): void {
    const due = this.#late;
    this.#late = [];
    for (const { apply } of due) applyUnlessRefused(apply);
  }

  /** One reader is away. */
  loseReader(): void {
    this.#reader().down = true;
  }

  /** Readers refuse the one who logs in, as many times: they know no one yet. */
  fallBehind(logins: number): void {
    for (const reader of this.#instances.slice(1)) {
      reader.users = new Map();
      reader.behind = logins;
    }
  }

  #reader(): Instance {
    const reader = this.#instances[1];
    if (reader === undefined) throw new Error('the cluster has no reader');
    return reader;
  }

  /** A user that was always there, on every instance. */
  addUser(username: string, password: string, roles: readonly Role[], primary = false): void {
    for (const { users } of this.#instances) users.set(username, { password, roles, primary });
  }

  removeUser(username: string): void {
    for (const { users } of this.#instances) users.delete(username);
  }

  user(username: string): User | undefined {
    return this.#writer().users.get(username);
  }

  usernames(): string[] {
    return [...this.#writer().users.keys()].sort();
  }

  /** Whether the credential logs in on the writer, asked without a connection. */
  accepts({ username, password }: Pick<Login, 'username' | 'password'>): boolean {
    return this.user(username)?.password === password;
  }

  acceptsEverywhere({ username, password }: Pick<Login, 'username' | 'password'>): boolean {
    const { users } = this.#writer();
    return this.#instances.every(
      (instance) => (instance.behind > 0 ? instance.users : users).get(username)?.password === password,
    );
  }

  /** With TLS, at the usual port. */
  readonly endpoints: Endpoints = {
    answers: async ({ host, port, tls }) => {
      return tls && port === PORT && this.#instanceNamed(host)?.down === false;
    },
  };

  port(gate: Gate = openGate): Database {
    return { login: (login) => gate('login', () => this.#login(gate, login)) };
  }

  #writer(): Instance {
    const writer = this.#instances[0];
    if (writer === undefined) throw new Error('the cluster has no instance');
    return writer;
  }

  #login(gate: Gate, login: Login): Session | undefined {
    const instance = this.#instanceAt(login);
    const error = this.#errorFor('login', () => {}) ?? unpreparable(login);
    if (error !== undefined) {
      if (isRefusedLogin(error)) return undefined;
      throw translateLoginError(error, `logging in to ${login.host} as "${login.username}"`);
    }
    this.#catchUp(instance);
    const user = instance.users.get(login.username);
    if (user === undefined || user.password !== login.password) return undefined;
    this.open += 1;
    return this.#session(gate, instance, login.username);
  }

  #instanceAt({ host, port, tls }: Login): Instance {
    const instance = this.#instanceNamed(host);
    const isDeaf = this.isStrict && (port !== PORT || !tls);
    if (instance === undefined || instance.down || isDeaf)
      throw new DatabaseUnavailableError(`${host} does not answer`);
    return instance;
  }

  #instanceNamed(host: string): Instance | undefined {
    return host === CLUSTER ? this.#writer() : this.#instances.find((one) => one.host === host);
  }

  #catchUp(instance: Instance): void {
    if (instance === this.#writer()) return;
    if (instance.behind > 0) instance.behind -= 1;
    else instance.users = this.#writer().users;
  }

  #session(gate: Gate, instance: Instance, self: string): Session {
    const command = <T>(name: PlantedError['command'], apply: () => T): Promise<T> =>
      gate(name, () => {
        const error = this.#errorFor(name, apply);
        if (error !== undefined) throw translateError(error, `${name} on ${instance.host} as "${self}"`);
        return apply();
      });
    return {
      ping: () => command('ping', () => this.#alive(instance)),
      instances: () =>
        command(
          'instances',
          () => this.reported ?? this.#instances.map(({ host }) => ({ host, port: PORT })),
        ),
      takesWrites: () => command('takesWrites', () => this.#takesWrites(instance)),
      ownRoles: () =>
        command('ownRoles', () => (this.tellsOwnRoles ? (instance.users.get(self)?.roles ?? []) : undefined)),
      findUser: (username) => command('findUser', () => this.#findUser(self, username)),
      createUser: (username, password, roles) =>
        command('createUser', () => this.#createUser(self, username, password, roles)),
      updateUser: (username, change) => command('updateUser', () => this.#updateUser(self, username, change)),
      dropUser: (username) => command('dropUser', () => this.#dropUser(self, username)),
      [Symbol.asyncDispose]: async () => {
        this.open -= 1;
      },
    };
  }

  /** What the driver would throw at this command, if an error is planted for it. */
  #errorFor(command: PlantedError['command'], apply: () => unknown): Error | undefined {
    this.#countCall();
    const planted = this.#planted.find(({ error, left }) => error.command === command && left > 0);
    if (planted === undefined) return undefined;
    planted.left -= 1;
    const { applied = false, code } = planted.error;
    if (applied === true) apply();
    else if (applied !== false) {
      const callsLeft = applied === 'late' ? Number.POSITIVE_INFINITY : applied.afterCalls;
      this.#late.push({ apply, callsLeft });
    }
    return code === undefined
      ? new MongoNetworkError('the connection is lost')
      : new MongoServerError({ message: 'planted by a test', code });
  }

  #countCall(): void {
    const due = this.#late.filter(({ callsLeft }) => callsLeft <= 0);
    this.#late = this.#late.filter((change) => !due.includes(change));
    for (const { apply } of due) applyUnlessRefused(apply);
    for (const change of this.#late) change.callsLeft -= 1;
  }

  #alive(instance: Instance): void {
    if (instance.down) throw new DatabaseUnavailableError(`${instance.host} does not answer`);
  }

  #takesWrites(instance: Instance): TakesWrites {
    if (this.readOnly) return 'nowhere';
    return instance === this.#writer() ? 'here' : 'elsewhere';
  }

  /** Below these roles no one may change a user, not even the own password. */
  #assertPower(self: string): void {
    this.#alive(this.#writer());
    const roles = this.user(self)?.roles ?? [];
    if (roles.some(({ role, db }) => db === 'admin' && MAY_CHANGE_USERS.has(role))) return;
    throw new NotAuthorizedError(`"${self}" may not change users`);
  }

  #findUser(self: string, username: string): { roles: readonly Role[] } | undefined {
    this.#assertPower(self);
    const user = this.user(username);
    return user === undefined ? undefined : { roles: user.roles };
  }

  #createUser(self: string, username: string, password: string, roles: readonly Role[]): void {
    this.#assertPower(self);
    if (this.user(username) !== undefined) throw new UserNameTakenError(`"${username}" exists`);
    assertAllowed(password);
    this.#write((users) => users.set(username, { password, roles: [...roles] }));
  }

  #updateUser(self: string, username: string, { password, roles }: UserChange): void {
    this.#assertPower(self);
    const user = this.user(username);
    if (user === undefined) throw new UserNotFoundError(`"${username}" does not exist`);
    if (user.primary && roles !== undefined) throw new ChangeRefusedError('the primary user keeps its roles');
    if (password !== undefined) assertAllowed(password);
    this.#write((users) =>
      users.set(username, { ...user, password: password ?? user.password, roles: roles ?? user.roles }),
    );
  }

  #dropUser(self: string, username: string): void {
    this.#assertPower(self);
    if (this.user(username)?.primary) throw new ChangeRefusedError('the primary user can not be dropped');
    this.#write((users) => users.delete(username));
  }

  /** Readers keep the users of before until they have been asked `lag` times. */
  #write(change: (users: Users) => void): void {
    if (this.readOnly) throw new DatabaseUnavailableError('no instance takes writes');
    const users = new Map(this.#writer().users);
    change(users);
    this.#writer().users = users;
    for (const reader of this.#instances.slice(1)) {
      reader.behind = this.lag;
      if (this.lag === 0) reader.users = users;
    }
  }
}

/** What the driver throws before it sends anything. test/unit/functions/database/document-db-login.test.ts has the driver itself. */
const unpreparable = ({ password }: Login): Error | undefined =>
  /\p{Cc}/u.test(password)
    ? new Error('Prohibited character, see https://tools.ietf.org/html/rfc4013#section-2.3')
    : undefined;

/** https://docs.aws.amazon.com/documentdb/latest/developerguide/security.managing-users.html */
const assertAllowed = (password: string): void => {
  if (/^[\x20-\x7e]{8,100}$/.test(password) && !/[/"@]/.test(password)) return;
  throw new ChangeRefusedError('the password breaks the rules');
};

/** No one waits for the answer any more: the user may have gone meanwhile, or the one who asked lost the power. */
const applyUnlessRefused = (apply: () => void): void => {
  try {
    apply();
  } catch (error) {
    if (!(error instanceof RotationError)) throw error;
  }
};
