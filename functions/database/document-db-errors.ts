import {
  MongoCompatibilityError,
  MongoError,
  MongoNetworkError,
  MongoServerError,
  MongoServerSelectionError,
} from 'mongodb';
import {
  CertificateNotTrustedError,
  ChangeRefusedError,
  DatabaseIncompatibleError,
  DatabaseUnavailableError,
  HostNotFoundError,
  NotAuthorizedError,
  type RotationError,
  UserNameTakenError,
  UserNotFoundError,
} from '../contract/errors.ts';
import { ExcessiveWorkError } from './driver-bounds.ts';
import { TRANSIENT_CODES, TRANSIENT_LABELS } from './transient-codes.ts';

/** https://github.com/mongodb/mongo/blob/master/src/mongo/base/error_codes.yml */
const CODE = {
  badValue: 2,
  userNotFound: 11,
  unauthorized: 13,
  authenticationFailed: 18,
  roleNotFound: 31,
  userExists: 51003,
};

/** Names that a message may show. The server's own words are never repeated: they may quote what it was sent. */
const NAMES: Readonly<Record<number, string>> = {
  ...TRANSIENT_CODES,
  2: 'BadValue',
  11: 'UserNotFound',
  13: 'Unauthorized',
  18: 'AuthenticationFailed',
  31: 'RoleNotFound',
  59: 'CommandNotFound',
  51003: 'UserAlreadyExists',
};

/** Those of an instance that is no primary (any more): NotWritablePrimary, and NotPrimaryNoSecondaryOk. */
const READ_ONLY_CODES = new Set([10107, 13435]);

/**
 * A global cluster has its writer in one Region; its other clusters are read-only.
 * https://docs.aws.amazon.com/documentdb/latest/developerguide/global-clusters.html
 */
export const READ_ONLY =
  'a fail-over passes; a secondary cluster of a global cluster never accepts writes, so there rotate in the Region of the primary cluster, with its endpoint as host';

/** What Node.js says of a certificate chain or name that does not verify. https://nodejs.org/api/tls.html#x509-certificate-error-codes */
const CERTIFICATE_PROBLEM =
  /^(ERR_TLS_CERT|CERT_|UNABLE_TO_(GET|VERIFY|DECRYPT|DECODE)|(DEPTH_ZERO_)?SELF_SIGNED|HOSTNAME_MISMATCH|INVALID_(CA|PURPOSE))/;

/**
 * Whether the server understood the login and refused it, or the password is one that no server can be told. Never true for a
 * server that can't be reached or can't log anybody in now, nor for one that does not know the way of logging in: DocumentDB's
 * "Unsupported mechanism [ -301 ]".
 */
export const isRefusedLogin = (error: unknown): boolean => {
  const links = chain(error);
  if (links.some(isOfSaslprep)) return true;
  const answer = links.find((link) => link instanceof MongoServerError);
  return answer?.code === CODE.authenticationFailed && !isTransient(answer);
};

/**
 * SCRAM-SHA-256 has a password prepared before a proof of it is sent. One with a control character, a line break at its end for
 * example, can't be: `@mongodb-js/saslprep` throws a plain error then, which names the rule by one of these addresses. What a
 * server says is in a MongoServerError. https://www.rfc-editor.org/rfc/rfc7677#section-3
 */
const isOfSaslprep = (link: Error): boolean =>
  !(link instanceof MongoError) &&
  /https:\/\/tools\.ietf\.org\/html\/rfc(4013#section-2\.[35]|3454#section-6)/.test(link.message);

/**
 * Whether the server understood the command and did not do it, for whatever lasting reason; or does not know it, in whatever words:
 * MongoDB answers with code 59, DocumentDB for much that it does not support with 303. https://github.com/comtihon/mongodb-erlang/issues/218
 */
export const isRefusedCommand = (error: unknown): boolean =>
  error instanceof MongoServerError && !isTransient(error);

export const isUserNotFound = (error: unknown): boolean =>
  error instanceof MongoServerError && !isTransient(error) && error.code === CODE.userNotFound;

/**
 * Translates what the driver threw at a command into what a rotation does about it. The driver's message is left out:
 * it may quote the address with its credentials, or the command with the password.
 * @param doing what was tried, where: "changing the user "app" on host:port"
 */
export const translateError = (error: unknown, doing: string): RotationError =>
  translate(error, doing, refusedCommand);

/** The same for a login that failed and was not refused. */
export const translateLoginError = (error: unknown, doing: string): RotationError =>
  translate(error, doing, answeredLogin);

/** What an answer means that is not transient. `said` has no words of the server's. */
type Verdict = (code: number, said: string) => RotationError;

const translate = (error: unknown, doing: string, verdict: Verdict): RotationError => {
  const links = chain(error);
  const codes = systemCodes(links);
  const certificate = codes.find((code) => CERTIFICATE_PROBLEM.test(code));
  if (certificate !== undefined) {
    return new CertificateNotTrustedError(
      `${doing}: the server's certificate does not verify (${certificate}); check the host in the secret, and give the construct the certificate authority of a cluster that has its own`,
    );
  }
  if (codes.includes('ENOTFOUND')) {
    return new HostNotFoundError(
      `${doing}: the host name has no address; check the host in the secret and the DNS of the VPC`,
    );
  }
  if (links.some((link) => link instanceof MongoCompatibilityError)) {
    return new DatabaseIncompatibleError(
      `${doing}: the server speaks no version of the protocol that this driver does`,
    );
  }
  const excess = links.find((link) => link instanceof ExcessiveWorkError);
  if (excess !== undefined) {
    return new DatabaseIncompatibleError(
      `${doing}: the server answers with ${excess.message}; check the host`,
    );
  }
  const refusal = links.find((link) => link instanceof MongoServerError);
  if (refusal !== undefined) return translateServerError(refusal, doing, verdict);
  return new DatabaseUnavailableError(
    `${doing}: ${unavailability(links, codes)}; is it up, is that its port, and may this function's security group reach it?`,
  );
};

/** What Node.js says of a socket or a certificate; never what the server says. */
const systemCodes = (links: readonly Error[]): string[] =>
  links
    .filter((link) => !(link instanceof MongoServerError))
    .map((link) => (link as { code?: unknown }).code)
    .filter((code) => typeof code === 'string')
    .filter((code) => /^[A-Z0-9_]{1,60}$/.test(code));

const translateServerError = (error: MongoServerError, doing: string, verdict: Verdict): RotationError => {
  const code = codeOf(error);
  const said = `the database answered ${NAMES[code] ?? 'an error'} (code ${code})`;
  if (isUnconfirmed(error)) {
    return new DatabaseUnavailableError(
      `${doing}: ${said} for the write concern; whether the change lasts is unknown, try again`,
    );
  }
  if (READ_ONLY_CODES.has(code)) return new DatabaseUnavailableError(`${doing}: ${said}; ${READ_ONLY}`);
  if (isTransient(error)) return new DatabaseUnavailableError(`${doing}: ${said}; it passes, try again`);
  return verdict(code, `${doing}: ${said}`);
};

const refusedCommand: Verdict = (code, said) => {
  switch (code) {
    case CODE.unauthorized:
      return new NotAuthorizedError(
        `${said}; the user that this was done as lacks the privilege; give it the role userAdminAnyDatabase or root in the database "admin"`,
      );
    case CODE.userNotFound:
      return new UserNotFoundError(`${said}; create the user, or correct the secret's username`);
    case CODE.userExists:
      return new UserNameTakenError(`${said}; someone else made it at this moment, start again`);
    case CODE.roleNotFound:
      return new ChangeRefusedError(
        `${said}; a role of the user does not exist: make it, or take it from the user`,
      );
    case CODE.badValue:
      return new ChangeRefusedError(`${said}; if it is the password, see the database's rules for one`);
    default:
      return new ChangeRefusedError(
        `${said}; look the code up in the documentation of MongoDB and DocumentDB`,
      );
  }
};

/** No login was refused, and no change was asked for: the two sides have no protocol in common. */
const answeredLogin: Verdict = (_code, said) =>
  new DatabaseIncompatibleError(`${said} to the login, which says nothing of the password; check the host`);

/** That of the write concern where there is one: a command that went well has no other. */
const codeOf = (error: MongoServerError): number => {
  const code: unknown = error.writeConcernError?.code ?? error.code;
  return Number.isInteger(code) ? Number(code) : 0;
};

const isTransient = (error: MongoServerError): boolean =>
  isUnconfirmed(error) ||
  codeOf(error) in TRANSIENT_CODES ||
  TRANSIENT_LABELS.some((label) => error.hasErrorLabel(label));

/**
 * Whatever the server says beside it, a majority did not confirm what it is about: a change that the primary made, and
 * that a fail-over may undo. The driver throws it though the reply is `ok: 1`.
 * https://www.mongodb.com/docs/manual/reference/write-concern/#wtimeout
 */
const isUnconfirmed = (error: MongoServerError): boolean => error.writeConcernError !== undefined;

const unavailability = (links: readonly Error[], [code]: readonly string[]): string => {
  if (code !== undefined) return `the connection failed (${code})`;
  if (links.some((link) => link instanceof MongoServerSelectionError)) return 'no server answered in time';
  if (links.some((link) => link instanceof MongoNetworkError)) return 'the connection was lost';
  return `the driver gave up (${links.find((link) => link instanceof MongoError)?.name ?? 'no driver error'})`;
};

/** An error and what it was caused by; the driver nests them by `cause` and by the reason of a failed selection. */
const chain = (error: unknown): Error[] => {
  const links: Error[] = [];
  const queue: unknown[] = [error];
  while (queue.length > 0 && links.length < 20) {
    const link = queue.shift();
    if (!(link instanceof Error) || links.includes(link)) continue;
    links.push(link);
    queue.push(link.cause, ...selectionErrors(link));
  }
  return links;
};

const selectionErrors = (error: Error): unknown[] => {
  if (!(error instanceof MongoServerSelectionError)) return [];
  return [...(error.reason?.servers.values() ?? [])].map((server) => server.error);
};
