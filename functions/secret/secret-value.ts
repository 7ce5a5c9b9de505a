import * as z from 'zod';
import { InvalidSecretError } from '../contract/errors.ts';
import { LONGEST_USERNAME } from '../contract/limits.ts';
import { updateEmbeddedCredentials } from './embedded-credentials.ts';
import { problemsIn } from './value-problems.ts';

export const DEFAULT_PORT = 27017;

const booleanLike = z.union([
  z.boolean(),
  z
    .string()
    .regex(/^(true|false)$/i)
    .transform((text) => text.toLowerCase() === 'true'),
]);

const portLike = z.union([
  z.number(),
  z
    .string()
    .regex(/^\d{1,5}$/)
    .transform(Number),
]);

/** No key, as AWS's own function takes it for `ssl`: https://github.com/aws-samples/aws-secrets-manager-rotation-lambdas */
const nothing = z.union([z.null(), z.literal('')]).transform(() => undefined);

/**
 * The keys that AWS documents for a DocumentDB secret; any other key is kept as it is.
 *
 * Source: https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_secret_json_structure.html
 */
const schema = z.looseObject({
  engine: z.literal('mongo'),
  host: z.string().regex(/^[A-Za-z0-9]([A-Za-z0-9.-]{0,252})$/),
  port: portLike.pipe(z.number().int().min(1).max(65535)).default(DEFAULT_PORT),
  username: z.string().min(1).max(LONGEST_USERNAME),
  password: z.string().min(1),
  ssl: z
    .union([booleanLike, nothing])
    .optional()
    .transform((tls) => tls ?? true),
  masterarn: z.string().nullish(),
});

/** How to log in to one server, as one user. */
export interface Login {
  readonly host: string;
  readonly port: number;
  readonly username: string;
  readonly password: string;
  /** TLS is off only where the secret says `"ssl": false`. */
  readonly tls: boolean;
}

/** A version's value: the login in it, and the JSON as it was written. */
export interface SecretValue {
  readonly login: Login;
  readonly json: Readonly<Record<string, unknown>>;
}

/** The keys that a value needs, in words for a message. */
const EXPECTED =
  'expected a JSON object with engine "mongo", host, username and password, and optionally port, ssl, masterarn';

/**
 * @param text the SecretString of a version
 * @param where which secret and version, for the message
 * @throws InvalidSecretError with the names of the offending keys, never their values
 */
export const parseSecretValue = (text: string | undefined, where: string): SecretValue => {
  const json = parseJsonObject(text, where);
  const result = schema.safeParse(JSON.parse(text ?? ''));
  if (!result.success)
    throw new InvalidSecretError(`${where}: ${problemsIn(result.error, json)}; ${EXPECTED}`);
  const { host, port, username, password, ssl } = result.data;
  refuseIamUser(username, json, where);
  refuseElasticCluster(host, where);
  return {
    login: { host, port, username, password, tls: ssl },
    json,
  };
};

/**
 * The same value for another user or with another password. Connection strings in it follow; all else stays.
 * @param where which version it is made from, for the message
 * @throws InvalidSecretError if another key holds the password in a way that can't follow
 */
export const withCredential = (
  { json, login }: SecretValue,
  username: string,
  password: string,
  where: string,
): string =>
  JSON.stringify({
    ...updateEmbeddedCredentials(json, { from: login, to: { username, password } }, where),
    username,
    password,
  });

/** As some editors write at the beginning of a file. https://www.rfc-editor.org/rfc/rfc8259#section-8.1 */
const BYTE_ORDER_MARK = '\uFEFF';

export const parseJsonObject = (text: string | undefined, where: string): Record<string, unknown> => {
  if (!text) throw new InvalidSecretError(`${where} is binary or empty; ${EXPECTED}`);
  if (text.startsWith(BYTE_ORDER_MARK)) {
    throw new InvalidSecretError(
      `${where} is not JSON: it begins with a byte order mark; save the file as UTF-8 without one`,
    );
  }
  let json: unknown;
  try {
    json = JSON.parse(text, keepNumber);
    // A value can be nested so deeply that it can be read but not written again.
    JSON.stringify(json);
  } catch {
    // The parser's own message quotes the text, and with it the password.
    throw new InvalidSecretError(`${where} is not JSON, or nested too deeply; ${EXPECTED}`);
  }
  if (typeof json !== 'object' || json === null || Array.isArray(json)) {
    throw new InvalidSecretError(`${where} is not a JSON object; ${EXPECTED}`);
  }
  return json as Record<string, unknown>;
};

/** A number that JavaScript can't hold exactly, as a long id, is kept as it was written. */
const keepNumber = (_key: string, value: unknown, context?: { readonly source?: string }): unknown => {
  const source = context?.source;
  const isExact = typeof value !== 'number' || source === undefined || String(value) === source;
  return isExact ? value : rawJson(source);
};

/** In Node.js 22 and newer; TypeScript's own types do not have it yet. */
const rawJson = (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON;

/** IAM users authenticate against `$external`: there is no password that could be rotated. */
const refuseIamUser = (username: string, json: Record<string, unknown>, where: string): void => {
  const external = json.authSource === '$external' || json.authMechanism === 'MONGODB-AWS';
  if (external || /^arn:aws[a-z-]*:iam::/.test(username)) {
    throw new InvalidSecretError(
      `${where} is for an IAM user, which has no password to rotate; take the rotation off this secret`,
    );
  }
};

/**
 * AWS lists Secrets Manager and custom roles under what elastic clusters do not support, and changes the password of
 * their administrator by its own API:
 * https://docs.aws.amazon.com/documentdb/latest/developerguide/docdb-using-elastic-clusters.html#elastic-limitations
 * https://docs.aws.amazon.com/documentdb/latest/developerguide/API_elastic_UpdateCluster.html
 */
const refuseElasticCluster = (host: string, where: string): void => {
  if (/\.docdb-elastic\.amazonaws\.com\.?$/i.test(host)) {
    throw new InvalidSecretError(
      `${where} is for ${host}, and elastic clusters are not supported: AWS does not support Secrets Manager with them, and their instances can't be asked one by one whether they know a password; take the rotation off this secret, and change the administrator's password by the UpdateCluster API of docdb-elastic`,
    );
  }
};

/** Whether two logins are for the same cluster, by the address that both write down. */
export const sameCluster = (one: Login, other: Login): boolean =>
  one.host.toLowerCase() === other.host.toLowerCase() && one.port === other.port;

/** Whether two versions of one secret lead to the same place in the same way: a planted `"ssl": false` does not. */
export const sameEndpoint = (one: Login, other: Login): boolean =>
  sameCluster(one, other) && one.tls === other.tls;

/** Whether two versions are one credential to the letter, and lead to the same place. A copy may differ: functions/database/same-credential.ts. */
export const sameLogin = (one: Login, other: Login): boolean =>
  one.username === other.username && one.password === other.password && sameEndpoint(one, other);
