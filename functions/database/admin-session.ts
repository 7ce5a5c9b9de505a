import {
  AdminSecretMismatchError,
  AdminSecretRequiredError,
  AdminSecretUnavailableError,
  InvalidSecretError,
  SecretNotRotatableError,
  SecretsManagerRefusedError,
} from '../contract/errors.ts';
import { CURRENT, holderOf, PENDING, PREVIOUS } from '../secret/labels.ts';
import type { SecretDescription, SecretStore } from '../secret/secret-store.ts';
import { type Login, parseSecretValue, sameCluster } from '../secret/secret-value.ts';
import type { Database, Session } from './database.ts';
import { managedLogin } from './managed-admin.ts';

interface AdminSessionPorts {
  readonly secrets: SecretStore;
  readonly database: Database;
}

/**
 * A connection with the admin secret's power. The callers prove first that the secret to be changed logs in as
 * its own user: else everyone who may write a secret could have anyone's password set (a confused deputy).
 *
 * All three labels are tried, since the admin's own rotation may be under way.
 *
 * @param login of the secret to be changed: the admin secret must be for the same cluster
 * @throws AdminSecretRequiredError, AdminSecretMismatchError; AdminSecretUnavailableError, which passes
 */
export const openAdminSession = async (
  { secrets, database }: AdminSessionPorts,
  adminSecret: string | undefined,
  login: Login,
): Promise<Session> => {
  if (adminSecret === undefined) {
    throw new AdminSecretRequiredError(
      `the user "${login.username}" may not change its own password; name an admin secret by the tag docdb-rotation:admin-secret; the key masterarn in its value is not enough`,
    );
  }
  const usual = await openCurrent({ secrets, database }, adminSecret, login);
  if (usual !== undefined) return usual;
  for (const admin of await labelledLogins(secrets, adminSecret, login)) {
    if (!sameCluster(admin, login)) {
      throw new AdminSecretMismatchError(
        `the admin secret ${adminSecret} is for ${admin.host}:${admin.port}, the secret for ${login.host}:${login.port}; nothing was tried with it`,
      );
    }
    const session = await database.login(admin);
    if (session !== undefined) return session;
  }
  throw new AdminSecretUnavailableError(
    `no labelled version of the admin secret ${adminSecret} logs in; if it is not being rotated now, start the recovery machine for it`,
  );
};

/** The usual case in one read: an AWSCURRENT that says where it is for, and logs in. All else takes a closer look. */
const openCurrent = async (
  { secrets, database }: AdminSessionPorts,
  adminSecret: string,
  login: Login,
): Promise<Session | undefined> => {
  const current = await readingAdminSecret(() => secrets.readCurrent(adminSecret));
  const admin = current && loginIn(current.text);
  return admin !== undefined && sameCluster(admin, login) ? await database.login(admin) : undefined;
};

/** A tag may name any secret; which one the functions may read, only a deployment says. */
const readingAdminSecret = async <T>(read: () => Promise<T>): Promise<T> => {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof SecretsManagerRefusedError)) throw error;
    throw new SecretsManagerRefusedError(
      `${error.message}; it is the admin secret that the tag docdb-rotation:admin-secret names: does the deployment name the same one?`,
    );
  }
};

const loginIn = (text: string): Login | undefined => {
  try {
    return parseSecretValue(text, 'the admin secret').login;
  } catch (error) {
    if (error instanceof InvalidSecretError) return undefined;
    throw error;
  }
};

const labelledLogins = async (secrets: SecretStore, adminSecret: string, login: Login): Promise<Login[]> => {
  try {
    const secret = await secrets.describe(adminSecret);
    const versions = [CURRENT, PENDING, PREVIOUS].flatMap((label) => holderOf(secret, label) ?? []);
    const logins = await Promise.all(
      [...new Set(versions)].map((version) => loginOfVersion(secrets, secret, version, login)),
    );
    return logins.filter((each) => each !== undefined);
  } catch (error) {
    if (error instanceof InvalidSecretError || error instanceof SecretNotRotatableError) {
      throw new AdminSecretMismatchError(`the admin secret can't be used: ${error.message}`);
    }
    throw error;
  }
};

/** A version that Secrets Manager has just made for a rotation of the admin secret has no value yet. */
const loginOfVersion = async (
  secrets: SecretStore,
  secret: SecretDescription,
  version: string,
  login: Login,
): Promise<Login | undefined> => {
  const text = await secrets.read(secret.arn, version);
  const where = `the admin secret ${secret.name} (version ${version})`;
  if (text === undefined) return undefined;
  return managedLogin(secret, text, login, where) ?? parseSecretValue(text, where).login;
};
