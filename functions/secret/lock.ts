import {
  RotationInProgressError,
  RotationSupersededError,
  SecretsManagerRefusedError,
} from '../contract/errors.ts';
import type { Clock } from '../runtime/clock.ts';
import { readUntil } from '../runtime/read-again.ts';
import { CLAIM, CURRENT, hasLabel, holderOf, lockHolder, OWNER, PENDING, PREVIOUS } from './labels.ts';
import { isPendingFree } from './pending-free.ts';
import type { SecretDescription, SecretStore } from './secret-store.ts';
import { versionIdsOf } from './version-ids.ts';

export interface LockPorts {
  readonly secrets: SecretStore;
  readonly clock: Clock;
}

/**
 * Waits until nothing else acts on the secret, as far as labels tell: an old answer may show a lock that is released.
 *
 * @returns the secret as it is then
 * @throws RotationInProgressError if someone does
 */
export const describeWhenFree = async (
  { secrets, clock }: LockPorts,
  secretId: string,
  execution: string,
): Promise<SecretDescription> => {
  const isFree = (secret: SecretDescription): boolean => mayBegin(secret, execution);
  const secret = await readUntil(clock, () => secrets.describe(secretId), isFree);
  if (isFree(secret)) return secret;
  throw inProgress(secret);
};

/**
 * Whether nothing else acts on the secret, as far as labels tell. Who has the lock already goes on, and gives it back where it has to: another
 * one's AWSPENDING may wait for that very lock.
 */
export const mayBegin = (secret: SecretDescription, execution: string): boolean => {
  const holder = lockHolder(secret, execution);
  if (holder === 'this execution') return true;
  return holder === 'none' && isPendingFree(secret, versionIdsOf(execution));
};

export const inProgress = (secret: SecretDescription): RotationInProgressError =>
  new RotationInProgressError(
    `another execution or another tool ${whatIsHeld(secret)} of ${secret.name}; wait for its end, or start the recovery machine for this secret if it is stuck`,
  );

/** It may have ended while this execution looked. */
const whatIsHeld = (secret: SecretDescription): string => {
  const owner = holderOf(secret, OWNER);
  if (owner !== undefined) return `has the lock (version ${owner})`;
  const pending = holderOf(secret, PENDING);
  return pending === undefined ? 'had the lock' : `has AWSPENDING (version ${pending})`;
};

/**
 * Writes a version of the execution's own and puts the owner label on it, by compare-and-set: from no version, or from
 * another one of its own.
 *
 * @param value a new credential, or a marker
 * @returns the id of that version, which this call wrote, and no other
 * @throws RotationInProgressError if another execution has the lock
 */
export const takeLock = async (
  ports: LockPorts,
  secret: SecretDescription,
  execution: string,
  value: string,
): Promise<string> => {
  const version = await writeOwnVersion(ports.secrets, secret.arn, execution, value);
  let seen = secret;
  // Twice: an old look may not have shown an earlier version of the execution's own, or that the lock is free by now.
  for (let attempt = 1; attempt <= 2 && lockHolder(seen, execution) !== 'another'; attempt += 1) {
    if (await moveOwner(ports.secrets, seen, version)) return version;
    // The compare failed: someone has it; or this very version, by a request whose reply got lost and that the SDK sent again.
    // To give up then would leave the lock behind, so that no old answer may decide.
    seen = await readUntil(
      ports.clock,
      () => ports.secrets.describe(secret.arn),
      (answer) => hasLabel(answer, version, OWNER),
    );
    if (hasLabel(seen, version, OWNER)) return version;
  }
  throw inProgress(seen);
};

/** The same for an execution whose lock is a marker: one that it has already serves as well. */
export const takeLockOnce = async (
  ports: LockPorts,
  secret: SecretDescription,
  execution: string,
  marker: string,
): Promise<string> => {
  const held = holderOf(secret, OWNER);
  if (held !== undefined && lockHolder(secret, execution) === 'this execution') return held;
  return await takeLock(ports, secret, execution, marker);
};

/** @param secret where no execution has it, or this one */
const moveOwner = async (secrets: SecretStore, secret: SecretDescription, to: string): Promise<boolean> => {
  const from = holderOf(secret, OWNER);
  return await secrets.moveLabel(secret.arn, OWNER, { to, ...(from === undefined ? {} : { from }) });
};

/** A version is written once: where one exists already, the next one is. */
export const writeOwnVersion = async (
  secrets: SecretStore,
  secretArn: string,
  execution: string,
  value: string,
): Promise<string> => {
  for (const token of versionIdsOf(execution)) {
    if ((await secrets.put({ secretArn, token, value, label: CLAIM })) === 'written') return token;
  }
  throw new SecretsManagerRefusedError(
    `each version that this execution may write exists already in ${secretArn}; start a new execution`,
  );
};

/**
 * @param lockVersion the version that had the owner label when the caller took the lock
 * @returns the secret, at least as new as the taking of the lock
 * @throws RotationSupersededError if someone else took the label, or took it off
 */
export const describeAsOwner = async (
  { secrets, clock }: LockPorts,
  secretArn: string,
  lockVersion: string,
): Promise<SecretDescription> => {
  const secret = await readUntil(
    clock,
    () => secrets.describe(secretArn),
    (answer) => hasLabel(answer, lockVersion, OWNER),
  );
  if (hasLabel(secret, lockVersion, OWNER)) return secret;
  throw superseded(secret, lockVersion);
};

export const superseded = (secret: SecretDescription, lockVersion: string): RotationSupersededError =>
  new RotationSupersededError(
    `version ${lockVersion} of ${secret.name} has the lock no more: a recovery took it, or someone moved the label ${OWNER}; this execution touches nothing further`,
  );

/** Harmless where the label is elsewhere by now: only this version loses it. */
export const releaseLock = async (
  secrets: SecretStore,
  secretArn: string,
  lockVersion: string,
): Promise<boolean> => await secrets.moveLabel(secretArn, OWNER, { from: lockVersion });

/**
 * AWSPENDING, from where it is free, or from an earlier version of the same execution.
 *
 * @param secret as the owner sees it
 * @returns whether that version has it; false where another version has it, of Secrets Manager's or another tool's
 */
export const takePending = async (
  { secrets, clock }: LockPorts,
  secret: SecretDescription,
  to: string,
  own: readonly string[] = [],
): Promise<boolean> => {
  const holder = holderOf(secret, PENDING);
  if (holder === to) return true;
  if (!isPendingFree(secret, own)) return false;
  if (await secrets.moveLabel(secret.arn, PENDING, { to, ...(holder === undefined ? {} : { from: holder }) }))
    return true;
  const now = await readUntil(
    clock,
    () => secrets.describe(secret.arn),
    (answer) => hasLabel(answer, to, PENDING),
  );
  return hasLabel(now, to, PENDING);
};

/** Whether the labels that a plan goes by are where they were. */
export const sameStages = (one: SecretDescription, other: SecretDescription): boolean =>
  [CURRENT, PREVIOUS].every((label) => holderOf(one, label) === holderOf(other, label));
