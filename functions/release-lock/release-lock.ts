import { SecretsManagerRefusedError } from '../contract/errors.ts';
import type { Plan, ReleaseLockInput } from '../contract/steps.ts';
import { readUntil } from '../runtime/read-again.ts';
import { tellingCluster } from '../secret/cluster-on-record.ts';
import { CURRENT, hasLabel, holderOf, lockHolder, OWNER, PENDING, PREVIOUS } from '../secret/labels.ts';
import { type LockPorts, releaseLock } from '../secret/lock.ts';
import { pairedIn, recordOf, recordProven } from '../secret/proven.ts';
import { provenBy } from '../secret/proven-by.ts';
import type { SecretDescription } from '../secret/secret-store.ts';
import { namingUser } from '../secret/user-on-record.ts';
import { versionIdsOf } from '../secret/version-ids.ts';
import { isRevert } from '../secret/versions.ts';

export interface ReleaseLockResult {
  /** `kept`: a change may still come, and the execution waits for it. */
  readonly outcome: 'released' | 'nothing-to-release' | 'kept';
  /** Whether AWSPENDING was taken off the pending version, or parked again. */
  readonly pendingMoved: boolean;
}

/**
 * The last step of every execution that had the lock: records which versions are proven by now, settles AWSPENDING, and takes
 * the owner label off.
 *
 * Safe to repeat, and harmless to others: each label is taken only from this execution's own versions.
 */
export const endExecution = async (ports: LockPorts, input: ReleaseLockInput): Promise<ReleaseLockResult> => {
  const { plan, ended, keepLock } = input;
  if (keepLock) return { outcome: 'kept', pendingMoved: false };
  if (plan === null) return await releaseWithoutPlan(ports, input);
  const known = isJustPromoted(input)
    ? { record: plan.proven, tags: {} }
    : await releasingIfRefused(ports, plan, () => recordAsOwner(ports, plan));
  if (known === undefined) return NOTHING_TO_RELEASE;
  const pendingMoved = ended === 'restored' && (await settlePending(ports, plan));
  const also =
    ended === 'promoted' ? { ...namingUser(plan, known.tags), ...tellingCluster(plan, known.tags) } : {};
  await releasingIfRefused(ports, plan, () =>
    recordProven(ports.secrets, plan.secretArn, known.record, provenBy(plan, input), also),
  );
  const released = await releaseLock(ports.secrets, plan.secretArn, plan.lockVersion);
  return { outcome: released ? 'released' : 'nothing-to-release', pendingMoved };
};

/** A permission that is missing must not hold the lock for good as well. */
const releasingIfRefused = async <T>(
  { secrets }: LockPorts,
  { secretArn, lockVersion }: Plan,
  act: () => Promise<T>,
): Promise<T> => {
  try {
    return await act();
  } catch (error) {
    if (error instanceof SecretsManagerRefusedError) await releaseLock(secrets, secretArn, lockVersion);
    throw error;
  }
};

const NOTHING_TO_RELEASE: ReleaseLockResult = { outcome: 'nothing-to-release', pendingMoved: false };

/**
 * FinishSecret has asked for the lock, and of a single user nothing is on record that gives anyone power: a call is saved. A pair's secret may go
 * back to AWSCURRENT's own user, as a single one does.
 */
const isJustPromoted = ({ ended, plan }: ReleaseLockInput): boolean =>
  ended === 'promoted' &&
  plan?.strategy === 'single-user' &&
  !isRevert(plan) &&
  pairedIn(plan.proven).length === 0;

interface Known extends Pick<SecretDescription, 'tags'> {
  readonly record: readonly string[];
}

/**
 * What failed may have been held up for long, and a call may come again after its reply was lost: a recovery or whole rotations may have gone
 * by, and what is on record by now would be written over.
 */
const recordAsOwner = async ({ secrets, clock }: LockPorts, plan: Plan): Promise<Known | undefined> => {
  const isOwner = (answer: SecretDescription): boolean => hasLabel(answer, plan.lockVersion, OWNER);
  const secret = await readUntil(clock, () => secrets.describe(plan.secretArn), isOwner);
  if (!isOwner(secret)) return undefined;
  // What FinishSecret wrote of a pair an old answer may not show: it is written over in any case.
  return { record: plan.strategy === 'single-user' ? recordOf(secret) : [], tags: secret.tags };
};

/** AWSPENDING leaves the pending version: back to where it was parked, if that is AWSCURRENT still. */
const settlePending = async ({ secrets }: LockPorts, plan: Plan): Promise<boolean> => {
  const { secretArn, pendingVersion, labelsBefore } = plan;
  const parked = labelsBefore.pending;
  const isGoodPlace = parked !== undefined && hasLabel(await secrets.describe(secretArn), parked, CURRENT);
  return await secrets.moveLabel(secretArn, PENDING, {
    from: pendingVersion,
    ...(isGoodPlace ? { to: parked } : {}),
  });
};

/**
 * CreateSecret came to no end: which of its moves were made only the labels tell. It takes AWSPENDING last, so that an answer which
 * shows its lock may be too old to show that.
 */
const releaseWithoutPlan = async (
  { secrets, clock }: LockPorts,
  { execution, secretId, token }: ReleaseLockInput,
): Promise<ReleaseLockResult> => {
  const own = [...versionIdsOf(execution), token];
  const secret = await readUntil(
    clock,
    () => secrets.describe(secretId),
    (answer) => lockHolder(answer, execution) === 'this execution' && ownPending(answer, own) !== undefined,
  );
  const lockVersion = holderOf(secret, OWNER);
  if (lockVersion === undefined || lockHolder(secret, execution) !== 'this execution')
    return NOTHING_TO_RELEASE;
  const from = ownPending(secret, own);
  const pendingMoved = from !== undefined && (await secrets.moveLabel(secret.arn, PENDING, { from }));
  const released = await releaseLock(secrets, secret.arn, lockVersion);
  return { outcome: released ? 'released' : 'nothing-to-release', pendingMoved };
};

/** On the version of this execution, on the token's, or on AWSPREVIOUS, to which it was to go back: nowhere else. */
const ownPending = (secret: SecretDescription, own: readonly (string | undefined)[]): string | undefined => {
  const holder = holderOf(secret, PENDING);
  if (holder === undefined || hasLabel(secret, holder, CURRENT)) return undefined;
  return own.includes(holder) || hasLabel(secret, holder, PREVIOUS) ? holder : undefined;
};
