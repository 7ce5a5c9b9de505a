import { SecretsManagerRefusedError } from '../contract/errors.ts';
import type { Before, Plan, ReleaseLockInput } from '../contract/steps.ts';
import { readUntil } from '../runtime/read-again.ts';
import { CURRENT, hasLabel, holderOf, lockHolder, OWNER, PENDING, PREVIOUS } from '../secret/labels.ts';
import { type LockPorts, releaseLock } from '../secret/lock.ts';
import { asProven, asWritten, isProvenEntry, isProvenIn, recordProven } from '../secret/proven.ts';
import type { SecretDescription } from '../secret/secret-store.ts';
import { versionIdsOf } from '../secret/version-ids.ts';
import { isOfSecretsManager, isRevert } from '../secret/versions.ts';

export interface ReleaseLockResult {
  readonly outcome: 'released' | 'nothing-to-release';
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
  const { plan } = input;
  if (plan === null) return await releaseWithoutPlan(ports, input);
  const pendingMoved = input.ended === 'restored' && (await settlePending(ports, plan));
  try {
    await recordProven(ports.secrets, plan.secretArn, plan.proven, provenBy(plan, input));
  } catch (error) {
    // A permission that is missing must not hold the lock for good as well.
    if (error instanceof SecretsManagerRefusedError)
      await releaseLock(ports.secrets, plan.secretArn, plan.lockVersion);
    throw error;
  }
  const released = await releaseLock(ports.secrets, plan.secretArn, plan.lockVersion);
  return { outcome: released ? 'released' : 'nothing-to-release', pendingMoved };
};

/**
 * A promoted version was tested on every instance; AWSCURRENT as it was logged in before anything changed. Secrets Manager tries a failed
 * rotation again with the same token, whose version can't be written again: it stays on record until the next rotation.
 */
export const provenBy = (
  plan: Pick<Plan, 'lockVersion' | 'pendingVersion' | 'labelsBefore' | 'proven'>,
  { ended, before }: Pick<ReleaseLockInput, 'ended'> & { readonly before: Pick<Before, 'logsIn'> | null },
): string[] => {
  const { pendingVersion, labelsBefore, proven } = plan;
  const { current, previous } = labelsBefore;
  const wasGood = before?.logsIn.includes(CURRENT) || isProvenIn(proven, current);
  const currents = wasGood ? asProven(current) : [];
  const promoted = ended === 'promoted' ? asProven(pendingVersion) : [];
  // A revert goes back by one step: what a pair's other user had before that is still needed.
  if (promoted.length > 0)
    return [...promoted, ...currents, ...(isRevert(plan) ? proven.filter(isProvenEntry) : [])];
  const kept = [previous, ...(isOfSecretsManager(plan) ? [asWritten(pendingVersion)] : [])];
  // Nothing else is forgotten: after a value that was written by hand the record alone knows a pair's other user, or what did log in.
  const isProven = (entry: string): boolean => isProvenEntry(entry) && entry !== pendingVersion;
  return [...currents, ...proven.filter((entry) => kept.includes(entry) || isProven(entry))];
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
    return { outcome: 'nothing-to-release', pendingMoved: false };
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
