/**
 * What a server answers when it can't serve this command now: the same command, sent again, may well succeed. It is
 * unknown whether a change was made, so that each retry asks the database first.
 *
 * From the categories NetworkError, RetriableError, ExceededTimeLimitError, ShutdownError, NotPrimaryError,
 * SnapshotError, SystemOverloadedError and Interruption of
 * https://github.com/mongodb/mongo/blob/master/src/mongo/base/error_codes.yml, and those without a category that the
 * comments here name. Not from them:
 * - the codes that are InternalOnly (317, 333, 384), which no client is ever sent;
 * - those of sharding, of backups and of a transaction's coordinator (250, 272, 281, 282, 358, 406, 412, 453, 13388,
 *   50915, 91331, 10045600), which the few commands here can't meet: elastic clusters are refused;
 * - CursorKilled (237), since nothing here keeps a cursor;
 * - UnsatisfiableWriteConcern and UnknownReplWriteConcern (100, 79), which no retry changes.
 * DocumentDB has codes of its own, such as 303 for what it does not support: none of them is known to be transient.
 */
export const TRANSIENT_CODES: Readonly<Record<number, string>> = {
  // A fail-over, a shutdown, or a server that has just come up. 10058 is what servers said before 10107.
  91: 'ShutdownInProgress',
  134: 'ReadConcernMajorityNotAvailableYet',
  189: 'PrimarySteppedDown',
  10058: 'LegacyNotPrimary',
  10107: 'NotWritablePrimary',
  11600: 'InterruptedAtShutdown',
  11602: 'InterruptedDueToReplStateChange',
  13435: 'NotPrimaryNoSecondaryOk',
  13436: 'NotPrimaryOrSecondary',

  // The server could not reach another one.
  6: 'HostUnreachable',
  7: 'HostNotFound',
  89: 'NetworkTimeout',
  202: 'NetworkInterfaceExceededTimeLimit',
  407: 'PooledConnectionAcquisitionExceededTimeLimit',
  9001: 'SocketException',

  // Time ran out. 64: the change is made, and a majority has not confirmed it yet.
  24: 'LockTimeout',
  50: 'MaxTimeMSExpired',
  64: 'WriteConcernTimeout',
  262: 'ExceededTimeLimit',
  290: 'TransactionExceededLifetimeLimitSeconds',

  // Another command was in the way. LockBusy is how MongoDB answers two changes of users at once:
  // https://github.com/mongodb/mongo/blob/0134c37b466f72d11d04d311bd390ce71fe52665/src/mongo/db/commands/user_management_commands.cpp
  46: 'LockBusy',
  112: 'WriteConflict',
  117: 'ConflictingOperationInProgress',
  239: 'SnapshotTooOld',
  246: 'SnapshotUnavailable',

  // The command was stopped from outside: by an operator, with its connection, or by a change below it.
  279: 'ClientDisconnect',
  355: 'InterruptedDueToStorageChange',
  11601: 'Interrupted',
  46841: 'ClientMarkedKilled',

  // Too much at once. 365 has no category: the storage engine's cache is under pressure.
  365: 'TemporarilyUnavailable',
  402: 'ResourceExhausted',
  433: 'AdmissionQueueOverflow',
  449: 'RateLimitExceeded',
  450: 'PooledConnectionAcquisitionRejected',
  462: 'IngressRequestRateLimitExceeded',
};

/**
 * With these the server says so itself, whatever the code.
 * https://github.com/mongodb/specifications/blob/master/source/retryable-writes/retryable-writes.md,
 * https://github.com/mongodb/specifications/blob/master/source/transactions/transactions.md and
 * https://github.com/mongodb/specifications/blob/master/source/client-backpressure/client-backpressure.md
 */
export const TRANSIENT_LABELS = ['RetryableWriteError', 'TransientTransactionError', 'RetryableError'];
