import {
  InvalidSecretError,
  RotationInProgressError,
  SecretNotRotatableError,
  SecretsManagerRefusedError,
  UnknownTokenError,
  UntrustedVersionError,
} from '../contract/errors.ts';
import type { CreateSecretInput, Plan } from '../contract/steps.ts';
import { readUntil } from '../runtime/read-again.ts';
import { isFirstAttempt } from '../secret/begun.ts';
import { assertAsDeclared } from '../secret/declared.ts';
import { CURRENT, hasLabel, holderOf, lockHolder, OWNER, PENDING, PREVIOUS } from '../secret/labels.ts';
import {
  describeAsOwner,
  describeWhenFree,
  inProgress,
  type LockPorts,
  releaseLock,
  sameStages,
  superseded,
  takeLock,
  takeLockOnce,
  takePending,
} from '../secret/lock.ts';
import { markerOf } from '../secret/marker.ts';
import {
  isWrittenIn,
  onceOfPairIn,
  recordAtStart,
  recordOf,
  recordProven,
  withReturnedTo,
  withWrittenOfPair,
} from '../secret/proven.ts';
import {
  loadContext,
  newValue,
  parsePending,
  planOf,
  type RotationContext,
} from '../secret/rotation-context.ts';
import type { SecretDescription } from '../secret/secret-store.ts';
import { type Login, parseSecretValue } from '../secret/secret-value.ts';
import { isShownAsItsOwn } from '../secret/user-on-record.ts';
import { areOfOnePair } from '../secret/user-pair.ts';
import { versionIdsOf } from '../secret/version-ids.ts';
import { readVersion } from '../secret/versions.ts';

export type CreateSecretPorts = LockPorts;

/**
 * Step 1 of 4: makes the pending version durable, and takes the lock (../LOCK.md).
 *
 * The version is the write-ahead record: it exists before the database changes, so that whatever happens later,
 * some labelled version holds the password that the database has. The database is not touched here.
 *
 * Safe to repeat: what an earlier call of the same execution took is taken over. A value that was there already is used
 * only where Secrets Manager's rotation function wrote it.
 *
 * @throws RotationInProgressError if another execution has the lock, or another tool AWSPENDING; nothing of theirs is
 *   touched, and nothing of this execution's is left
 * @throws UnknownTokenError, UntrustedVersionError for a token whose version Secrets Manager's rotation did not write
 * @throws SecretNotRotatableError, InvalidSecretError, PendingVersionMismatchError, NothingToRevertError
 */
export const createSecret = async (ports: CreateSecretPorts, input: CreateSecretInput): Promise<Plan> => {
  const { execution, secretId, mode, token, declared } = input;
  if (token !== undefined) return await joinRotation(ports, { execution, secretId, token, declared });
  const free = await refusing(() => describeWhenFree(ports, secretId, execution));
  const context = await loadContext(ports.secrets, free, mode);
  if (mode === 'revert') return await goBack(ports, context, execution);
  assertAsDeclared(free, context.settings, declared);
  return await begin(ports, context, execution);
};

/** The first call of all. If it is denied on demand, nothing was done, and no operator has to put anything right. */
const refusing = async <T>(describe: () => Promise<T>): Promise<T> => {
  try {
    return await describe();
  } catch (error) {
    if (!(error instanceof SecretsManagerRefusedError)) throw error;
    throw new SecretNotRotatableError(
      `there is no secret of that name that this stack manages: ${error.message}; AWS does not tell a mistyped name from a missing permission`,
    );
  }
};

/** On demand: a new credential, in a version that carries the lock too. */
const begin = async (
  ports: CreateSecretPorts,
  context: RotationContext,
  execution: string,
): Promise<Plan> => {
  const text = await newValue(ports.secrets, context);
  const lockVersion = await takeLock(ports, context.secret, execution, text);
  const mine = { lockVersion, own: versionIdsOf(execution) };
  const seen = await ownFrom(ports, context, mine);
  await pendingOn(ports, seen, lockVersion, mine);
  const isPair = context.settings.strategy !== 'single-user';
  const unfinished = withWrittenOfPair(seen, lockVersion, context.currentVersion);
  const proven = isPair ? await recordUnfinished(ports, seen, unfinished) : [];
  return planOf(context, seen, {
    outcome: 'created',
    lockVersion,
    pendingVersion: lockVersion,
    pending: parseSecretValue(text, 'the pending version'),
    currentUser: context.reference.login.username,
    proven,
  });
};

/** A recovery drops or locks a pair's other user only for a version that is on record as unfinished: anyone may write a marker. */
const recordUnfinished = async (
  { secrets }: CreateSecretPorts,
  seen: SecretDescription,
  versions: readonly string[],
): Promise<string[]> => await recordProven(secrets, seen.arn, recordOf(seen), versions);

/** Back to AWSPREVIOUS, which is there already; the lock is on a marker. */
const goBack = async (
  ports: CreateSecretPorts,
  context: RotationContext,
  execution: string,
): Promise<Plan> => {
  const { secret, reference, currentVersion } = context;
  const { isOfPair, wasDropped } = context.onRecord;
  const target = holderOf(secret, PREVIOUS) ?? currentVersion;
  const current = await currentLoginOf(ports, context);
  const currentUser = current?.username ?? reference.login.username;
  const unknownCurrent = current !== undefined && (await isUnknown(ports, context, current));
  const isPair =
    context.settings.strategy !== 'single-user' &&
    currentUser !== reference.login.username &&
    !unknownCurrent;
  const lockVersion = await takeLockOnce(ports, secret, execution, markerOf(execution, [target]));
  const mine = { lockVersion, own: [target] };
  const seen = await ownFrom(ports, context, mine);
  await pendingOn(ports, seen, target, mine);
  // What the record says of the user that the execution begins with is here of the one that it goes back to.
  const known = { isOfPair, wasDropped: false, otherWasDropped: wasDropped, unknownCurrent };
  return planOf({ ...context, onRecord: known }, seen, {
    outcome: 'already-there',
    lockVersion,
    pendingVersion: target,
    pending: reference,
    currentUser,
    proven:
      isPair && mayBeChanged(seen, target)
        ? await recordUnfinished(ports, seen, withReturnedTo(seen, target))
        : [],
  });
};

/** Whether AWSCURRENT is for someone else than AWSPREVIOUS, or for one of a pair whom nothing but a login can show to be the secret's. */
const isUnknown = async (
  { secrets }: CreateSecretPorts,
  { secret, settings, currentVersion, reference }: RotationContext,
  login: Login,
): Promise<boolean> =>
  !areOfOnePair(login.username, reference.login.username) ||
  (settings.strategy !== 'single-user' &&
    !(await isShownAsItsOwn(secrets, secret, { version: currentVersion, login })));

/**
 * A revert changes only a user that a rotation left as one of the two, or that a retirement dropped: whom else AWSPREVIOUS is for, a recovery must not
 * disable either.
 */
const mayBeChanged = (secret: SecretDescription, target: string): boolean => {
  const record = recordAtStart(secret);
  return onceOfPairIn(record).includes(target);
};

/** A broken AWSCURRENT is what people go back from: it may be unreadable. */
const currentLoginOf = async (
  { secrets }: CreateSecretPorts,
  { secret, currentVersion }: RotationContext,
): Promise<Login | undefined> => {
  try {
    return (await readVersion(secrets, secret.arn, currentVersion, 'AWSCURRENT')).login;
  } catch (error) {
    if (error instanceof InvalidSecretError) return undefined;
    throw error;
  }
};

/**
 * Secrets Manager's rotation: the trigger took the lock for this execution, and wrote the version of the token.
 *
 * @throws UnknownTokenError if it did not: someone copied an input, or made one up
 * @throws RotationSupersededError if it did, and the lock was taken away since: a recovery answers for AWSPENDING
 */
const joinRotation = async (
  ports: CreateSecretPorts,
  { execution, secretId, token, declared }: Omit<CreateSecretInput, 'mode'> & { token: string },
): Promise<Plan> => {
  const isReady = (secret: SecretDescription): boolean => mayJoin(secret, execution, token);
  const seen = await readUntil(ports.clock, () => ports.secrets.describe(secretId), isReady);
  const lockVersion = holderOf(seen, OWNER);
  if (lockVersion === undefined || lockHolder(seen, execution) !== 'this execution') {
    const [first = ''] = versionIdsOf(execution);
    // What the trigger wrote is on record, and the version on which it took the lock stays, also without a label.
    const wasBegun =
      isWrittenIn(recordOf(seen), token) && (await ports.secrets.read(seen.arn, first)) !== undefined;
    if (wasBegun) throw superseded(seen, first);
    throw new UnknownTokenError(
      `this execution does not have the lock for version ${token} of ${seen.name}: a token comes from Secrets Manager's own rotation only; leave it out to start a rotation`,
    );
  }
  if (!isWrittenIn(recordOf(seen), token)) {
    throw new UntrustedVersionError(
      `version ${token} of ${seen.name} was not written by its rotation function; rotate the secret again`,
    );
  }
  const context = await loadContext(ports.secrets, seen, 'rotate');
  assertAsDeclared(seen, context.settings, declared);
  const text = await readUntil(
    ports.clock,
    () => ports.secrets.read(seen.arn, token),
    (answer) => answer !== undefined,
  );
  return planOf(context, seen, {
    outcome: isFirstAttempt(seen, token, execution) ? 'created' : 'already-there',
    lockVersion,
    pendingVersion: token,
    pending: parsePending(context, text ?? ''),
    currentUser: context.reference.login.username,
    proven: [],
  });
};

/** Whether the trigger made all ready for this very execution: a copy of its input has another ARN. */
export const mayJoin = (secret: SecretDescription, execution: string, token: string): boolean =>
  lockHolder(secret, execution) === 'this execution' && isWrittenIn(recordOf(secret), token);

interface Mine {
  readonly lockVersion: string;
  /** On which versions AWSPENDING is this execution's. */
  readonly own: readonly string[];
}

/**
 * A whole rotation may have gone by since the look: what was planned by it would change the user that is in use now. AWSPENDING may be there
 * from an earlier call of this execution, whose answer was lost.
 */
const ownFrom = async (
  ports: CreateSecretPorts,
  { secret }: RotationContext,
  { lockVersion, own }: Mine,
): Promise<SecretDescription> => {
  const seen = await describeAsOwner(ports, secret.arn, lockVersion);
  if (sameStages(secret, seen)) return seen;
  const from = holderOf(seen, PENDING);
  if (from !== undefined && own.includes(from) && !hasLabel(seen, from, CURRENT))
    await ports.secrets.moveLabel(secret.arn, PENDING, { from });
  await releaseLock(ports.secrets, secret.arn, lockVersion);
  throw new RotationInProgressError(
    `the labels of ${secret.name} were moved while this execution began, by another one for example; start it again`,
  );
};

const pendingOn = async (
  ports: CreateSecretPorts,
  seen: SecretDescription,
  version: string,
  { lockVersion, own }: Mine,
): Promise<void> => {
  if (hasLabel(seen, version, PENDING) || (await takePending(ports, seen, version, own))) return;
  const now = await ports.secrets.describe(seen.arn);
  await releaseLock(ports.secrets, seen.arn, lockVersion);
  const { [lockVersion]: _released, ...versions } = now.versions;
  throw inProgress({ ...now, versions });
};
