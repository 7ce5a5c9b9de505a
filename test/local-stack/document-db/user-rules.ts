import type { Document } from 'bson';
import { AUTHORIZATION_FAILURE, type ServerError } from './server-error.ts';

const PASSWORD = /^[\x20-\x7e]{8,100}$/;
const PASSWORD_EXCLUDES = /[/"@]/;
const PRIMARY_NAME = /^[A-Za-z][A-Za-z0-9]{0,62}$/;
const USER_NAME = /^[A-Za-z].{0,62}$/;
const RESERVED_NAMES: ReadonlySet<string> = new Set(['admin', 'serviceadmin']);

/** The user by which AWS manages a cluster. It exists in every cluster, and is no one else's. */
export const SERVICE_ADMIN = 'serviceadmin';

const USER_FIELDS = [
  'createUser',
  'updateUser',
  'dropUser',
  'grantRolesToUser',
  'revokeRolesFromUser',
  'usersInfo',
] as const;

const CHANGES: ReadonlySet<string> = new Set(USER_FIELDS.filter((name) => name !== 'usersInfo'));

/** Whether a command is about users, who all live in `admin` whatever database it is sent to. */
export const isUserCommand = (command: string): boolean =>
  (USER_FIELDS as readonly string[]).includes(command);

/** The user that a user management command is about. */
export const targetOf = (command: string, body: Document): string | undefined => {
  if (!isUserCommand(command)) return undefined;
  const value: unknown = body[command];
  return typeof value === 'string' ? value : undefined;
};

/**
 * Why DocumentDB does not take this password, or undefined if it does: 8 to 100
 * printable ASCII characters, none of them / " @.
 *
 * https://docs.aws.amazon.com/documentdb/latest/developerguide/db-cluster-parameters.html (MasterUserPassword)
 */
export const passwordProblem = (password: string): string | undefined => {
  if (!PASSWORD.test(password)) return 'the password must have 8 to 100 printable ASCII characters';
  if (PASSWORD_EXCLUDES.test(password)) return 'the password must not contain / " or @';
  return undefined;
};

/**
 * Why a cluster can't be made with a primary user of this name.
 *
 * https://docs.aws.amazon.com/documentdb/latest/developerguide/db-cluster-parameters.html (MasterUsername);
 * that `admin` is a reserved word: https://docs.aws.amazon.com/cdk/api/v1/docs/@aws-cdk_aws-docdb.Login.html
 */
export const primaryNameProblem = (name: string): string | undefined => {
  if (!PRIMARY_NAME.test(name)) {
    return `the primary user's name must have 1 to 63 letters or numbers and start with a letter, not "${name}"`;
  }
  return RESERVED_NAMES.has(name) ? `"${name}" is reserved by the engine: name another one` : undefined;
};

/**
 * The error that DocumentDB answers where MongoDB would do as told, or undefined.
 *
 * AWS documents that these attempts fail, not with which code; the codes are
 * MongoDB's own for the like.
 * https://docs.aws.amazon.com/documentdb/latest/developerguide/security.managing-users.html
 */
export const refusalOf = (command: string, body: Document, primaryUser: string): ServerError | undefined => {
  if (command === 'dropAllUsersFromDatabase') return AUTHORIZATION_FAILURE;
  const target = targetOf(command, body);
  if (target === undefined || !CHANGES.has(command)) return undefined;
  if (target === SERVICE_ADMIN) return AUTHORIZATION_FAILURE;
  if (target === primaryUser && endangersPrimary(command, body)) return AUTHORIZATION_FAILURE;
  if (command === 'createUser' && !USER_NAME.test(target)) {
    return badValue('the user name must have 1 to 63 characters and start with a letter');
  }
  const problem = typeof body.pwd === 'string' ? passwordProblem(body.pwd) : undefined;
  return problem === undefined ? undefined : badValue(problem);
};

const endangersPrimary = (command: string, body: Document): boolean => {
  if (command === 'dropUser') return true;
  if (command === 'revokeRolesFromUser') return namesRoot(body.roles);
  return command === 'updateUser' && body.roles !== undefined && !namesRoot(body.roles);
};

const namesRoot = (roles: unknown): boolean =>
  Array.isArray(roles) && roles.some((role) => role === 'root' || role?.role === 'root');

const badValue = (errmsg: string): ServerError => ({ code: 2, codeName: 'BadValue', errmsg });
