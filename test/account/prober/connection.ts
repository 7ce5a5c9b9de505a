import '../../../functions/database/driver-bounds.ts';

import type { SecureContext } from 'node:tls';
import { MongoClient } from 'mongodb';

export interface Address {
  readonly host: string;
  readonly port: number;
}

export interface OpenOptions {
  readonly address: Address;
  readonly secureContext: SecureContext;
  readonly username: string;
  readonly password: string;
  readonly mechanism?: 'SCRAM-SHA-1' | 'SCRAM-SHA-256' | undefined;
}

const TIMEOUT_MS = 5_000;

/** Logs in, on one connection that stays open: what the database does to it later is what is asked. */
export const openConnection = async (options: OpenOptions): Promise<MongoClient> => {
  const { address, secureContext, username, password, mechanism } = options;
  const client = new MongoClient(`mongodb://${address.host}:${address.port}/`, {
    auth: { username, password },
    authSource: 'admin',
    ...(mechanism === undefined ? {} : { authMechanism: mechanism }),
    appName: 'docdb-rotation-conformance',
    directConnection: true,
    retryWrites: false,
    retryReads: false,
    // One connection, and it is never replaced by another behind our back.
    maxPoolSize: 1,
    connectTimeoutMS: TIMEOUT_MS,
    serverSelectionTimeoutMS: TIMEOUT_MS,
    socketTimeoutMS: 2 * TIMEOUT_MS,
    tls: true,
    secureContext,
  });
  try {
    return await client.connect();
  } catch (error) {
    await client.close(true);
    throw error;
  }
};
