import {
  MongoCompatibilityError,
  MongoNetworkError,
  MongoNetworkTimeoutError,
  MongoServerError,
  MongoServerSelectionError,
  type TopologyDescription,
} from 'mongodb';
import { describe, expect, it } from 'vitest';
import {
  isRefusedLogin,
  isUnknownCommand,
  isUserNotFound,
  translateError,
} from '../../functions/shared/document-db-errors.ts';
import {
  CertificateNotTrustedError,
  ChangeRefusedError,
  DatabaseIncompatibleError,
  DatabaseUnavailableError,
  HostNotFoundError,
  NotAuthorizedError,
  UserNameTakenError,
  UserNotFoundError,
} from '../../functions/shared/errors.ts';
import { newPassword } from '../helpers/in-memory-secret-store.ts';

const DOING = 'changing the user "app" on host:27017';
const translate = (error: unknown) => translateError(error, DOING);
const answer = (code: number, labels: string[] = []) =>
  new MongoServerError({ message: 'no', code, codeName: 'Name', errorLabels: labels });
const withCode = (code: string) => Object.assign(new Error('no'), { code });
const network = (cause: Error) => new MongoNetworkError('no', { cause });

/** As the driver reports a selection that timed out: what each server said is in the description. */
const selection = (...serverErrors: Error[]) => {
  const servers = new Map(serverErrors.map((error, index) => [`host${index}`, { error }]));
  return new MongoServerSelectionError('no', { servers } as unknown as TopologyDescription);
};

describe('a login is refused', () => {
  it.each([
    ['when the server says so', answer(18)],
    ['when the driver wraps what the server said', network(answer(18))],
    ['when the server selection met it', selection(answer(18))],
    ['when it lies three deep', new Error('no', { cause: network(answer(18)) })],
  ])('%s', (_when, error) => {
    expect(isRefusedLogin(error)).toBe(true);
  });

  it.each([
    ['the network', network(withCode('ECONNREFUSED'))],
    ['another answer', answer(13)],
    ['a selection that timed out', selection(network(withCode('ETIMEDOUT')))],
    ['an error that only says it', Object.assign(new Error('Authentication failed'), { code: 18 })],
    ['no error at all', undefined],
    ['a text', 'code 18'],
  ])('never for %s', (_what, error) => {
    expect(isRefusedLogin(error)).toBe(false);
  });
});

describe('an error of the driver becomes', () => {
  it.each([
    ['DatabaseUnavailable: nobody listens', network(withCode('ECONNREFUSED')), DatabaseUnavailableError],
    ['DatabaseUnavailable: the connection is cut', network(withCode('ECONNRESET')), DatabaseUnavailableError],
    ['DatabaseUnavailable: it takes too long', new MongoNetworkTimeoutError('no'), DatabaseUnavailableError],
    ['DatabaseUnavailable: no server in time', selection(), DatabaseUnavailableError],
    ['DatabaseUnavailable: something else', new Error('no'), DatabaseUnavailableError],
    ['DatabaseUnavailable: no error at all', 'text', DatabaseUnavailableError],
    ['HostNotFound', network(withCode('ENOTFOUND')), HostNotFoundError],
    ['HostNotFound in a selection', selection(network(withCode('ENOTFOUND'))), HostNotFoundError],
    [
      'CertificateNotTrusted: unknown authority',
      network(withCode('SELF_SIGNED_CERT_IN_CHAIN')),
      CertificateNotTrustedError,
    ],
    [
      'CertificateNotTrusted: another name',
      network(withCode('ERR_TLS_CERT_ALTNAME_INVALID')),
      CertificateNotTrustedError,
    ],
    [
      'CertificateNotTrusted: expired',
      selection(network(withCode('CERT_HAS_EXPIRED'))),
      CertificateNotTrustedError,
    ],
    [
      'CertificateNotTrusted: no issuer',
      network(withCode('UNABLE_TO_GET_ISSUER_CERT_LOCALLY')),
      CertificateNotTrustedError,
    ],
    [
      'CertificateNotTrusted: signed by itself',
      network(withCode('DEPTH_ZERO_SELF_SIGNED_CERT')),
      CertificateNotTrustedError,
    ],
    ['DatabaseIncompatible', new MongoCompatibilityError('no'), DatabaseIncompatibleError],
    [
      'DatabaseIncompatible in a selection',
      selection(new MongoCompatibilityError('no')),
      DatabaseIncompatibleError,
    ],
    ['NotAuthorized', answer(13), NotAuthorizedError],
    ['UserNotFound', answer(11), UserNotFoundError],
    ['UserNameTaken', answer(51003), UserNameTakenError],
    ['ChangeRefused: a bad value', answer(2), ChangeRefusedError],
    ['ChangeRefused: anything else that the server says', answer(303), ChangeRefusedError],
  ])('%s', (_what, error, expected) => {
    expect(translate(error)).toBeInstanceOf(expected);
    expect(translate(error).message).toContain(DOING);
  });

  it.each([10107, 13435, 11600, 91, 189, 6, 7, 89, 262, 50])(
    'DatabaseUnavailable for the code %i, which passes',
    (code) => {
      expect(translate(answer(code))).toBeInstanceOf(DatabaseUnavailableError);
    },
  );

  it('DatabaseUnavailable for what the server itself calls retryable', () => {
    expect(translate(answer(999, ['RetryableWriteError']))).toBeInstanceOf(DatabaseUnavailableError);
  });

  it('the same whether or not it refers to itself', () => {
    const circular = new Error('no');
    circular.cause = circular;
    expect(translate(circular)).toBeInstanceOf(DatabaseUnavailableError);
  });
});

describe('a message about the database', () => {
  it.each([
    ['a URI', (password: string) => `connect mongodb://app:${password}@host/`],
    ['a command', (password: string) => `{ updateUser: "app", pwd: "${password}" }`],
    ['a line like that of a stack', (password: string) => `no\n    at mongodb://app:${password}@host/`],
  ])('never quotes the driver’s, which may hold %s', (_what, quote) => {
    const password = newPassword();
    const message = quote(password);
    const failures = [
      new Error(message),
      new MongoServerError({ message, code: 2 }),
      new MongoServerError({ message, code: 13 }),
      new MongoNetworkError(message),
      new MongoServerSelectionError(message, { servers: new Map() } as unknown as TopologyDescription),
      new MongoCompatibilityError(message),
      Object.assign(new Error(message), { code: 'ENOTFOUND' }),
    ];
    for (const failure of failures) {
      const { message: said, stack, cause } = translate(failure);
      expect(`${said} ${stack} ${cause}`).not.toContain(password);
    }
  });
});

describe('an answer that is no failure', () => {
  it('is known by the server’s code, and by nothing else', () => {
    expect([isUnknownCommand(answer(59)), isUserNotFound(answer(11))]).toEqual([true, true]);
    const alike = Object.assign(new Error('no'), { code: 59 });
    expect([isUnknownCommand(alike), isUserNotFound(answer(13)), isUnknownCommand(undefined)]).toEqual([
      false,
      false,
      false,
    ]);
  });
});
