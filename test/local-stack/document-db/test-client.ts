import { randomBytes } from 'node:crypto';
import { MongoClient, type MongoClientOptions } from 'mongodb';
import type { DocumentDbStandIn, Endpoint } from './index.ts';

/** A name and a password that logs in with it. */
export interface Credential {
  readonly name: string;
  readonly password: string;
}

/** A password that DocumentDB takes, and that no one has seen before. */
export const newPassword = (): string => randomBytes(16).toString('hex');

/** A credential with a new password; the name is new too unless given. */
export const newCredential = (name = `u${randomBytes(6).toString('hex')}`): Credential => ({
  name,
  password: newPassword(),
});

/** Runs `work` with a client that is logged in to one endpoint, and closes it. */
export const withClient = async <T>(
  database: DocumentDbStandIn,
  credential: Credential,
  work: (client: MongoClient) => Promise<T>,
  { at = database, ...options }: MongoClientOptions & { readonly at?: Endpoint } = {},
): Promise<T> => {
  const client = new MongoClient(`mongodb://${at.host}:${at.port}/`, {
    tls: true,
    tlsCAFile: database.caFile,
    auth: { username: credential.name, password: credential.password },
    authSource: 'admin',
    directConnection: true,
    retryWrites: false,
    retryReads: false,
    serverSelectionTimeoutMS: 2_000,
    connectTimeoutMS: 2_000,
    ...options,
  });
  try {
    return await work(await client.connect());
  } finally {
    await client.close();
  }
};

/** How a login ends: accepted, or the code of the error that refuses it. */
export const logIn = async (
  database: DocumentDbStandIn,
  credential: Credential,
  at: Endpoint = database,
): Promise<'accepted' | number> => {
  try {
    await withClient(database, credential, async (client) => client.db('admin').command({ ping: 1 }), { at });
    return 'accepted';
  } catch (error) {
    const { code } = error as { code?: unknown };
    if (typeof code === 'number') return code;
    throw error;
  }
};

/** Runs one command on `admin`. */
export const command = (
  database: DocumentDbStandIn,
  credential: Credential,
  body: Record<string, unknown>,
  options: MongoClientOptions & { readonly at?: Endpoint } = {},
) => withClient(database, credential, (client) => client.db('admin').command(body), options);
