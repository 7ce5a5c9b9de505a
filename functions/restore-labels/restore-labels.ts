import { SecretsManagerUnavailableError } from '../contract/errors.ts';
import type { Plan, RestoreLabelsInput } from '../contract/steps.ts';
import { readUntil } from '../runtime/read-again.ts';
import { CURRENT, holderOf, PREVIOUS } from '../secret/labels.ts';
import { describeAsOwner, type LockPorts } from '../secret/lock.ts';
import type { SecretDescription } from '../secret/secret-store.ts';

export interface RestoreLabelsResult {
  readonly outcome: 'restored' | 'untouched';
  /** The version that AWSCURRENT is on now. */
  readonly version: string | undefined;
  /** A version that someone made AWSCURRENT meanwhile and that does not log in: it is AWSPREVIOUS now. */
  readonly written?: string;
}

/**
 * The labels' half of compensation: AWSCURRENT and AWSPREVIOUS are on the versions that had them before. Every label moves to a
 * version that logs in: a single user's password has been restored by now, a pair's current user was never touched.
 *
 * What this execution did is undone, whatever an old answer shows: compare-and-set tells whether it was. An AWSCURRENT that
 * someone wrote meanwhile stays if it logs in.
 *
 * Safe to repeat.
 *
 * @throws RotationSupersededError if this execution has the lock no more
 * @throws SecretsManagerUnavailableError while labels are moved at the same time: look again
 */
export const restoreLabels = async (
  ports: LockPorts,
  input: RestoreLabelsInput,
): Promise<RestoreLabelsResult> => {
  const { plan, promoted, promotionOnly, currentStays } = input;
  await describeAsOwner(ports, plan.secretArn, plan.lockVersion);
  const { current } = plan.labelsBefore;
  const undone = promoted && (await moveCurrentBack(ports, plan, plan.pendingVersion));
  if (promotionOnly) return { outcome: undone ? 'restored' : 'untouched', version: current };
  const written = await replaceWritten(ports, plan, currentStays);
  const previousMoved = promoted && (await restorePrevious(ports, plan));
  const moved = undone || written !== undefined || previousMoved;
  return {
    outcome: moved ? 'restored' : 'untouched',
    version: currentStays ?? current,
    ...(written === undefined ? {} : { written }),
  };
};

const moveCurrentBack = async ({ secrets }: LockPorts, plan: Plan, from: string): Promise<boolean> =>
  from !== plan.labelsBefore.current &&
  (await secrets.moveLabel(plan.secretArn, CURRENT, { from, to: plan.labelsBefore.current }));

/** @returns the version that AWSCURRENT was taken from, if someone had put it there who is not this execution */
const replaceWritten = async (
  ports: LockPorts,
  plan: Plan,
  currentStays: string | undefined,
): Promise<string | undefined> => {
  const { current } = plan.labelsBefore;
  const isGood = (secret: SecretDescription): boolean => isPutBack(secret, current, currentStays);
  const describe = () => ports.secrets.describe(plan.secretArn);
  const secret = await describe();
  if (isGood(secret)) return undefined;
  const written = holderOf(secret, CURRENT);
  if (written !== undefined && (await moveCurrentBack(ports, plan, written))) return written;
  if (isGood(await readUntil(ports.clock, describe, isGood))) return undefined;
  throw new SecretsManagerUnavailableError(
    `AWSCURRENT of ${plan.secretName} can't be moved back to version ${current}: someone moves labels at the same time; it is tried again`,
  );
};

/** Whether AWSCURRENT is where it was, or on a version that someone wrote meanwhile and that logs in. */
export const isPutBack = (
  secret: SecretDescription,
  before: string,
  currentStays: string | undefined,
): boolean => [before, currentStays].includes(holderOf(secret, CURRENT));

/**
 * When AWSCURRENT left the pending version, Secrets Manager put AWSPREVIOUS there. Where someone else's move has put it
 * elsewhere, it stays: compare-and-set tells, and no read, which may be too old.
 */
const restorePrevious = async ({ secrets }: LockPorts, plan: Plan): Promise<boolean> => {
  const { secretArn, pendingVersion, labelsBefore } = plan;
  const { previous } = labelsBefore;
  // To go back, the pending version is the one that had AWSPREVIOUS.
  if (pendingVersion === previous) return false;
  const to = previous === undefined ? {} : { to: previous };
  return await secrets.moveLabel(secretArn, PREVIOUS, { from: pendingVersion, ...to });
};
