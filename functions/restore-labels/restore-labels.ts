import type { Plan, RestoreLabelsInput } from '../shared/contract.ts';
import { RotationSupersededError } from '../shared/errors.ts';
import { CURRENT, hasLabel, PENDING, PREVIOUS, ticketOf } from '../shared/labels.ts';
import { ownsSecret } from '../shared/ownership.ts';
import type { SecretDescription, SecretStore } from '../shared/ports.ts';

export interface RestoreLabelsPorts {
  readonly secrets: SecretStore;
}

export interface RestoreLabelsResult {
  /** `superseded`: another rotation has the secret now; at most our own ticket was taken off. */
  readonly outcome: 'restored' | 'untouched' | 'superseded';
}

/**
 * The labels' half of the way back: AWSCURRENT, AWSPREVIOUS and AWSPENDING are on the versions that had them before.
 * Every label moves to a version that logs in: a single user's password has been restored by now, a pair's current
 * user was never touched.
 *
 * Safe to repeat, and harmless to others: a label is only ever taken from this rotation's own version, and not even
 * that once another rotation builds on it.
 *
 * @throws RotationSupersededError if somebody else moves the same label at the same time
 */
export const restoreLabels = async (
  { secrets }: RestoreLabelsPorts,
  { secretId, token, plan, keepLock }: RestoreLabelsInput,
): Promise<RestoreLabelsResult> => {
  const { arn } = await secrets.describe(plan?.secretArn ?? secretId);
  const own = { secrets, arn, version: token };
  const moved = [await takeOff(own, ticketOf(token), undefined)];
  if (plan !== undefined) {
    if (isBuiltOn(await secrets.describe(arn), plan)) return { outcome: 'superseded' };
    const target = { ...own, version: plan.target };
    moved.push(await takeOff(target, CURRENT, plan.labelsBefore.current));
    moved.push(await takeOff(target, PREVIOUS, plan.labelsBefore.previous));
  }
  if (!keepLock) moved.push(await takeOff(own, PENDING, await restingPlace(own, plan)));
  return { outcome: moved.includes(true) ? 'restored' : 'untouched' };
};

interface OwnVersion {
  readonly secrets: SecretStore;
  readonly arn: string;
  readonly version: string;
}

/** Somebody has taken the lock by hand: AWSCURRENT is what another rotation may go by. */
const isBuiltOn = (secret: SecretDescription, plan: Plan): boolean =>
  hasLabel(secret, plan.target, CURRENT) && !ownsSecret(secret, plan);

/** Where AWSPENDING had rested, if that version still is AWSCURRENT: elsewhere it would be a lock. */
const restingPlace = async (
  { secrets, arn }: OwnVersion,
  plan: Plan | undefined,
): Promise<string | undefined> => {
  const before = plan?.labelsBefore.pending;
  if (before === undefined) return undefined;
  return hasLabel(await secrets.describe(arn), before, CURRENT) ? before : undefined;
};

/** @returns whether the label was on this rotation's version, and has left it */
const takeOff = async (
  { secrets, arn, version }: OwnVersion,
  label: string,
  to: string | undefined,
): Promise<boolean> => {
  // Where it was before is where it may stay: a rollback's target has AWSPREVIOUS from the start.
  if (version === to) return false;
  // Asked each time: moving AWSCURRENT makes Secrets Manager move AWSPREVIOUS too.
  if (!hasLabel(await secrets.describe(arn), version, label)) return false;
  if (await secrets.moveLabel(arn, label, { from: version, ...(to === undefined ? {} : { to }) }))
    return true;
  if (!hasLabel(await secrets.describe(arn), version, label)) return true;
  throw new RotationSupersededError(
    `${label} of ${arn} can't be moved off version ${version}: somebody else is moving labels`,
  );
};
