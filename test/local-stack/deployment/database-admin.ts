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

/** Runs a command as a user, on a connection of its own. */
export const runCommand = async (
  address: DatabaseAddress,
  { username, password }: Credential,
  command: Readonly<Record<string, unknown>>,
): Promise<Record<string, unknown>> => {
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
    await client.connect();
    return await client.db('admin').command(command);
  } finally {
    await client.close();
  }
};

/** Whether the database accepts a credential. A database that can't be reached is no answer, and throws. */
export const logsIn = async (address: DatabaseAddress, credential: Credential): Promise<boolean> => {
  try {
    await runCommand(address, credential, { ping: 1 });
    return true;
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
