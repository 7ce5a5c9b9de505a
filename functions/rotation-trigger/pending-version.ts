import {
  InvalidSecretError,
  PendingVersionMismatchError,
  RotationInProgressError,
  SecretsManagerRefusedError,
  UnknownTokenError,
  UntrustedVersionError,
} from '../contract/errors.ts';
import { readUntil } from '../runtime/read-again.ts';
import { hasLabel, holderOf, lockHolder, OWNER, PENDING } from '../secret/labels.ts';
import { describeAsOwner, inProgress, type LockPorts, releaseLock, takeLockOnce } from '../secret/lock.ts';
import { markerOf } from '../secret/marker.ts';
import { isWrittenIn, recordOf, recordProven, withWritten, withWrittenOfPair } from '../secret/proven.ts';
import { loadContext, newValue, parsePending, type RotationContext } from '../secret/rotation-context.ts';
import type { SecretDescription } from '../secret/secret-store.ts';
import type { RotationEvent } from './rotation-trigger.ts';

/** Gentle: DescribeSecret takes 40,000 calls a minute for the whole account, but every schedule may wait at once. */
const LONGEST_PAUSE_MS = 5000;

interface LockRequest {
  /** The ARN of the execution that is about to start. */
  readonly execution: string;
  readonly token: string;
  readonly deadline: number;
}

/**
 * Takes the lock for the execution that is about to start, and waits for it: a recovery or a retirement ends soon.
 *
 * @returns the secret as the owner sees it
 * @throws RotationInProgressError at the deadline
 */
export const lockFor = async (
  ports: LockPorts,
  secret: SecretDescription,
  { execution, token, deadline }: LockRequest,
): Promise<SecretDescription> => {
  const marker = markerOf(execution, [token]);
  let seen = secret;
  for (let pause = 500; ; pause = Math.min(2 * pause, LONGEST_PAUSE_MS)) {
    if (lockHolder(seen, execution) !== 'another') {
      const lockVersion = await takeUnlessBusy(ports, seen, execution, marker);
      if (lockVersion !== undefined) return await describeAsOwner(ports, secret.arn, lockVersion);
    }
    if (ports.clock.now() + pause > deadline) throw inProgress(seen);
    await ports.clock.sleep(pause);
    seen = await ports.secrets.describe(secret.arn);
  }
};

const takeUnlessBusy = async (
  ports: LockPorts,
  secret: SecretDescription,
  execution: string,
  marker: string,
): Promise<string | undefined> => {
  try {
    return await takeLockOnce(ports, secret, execution, marker);
  } catch (error) {
    if (error instanceof RotationInProgressError) return undefined;
    throw error;
  }
};

/**
 * Writes the value of Secrets Manager's version, and records that it was this function which did. A value that is there already is
 * used only if that is on record: a version can't be rewritten.
 *
 * A refused rotation leaves neither the lock nor AWSPENDING behind, which would keep the next one from starting.
 *
 * @param tags are set by the same call as the record
 */
export const writePendingVersion = async (
  ports: LockPorts,
  secret: SecretDescription,
  event: RotationEvent,
  tags: SecretDescription['tags'],
): Promise<void> => {
  try {
    await ensureValue(ports, secret, event, tags);
  } catch (error) {
    if (isRefusal(error)) {
      await ports.secrets.moveLabel(secret.arn, PENDING, { from: event.ClientRequestToken });
      await releaseLock(ports.secrets, secret.arn, holderOf(secret, OWNER) ?? '');
    }
    throw error;
  }
};

const isRefusal = (error: unknown): boolean =>
  error instanceof InvalidSecretError ||
  error instanceof PendingVersionMismatchError ||
  error instanceof SecretsManagerRefusedError ||
  error instanceof UnknownTokenError ||
  error instanceof UntrustedVersionError;

const ensureValue = async (
  { secrets, clock }: LockPorts,
  secret: SecretDescription,
  { ClientRequestToken: token, RotationToken: rotationToken }: RotationEvent,
  tags: SecretDescription['tags'],
): Promise<void> => {
  const context = await loadContext(secrets, secret, 'rotate');
  assertInRotation(secret, token, rotationToken);
  const value = await newValue(secrets, context);
  const proof = rotationToken === undefined ? {} : { rotationToken };
  const written = await secrets.put({ secretArn: secret.arn, token, value, label: PENDING, ...proof });
  if (written === 'exists') {
    const read = () => secrets.read(secret.arn, token);
    return assertOwnValue(context, secret, token, await readUntil(clock, read, (text) => text !== undefined));
  }
  const isPair = context.settings.strategy !== 'single-user';
  const record = isPair
    ? withWrittenOfPair(secret, token, context.currentVersion)
    : withWritten(secret, token);
  await recordProven(secrets, secret.arn, recordOf(secret), record, tags);
};

const assertOwnValue = (
  context: RotationContext,
  secret: SecretDescription,
  token: string,
  existing: string | undefined,
): void => {
  if (existing === undefined || !isWrittenIn(recordOf(secret), token)) throw untrusted(secret, token);
  parsePending(context, existing);
};

const untrusted = (secret: SecretDescription, token: string): UntrustedVersionError =>
  new UntrustedVersionError(
    `version ${token} of ${secret.name} has a value that this rotation function did not write, or could not record; AWSPENDING was taken off it; rotate the secret again`,
  );

/** Secrets Manager makes its version itself, and lets only the rotation function write into it. */
const assertInRotation = (
  secret: SecretDescription,
  token: string,
  rotationToken: string | undefined,
): void => {
  if (rotationToken !== undefined || hasLabel(secret, token, PENDING)) return;
  throw new UnknownTokenError(
    `version ${token} of ${secret.name} is not in rotation; start the rotation again`,
  );
};
