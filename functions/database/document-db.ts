import './driver-bounds.ts';

import { createSecureContext, type SecureContext } from 'node:tls';
import { MongoClient, type MongoClientOptions } from 'mongodb';
import { DatabaseIncompatibleError, DatabaseUnavailableError, RotationError } from '../contract/errors.ts';
import type { Login } from '../secret/secret-value.ts';
import type { Database, Role, Session, TakesWrites, UserChange } from './database.ts';
import {
  isRefusedCommand,
  isRefusedLogin,
  isUserNotFound,
  translateError,
  translateLoginError,
} from './document-db-errors.ts';
import type { ToldRoles } from './roles.ts';

/** How the connections show up in the database's own logs and in `currentOp`. */
const APP_NAME = 'docdb-rotation';

/** A cluster in the same VPC answers within milliseconds; a longer wait only makes an outage window longer. */
const CONNECT_TIMEOUT_MS = 4000;

/** A change of a user waits for a majority; a hostile or hanging server must not hold a step for its whole time. */
const COMMAND_TIMEOUT_MS = 10_000;

/**
 * How long the server waits for the majority: clearly shorter than the limit above, so that its answer "made, and not
 * confirmed yet" arrives. With the same limit the connection would be cut just then, and only silence be left of it.
 */
const MAJORITY_TIMEOUT_MS = COMMAND_TIMEOUT_MS / 2;

/** A login is a few answers; a server that drips one byte after the other must not hold a step for its whole time. */
const LOGIN_TIMEOUT_MS = 3 * CONNECT_TIMEOUT_MS;

/** Three times what a cluster can have: https://docs.aws.amazon.com/documentdb/latest/developerguide/limits.html */
const MOST_INSTANCES = 48;

/** Roles are carried in the state, which takes 256 KiB. */
const MOST_ROLES = 200;
const LONGEST_ROLE = 128;

/** Where DocumentDB keeps its users: https://docs.aws.amazon.com/documentdb/latest/developerguide/security.managing-users.html */
const USERS = 'admin';

const MAJORITY = { writeConcern: { w: 'majority', wtimeout: MAJORITY_TIMEOUT_MS } };

/**
 * @param certificates PEM texts of the authorities that a server's certificate may come from. They are read once:
 *   Amazon's are more than a hundred, and to read them for each connection would lengthen every outage window.
 */
export const documentDb = (certificates: readonly string[]): Database => {
  const secureContext = createSecureContext({ ca: [...certificates] });
  return {
    login: async (login) => {
      const client = new MongoClient(`mongodb://${login.host}:${login.port}/`, options(login, secureContext));
      const doing = `logging in to ${login.host}:${login.port} as "${login.username}"`;
      try {
        await within(LOGIN_TIMEOUT_MS, client.connect(), doing);
        return new DocumentDbSession(client, login);
      } catch (error) {
        await client.close(true);
        if (isRefusedLogin(error)) return undefined;
        throw error instanceof RotationError ? error : translateLoginError(error, doing);
      }
    },
  };
};

/**
 * A direct connection goes to the host in the secret and no other, whatever the server says of its members.
 * The password is passed beside the address, never in it.
 */
const options = (login: Login, secureContext: SecureContext): MongoClientOptions => ({
  auth: { username: login.username, password: login.password },
  authSource: USERS,
  appName: APP_NAME,
  directConnection: true,
  retryWrites: false,
  retryReads: false,
  maxPoolSize: 1,
  connectTimeoutMS: CONNECT_TIMEOUT_MS,
  serverSelectionTimeoutMS: CONNECT_TIMEOUT_MS,
  socketTimeoutMS: COMMAND_TIMEOUT_MS,
  // Closing ends the session on the one connection, and must not wait for a command that hangs there.
  waitQueueTimeoutMS: COMMAND_TIMEOUT_MS,
  ...(login.tls ? { tls: true, secureContext } : { tls: false }),
});

class DocumentDbSession implements Session {
  readonly #client: MongoClient;
  readonly #login: Login;

  constructor(client: MongoClient, login: Login) {
    this.#client = client;
    this.#login = login;
  }

  async ping(): Promise<void> {
    await this.#command('pinging', { ping: 1 });
  }

  async instances(): Promise<readonly { host: string; port: number }[]> {
    const hello = await this.#hello();
    const hosts = [...listOfStrings(hello.hosts), ...listOfStrings(hello.passives)];
    if (hosts.length > MOST_INSTANCES) {
      throw new DatabaseIncompatibleError(
        `the server lists ${hosts.length} instances, more than a cluster can have`,
      );
    }
    return hosts.length === 0 ? [this.#login] : hosts.map(parseAddress);
  }

  async takesWrites(): Promise<TakesWrites> {
    const { isWritablePrimary, ismaster, primary } = await this.#hello();
    if ((isWritablePrimary ?? ismaster) !== false) return 'here';
    return typeof primary === 'string' && primary !== '' ? 'elsewhere' : 'nowhere';
  }

  /**
   * AWS documents that DocumentDB has `connectionStatus`, not that it tells roles there; its own rotation function asks `usersInfo`.
   * So an empty list counts only where `usersInfo` agrees. https://docs.aws.amazon.com/documentdb/latest/developerguide/mongo-apis.html
   */
  async ownRoles(): Promise<ToldRoles> {
    const doing = 'reading the roles of the connection';
    const status = await this.#command(doing, { connectionStatus: 1 });
    const told = parseRoles((status.authInfo as Record<string, unknown> | undefined)?.authenticatedUserRoles);
    if (told !== undefined && told.length > 0) return told;
    const self = firstUser(await this.#command(doing, usersInfo(this.#login.username), isRefusedCommand));
    return parseRoles(self?.roles);
  }

  async findUser(username: string): Promise<{ roles: ToldRoles } | undefined> {
    const user = firstUser(await this.#command(`looking up the user "${username}"`, usersInfo(username)));
    return user === undefined ? undefined : { roles: parseRoles(user.roles) };
  }

  async createUser(username: string, password: string, roles: readonly Role[]): Promise<void> {
    await this.#command(`creating the user "${username}"`, {
      createUser: username,
      pwd: password,
      roles: plain(roles),
      ...MAJORITY,
    });
  }

  async updateUser(username: string, { password, roles }: UserChange): Promise<void> {
    await this.#command(`changing the user "${username}"`, {
      updateUser: username,
      ...(password === undefined ? {} : { pwd: password }),
      ...(roles === undefined ? {} : { roles: plain(roles) }),
      ...MAJORITY,
    });
  }

  async dropUser(username: string): Promise<void> {
    await this.#command(
      `dropping the user "${username}"`,
      { dropUser: username, ...MAJORITY },
      isUserNotFound,
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#client.close(true);
  }

  /**
   * DocumentDB 3.6 has no `hello`: https://docs.aws.amazon.com/documentdb/latest/developerguide/mongo-apis.html. No one needs a
   * privilege for it, so that a refusal says nothing of the user; who may not ask `isMaster` either is told so by that.
   */
  async #hello(): Promise<Record<string, unknown>> {
    const hello = await this.#command('asking for the instances', { hello: 1 }, isRefusedCommand);
    return hello.ok === 1 ? hello : await this.#command('asking for the instances', { isMaster: 1 });
  }

  /** @param harmless an error that is an answer too: it gives an empty document */
  async #command(
    doing: string,
    command: Record<string, unknown>,
    harmless: (error: unknown) => boolean = () => false,
  ): Promise<Record<string, unknown>> {
    const { host, port, username } = this.#login;
    const where = `${doing} on ${host}:${port} as "${username}"`;
    try {
      return await within(COMMAND_TIMEOUT_MS, this.#client.db(USERS).command(command), where);
    } catch (error) {
      if (harmless(error)) return {};
      throw error instanceof RotationError ? error : translateError(error, where);
    }
  }
}

/** The driver's own time limit is for a silent socket; this one is for the whole answer. */
const within = async <T>(milliseconds: number, work: Promise<T>, doing: string): Promise<T> => {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const error = new DatabaseUnavailableError(`${doing}: no whole answer in ${milliseconds / 1000} seconds`);
  const timer = setTimeout(() => reject(error), milliseconds);
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
};

const usersInfo = (username: string) => ({ usersInfo: { user: username, db: USERS } });

const firstUser = ({ users }: Record<string, unknown>): { readonly roles?: unknown } | undefined =>
  Array.isArray(users) ? users[0] : undefined;

const plain = (roles: readonly Role[]): Role[] => roles.map(({ role, db }) => ({ role, db }));

const listOfStrings = (value: unknown): string[] =>
  Array.isArray(value) ? value.filter((item): item is string => typeof item === 'string') : [];

const parseAddress = (address: string): { host: string; port: number } => {
  const [, host, port] = /^([A-Za-z0-9.-]{1,253}):(\d{1,5})$/.exec(address) ?? [];
  if (host === undefined || port === undefined) {
    throw new DatabaseIncompatibleError('the server lists an instance whose address is not host:port');
  }
  return { host, port: Number(port) };
};

const parseRoles = (value: unknown): Role[] | undefined => {
  if (!Array.isArray(value)) return undefined;
  const roles = value.map((item) => ({ role: String(item?.role), db: String(item?.db) }));
  const tooLong = roles.some(({ role, db }) => role.length > LONGEST_ROLE || db.length > LONGEST_ROLE);
  if (roles.length > MOST_ROLES || tooLong) {
    throw new DatabaseIncompatibleError(
      `the server lists ${roles.length} roles of one user, or a very long one; at most ${MOST_ROLES} of at most ${LONGEST_ROLE} characters can be compared and copied`,
    );
  }
  return roles;
};
