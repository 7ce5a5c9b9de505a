import {
  MongoCompatibilityError,
  MongoNetworkError,
  MongoNetworkTimeoutError,
  MongoServerError,
  MongoServerSelectionError,
  MongoWriteConcernError,
  type TopologyDescription,
} from 'mongodb';
import { describe, expect, it } from 'vitest';
import {
  CertificateNotTrustedError,
  ChangeRefusedError,
  DatabaseIncompatibleError,
  DatabaseUnavailableError,
  HostNotFoundError,
  NotAuthorizedError,
  UserNameTakenError,
  UserNotFoundError,
} from '../../../../functions/contract/errors.ts';
import {
  isRefusedCommand,
  isRefusedLogin,
  isUserNotFound,
  translateError,
  translateLoginError,
} from '../../../../functions/database/document-db-errors.ts';
import { newPassword } from '../../../support/in-memory-secret-store.ts';

const DOING = 'changing the user "app" on host:27017';
const translate = (error: unknown) => translateError(error, DOING);
const answer = (code: number, labels: string[] = []) =>
  new MongoServerError({ message: 'no', code, codeName: 'Name', errorLabels: labels });
/** What the driver throws at a reply that is `ok: 1` with a `writeConcernError`. */
const unconfirmed = (code: number) =>
  new MongoWriteConcernError({ ok: 1, writeConcernError: { code, errmsg: 'no' } });
const withCode = (code: string) => Object.assign(new Error('no'), { code });
const network = (cause: Error) => new MongoNetworkError('no', { cause });

/** Each code that passes, by the name that MongoDB gives it. */
const TRANSIENT: readonly (readonly [number, string])[] = [
  [6, 'HostUnreachable'],
  [7, 'HostNotFound'],
  [24, 'LockTimeout'],
  [46, 'LockBusy'],
  [50, 'MaxTimeMSExpired'],
  [64, 'WriteConcernTimeout'],
  [89, 'NetworkTimeout'],
  [91, 'ShutdownInProgress'],
  [112, 'WriteConflict'],
  [117, 'ConflictingOperationInProgress'],
  [134, 'ReadConcernMajorityNotAvailableYet'],
  [189, 'PrimarySteppedDown'],
  [202, 'NetworkInterfaceExceededTimeLimit'],
  [239, 'SnapshotTooOld'],
  [246, 'SnapshotUnavailable'],
  [262, 'ExceededTimeLimit'],
  [279, 'ClientDisconnect'],
  [290, 'TransactionExceededLifetimeLimitSeconds'],
  [355, 'InterruptedDueToStorageChange'],
  [365, 'TemporarilyUnavailable'],
  [402, 'ResourceExhausted'],
  [407, 'PooledConnectionAcquisitionExceededTimeLimit'],
  [433, 'AdmissionQueueOverflow'],
  [449, 'RateLimitExceeded'],
  [450, 'PooledConnectionAcquisitionRejected'],
  [462, 'IngressRequestRateLimitExceeded'],
  [9001, 'SocketException'],
  [10058, 'LegacyNotPrimary'],
  [10107, 'NotWritablePrimary'],
  [11600, 'InterruptedAtShutdown'],
  [11601, 'Interrupted'],
  [11602, 'InterruptedDueToReplStateChange'],
  [13435, 'NotPrimaryNoSecondaryOk'],
  [13436, 'NotPrimaryOrSecondary'],
  [46841, 'ClientMarkedKilled'],
];

/** What MongoDB and DocumentDB answer for good: 303 and -301 are DocumentDB's own. */
const LASTING = [2, 100, 79, 303, -301, 334, 59, 237, 0];

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
    ['a mechanism that DocumentDB does not support', answer(-301)],
    ['a command that DocumentDB does not support', answer(303)],
    ['a server that says that it passes', answer(18, ['RetryableError'])],
    ['a server that also met a write conflict', Object.assign(answer(112), { cause: answer(18) })],
    ['a reply that was not confirmed', unconfirmed(18)],
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
    ['DatabaseUnavailable: no one listens', network(withCode('ECONNREFUSED')), DatabaseUnavailableError],
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

  // A role that was dropped once hinted at the password.
  it.each([
    [2, /see the database's rules for one/],
    [31, /RoleNotFound.* a role of the user does not exist: make it/],
    [303, /look the code up/],
    [51003, /start again/],
  ])('a refusal with the code %i says what to do about that one', (code, remedy) => {
    const { message } = translate(answer(code));
    expect(message).toMatch(remedy);
    if (code !== 2) expect(message).not.toContain('password');
  });

  it.each(['RetryableWriteError', 'TransientTransactionError', 'RetryableError'])(
    'DatabaseUnavailable for what the server itself calls a %s',
    (label) => {
      expect(translate(answer(999, [label]))).toBeInstanceOf(DatabaseUnavailableError);
    },
  );

  it('the same whether or not it refers to itself', () => {
    const circular = new Error('no');
    circular.cause = circular;
    expect(translate(circular)).toBeInstanceOf(DatabaseUnavailableError);
  });
});

describe.each(TRANSIENT)('the transient error %i', (code, name) => {
  it('is retried, and told by its name', () => {
    const error = translate(answer(code));
    expect(error).toBeInstanceOf(DatabaseUnavailableError);
    expect(error.message).toContain(`the database answered ${name} (code ${code}); `);
  });

  it('is retried at a login too, which no one refused', () => {
    for (const error of [answer(code), network(answer(code)), selection(answer(code))]) {
      expect(isRefusedLogin(error)).toBe(false);
      expect(translateLoginError(error, DOING)).toBeInstanceOf(DatabaseUnavailableError);
    }
  });

  it('says nothing of the command or of the user', () => {
    expect([isRefusedCommand(answer(code)), isUserNotFound(answer(code))]).toEqual([false, false]);
  });
});

describe.each(LASTING)('the lasting error %i', (code) => {
  it('is a refusal of a change', () => {
    expect(translate(answer(code))).toBeInstanceOf(ChangeRefusedError);
  });

  it('is no refusal of a login, and no reason to try it again', () => {
    expect(isRefusedLogin(answer(code))).toBe(false);
    const error = translateLoginError(answer(code), DOING);
    expect(error).toBeInstanceOf(DatabaseIncompatibleError);
    expect(error.message).toContain(`(code ${code}) to the login, which says nothing of the password`);
  });
});

it.each([11, 13, 51003])('the answer %i to a login says nothing of a command', (code) => {
  expect(translateLoginError(answer(code), DOING)).toBeInstanceOf(DatabaseIncompatibleError);
});

describe('a change that a majority has not confirmed', () => {
  it.each([64, 100, 79, 91, 10107, 2, 11, 13])('may be made all the same: code %i', (code) => {
    const error = translate(unconfirmed(code));
    expect(error).toBeInstanceOf(DatabaseUnavailableError);
    expect(error.message).toContain(
      `(code ${code}) for the write concern; whether the change lasts is unknown`,
    );
  });

  it('is not confirmed by what the server says beside it', () => {
    const error = Object.assign(answer(11), { writeConcernError: { code: 64, errmsg: 'no' } });
    expect(isUserNotFound(error)).toBe(false);
    expect(translate(error).message).toContain('WriteConcernTimeout (code 64)');
    expect(translate(error)).toBeInstanceOf(DatabaseUnavailableError);
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
  const alike = (code: number) => Object.assign(new Error('no'), { code });

  it.each([59, 303, 115, 73, 2, 13, 18])('is %i to a command that the server does not do', (code) => {
    expect([isRefusedCommand(answer(code)), isRefusedCommand(alike(code))]).toEqual([true, false]);
  });

  it('is that a user does not exist, by the server’s code and by nothing else', () => {
    expect(isUserNotFound(answer(11))).toBe(true);
    expect([answer(13), alike(11), undefined].some(isUserNotFound)).toBe(false);
    expect(isRefusedCommand(undefined)).toBe(false);
  });
});
