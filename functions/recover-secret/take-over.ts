import { NothingToRecoverError, RotationInProgressError } from '../contract/errors.ts';
import type { TakeOverInput } from '../contract/steps.ts';
import { readUntil } from '../runtime/read-again.ts';
import { hasLabel, holderOf, lockHolder, OWNER, PENDING, PREVIOUS } from '../secret/labels.ts';
import { type LockPorts, writeOwnVersion } from '../secret/lock.ts';
import { markerOf, pendingInMarker } from '../secret/marker.ts';
import { assertRotatable } from '../secret/rotatable.ts';
import type { SecretDescription } from '../secret/secret-store.ts';
import { versionIdOf, versionIdOfBefore02, versionIdsOf } from '../secret/version-ids.ts';

export interface TakeOverResult {
  readonly outcome: 'taken';
  readonly lockVersion: string;
  /** Versions whose password the database may have. They prove nothing: each is tried, and believed if it logs in. */
  readonly suspects: readonly string[];
  /** The version that had the lock. */
  readonly takenFrom?: string;
}

/**
 * First step of a recovery: takes the lock, from the execution that has it. That ends the next step of the other execution; the one in
 * flight has to be waited for before anything is read.
 *
 * A recovery that starts by itself takes the lock only from the executions that have ended: another one answers for the secret.
 *
 * Safe to repeat: the suspects are in the marker that carries the lock.
 *
 * @throws NothingToRecoverError if another execution has the lock, and this recovery started by itself
 * @throws RotationInProgressError if the lock is moved at the very moment: try again
 * @throws SecretNotRotatableError
 */
export const takeOver = async (ports: LockPorts, input: TakeOverInput): Promise<TakeOverResult> => {
  const { secrets } = ports;
  const secret = await describeWhenDecided(ports, input);
  assertRotatable(secret);
  const holder = holderOf(secret, OWNER);
  if (holder !== undefined && lockHolder(secret, input.execution) === 'this execution') {
    const suspects = pendingInMarker(await secrets.read(secret.arn, holder)) ?? [];
    return { outcome: 'taken', lockVersion: holder, suspects };
  }
  if (!mayTakeFrom(holder, input)) throw nothingToRecover(secret, holder);
  const suspects = await suspectsOf(ports, secret, holder, input);
  const lockVersion = await writeOwnVersion(
    secrets,
    secret.arn,
    input.execution,
    markerOf(input.execution, suspects),
  );
  const from = holder === undefined ? {} : { from: holder };
  if (!(await secrets.moveLabel(secret.arn, OWNER, { to: lockVersion, ...from }))) {
    await assertTaken(ports, secret, lockVersion, holder);
  }
  return { outcome: 'taken', lockVersion, suspects, ...(holder === undefined ? {} : { takenFrom: holder }) };
};

/** Whether a recovery may take the lock from the version that has it. */
export const mayTakeFrom = (
  holder: string | undefined,
  { stopped }: Pick<TakeOverInput, 'stopped'>,
): boolean =>
  holder === undefined ||
  stopped === undefined ||
  stopped.some((execution) => versionIdsOf(execution).includes(holder));

/** That another execution has the lock may be an old answer. */
const describeWhenDecided = async (
  { secrets, clock }: LockPorts,
  input: TakeOverInput,
): Promise<SecretDescription> =>
  await readUntil(
    clock,
    () => secrets.describe(input.secretId),
    (answer) =>
      lockHolder(answer, input.execution) === 'this execution' || mayTakeFrom(holderOf(answer, OWNER), input),
  );

/**
 * What the holder worked with; and AWSPENDING's version, if it is the stopped execution's, or an operator asks. Where no execution has the
 * lock, someone may have taken both labels off by hand: then the stopped executions' own versions tell. One that is AWSPREVIOUS
 * was in use and has been replaced by a later rotation; its user may be in use still.
 */
const suspectsOf = async (
  { secrets }: LockPorts,
  secret: SecretDescription,
  holder: string | undefined,
  input: TakeOverInput,
): Promise<string[]> => {
  const read = async (version: string) => pendingInMarker(await secrets.read(secret.arn, version));
  if (holder !== undefined) return suspectsIn(secret, { holder, inMarker: await read(holder) }, input);
  // A revert's version is none of its own: only its marker names it.
  const named = await Promise.all((input.stopped ?? []).map((each) => read(versionIdOf(each, 0))));
  return suspectsIn(secret, { holder, inMarker: named.flatMap((versions) => versions ?? []) }, input);
};

export const suspectsIn = (
  secret: SecretDescription,
  {
    holder,
    inMarker,
  }: { readonly holder: string | undefined; readonly inMarker: readonly string[] | undefined },
  { stopped, token }: Pick<TakeOverInput, 'stopped' | 'token'>,
): string[] => {
  const pending = holderOf(secret, PENDING);
  const ownIds = stopped?.flatMap((execution) => [
    ...versionIdsOf(execution),
    versionIdOfBefore02(execution),
  ]);
  const isOwn = ownIds === undefined || [...ownIds, token].includes(pending);
  const isInUse = (version: string): boolean => hasLabel(secret, version, PREVIOUS);
  const own = [token, ...(holder === undefined ? (stopped ?? []) : []).map((each) => versionIdOf(each, 0))];
  const named = inMarker ?? (holder === undefined ? [] : [holder]);
  const suspects = [
    ...(holder === undefined ? named.filter((version) => !isInUse(version)) : named),
    ...own.filter((version) => version !== undefined).filter((version) => !isInUse(version)),
    ...(pending !== undefined && isOwn ? [pending] : []),
  ];
  // AWSCURRENT too: a step in flight may be about to take it back.
  return [...new Set(suspects)];
};

/** A compare-and-set that seems lost may be our own, whose reply got lost and which the SDK sent again. */
const assertTaken = async (
  { secrets, clock }: LockPorts,
  secret: SecretDescription,
  lockVersion: string,
  holder: string | undefined,
): Promise<void> => {
  const now = await readUntil(
    clock,
    () => secrets.describe(secret.arn),
    (answer) => holderOf(answer, OWNER) !== holder,
  );
  if (hasLabel(now, lockVersion, OWNER)) return;
  throw new RotationInProgressError(
    `the lock of ${secret.name} was moved while this recovery took it; it is tried again`,
  );
};

const nothingToRecover = (secret: SecretDescription, holder: string | undefined): NothingToRecoverError =>
  new NothingToRecoverError(
    `another execution has the lock of ${secret.name} (version ${holder}), and answers for it`,
  );
