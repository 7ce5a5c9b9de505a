import { DatabaseUnavailableError, InvalidSecretError } from '../contract/errors.ts';
import type { Database, Session } from '../database/database.ts';
import type { Endpoints } from '../database/endpoints.ts';
import type { SecretStore } from '../secret/secret-store.ts';
import { DEFAULT_PORT, type Login } from '../secret/secret-value.ts';
import { readVersion } from '../secret/versions.ts';

export interface EndpointPorts {
  readonly secrets: SecretStore;
  readonly database: Database;
  readonly endpoints: Endpoints;
}

/** What is logged in with, for the message, and a version that worked before, if there is one. */
interface Tried {
  readonly what: string;
  readonly secretArn: string;
  readonly previous: string | undefined;
}

/**
 * Logs in; where no server can be reached, asks whether it is the value that is wrong: with the other `ssl`, or at another port of the
 * host, one answers. To wait for that, as for a server that is away, would be in vain.
 *
 * @throws InvalidSecretError which names the key
 */
export const loginWherePossible = async (
  ports: EndpointPorts,
  login: Login,
  tried: Tried,
): Promise<Session | undefined> => {
  try {
    return await ports.database.login(login);
  } catch (error) {
    if (!(error instanceof DatabaseUnavailableError)) throw error;
    const mistake = await mistakeIn(ports.endpoints, login, await previousPort(ports.secrets, tried));
    throw mistake === undefined ? error : new InvalidSecretError(`${tried.what}: ${mistake}`);
  }
};

const previousPort = async (secrets: SecretStore, { secretArn, previous }: Tried): Promise<number> => {
  if (previous === undefined) return DEFAULT_PORT;
  try {
    return (await readVersion(secrets, secretArn, previous, 'AWSPREVIOUS')).login.port;
  } catch (error) {
    if (error instanceof InvalidSecretError) return DEFAULT_PORT;
    throw error;
  }
};

const mistakeIn = async (
  endpoints: Endpoints,
  { host, port, tls }: Login,
  previous: number,
): Promise<string | undefined> => {
  if (await endpoints.answers({ host, port, tls: !tls })) {
    return tls
      ? `the server at ${host}:${port} speaks no TLS; if TLS is off in the cluster, add "ssl": false`
      : `the server at ${host}:${port} speaks TLS, and the key "ssl" is false; write true, or leave it out`;
  }
  for (const other of new Set([previous, DEFAULT_PORT])) {
    if (other !== port && (await endpoints.answers({ host, port: other, tls })))
      return `nothing answers at port ${port} of ${host}, but a server does at ${other}; correct the key "port"`;
  }
  return undefined;
};
