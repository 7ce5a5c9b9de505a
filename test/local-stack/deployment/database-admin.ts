import { readFileSync } from 'node:fs';
import { MongoClient, MongoServerError } from 'mongodb';

const AUTHENTICATION_FAILED = 18;

/** Where the database listens, and how to trust it if it speaks TLS. */
export interface DatabaseAddress {
  readonly host: string;
  readonly port: number;
  readonly caFile?: string;
}

export interface Credential {
  readonly username: string;
  readonly password: string;
}

export interface DatabaseRole {
  readonly role: string;
  readonly db: string;
}

/** Has work done by a client that is logged in, with connections of its own. */
const asUser = async <T>(
  address: DatabaseAddress,
  { username, password }: Credential,
  work: (client: MongoClient) => T | Promise<T>,
): Promise<T> => {
  const client = new MongoClient(`mongodb://${address.host}:${address.port}`, {
    auth: { username, password },
    authSource: 'admin',
    ...(address.caFile === undefined ? {} : { tls: true, ca: [readFileSync(address.caFile, 'utf8')] }),
    directConnection: true,
    retryWrites: false,
    maxPoolSize: 1,
    // On a machine that is busy with twenty rotations, a login from outside takes its time.
    serverSelectionTimeoutMS: 30_000,
  });
  try {
    return await work(await client.connect());
  } finally {
    await client.close();
  }
};

/** Runs a command as a user, on a connection of its own. */
export const runCommand = (
  address: DatabaseAddress,
  credential: Credential,
  command: Readonly<Record<string, unknown>>,
): Promise<Record<string, unknown>> =>
  asUser(address, credential, (client) => client.db('admin').command(command));

/** Whether the database accepts a credential. A database that can't be reached is no answer, and throws. */
export const logsIn = async (address: DatabaseAddress, credential: Credential): Promise<boolean> => {
  try {
    // A client with a credential logs in and pings when it connects.
    return await asUser(address, credential, () => true);
  } catch (error) {
    if (error instanceof MongoServerError && error.code === AUTHENTICATION_FAILED) return false;
    throw error;
  }
};

export const createUser = async (
  address: DatabaseAddress,
  admin: Credential,
  user: Credential & { readonly roles: readonly DatabaseRole[] },
): Promise<void> => {
  await runCommand(address, admin, { createUser: user.username, pwd: user.password, roles: user.roles });
};
