import type { Plan, RestoreLabelsInput } from '../shared/contract.ts';
import { RotationSupersededError } from '../shared/errors.ts';
import { CURRENT, hasLabel, holderOf, PENDING, PREVIOUS, ticketOf } from '../shared/labels.ts';
import type { SecretDescription, SecretStore } from '../shared/ports.ts';

export interface RestoreLabelsPorts {
  readonly secrets: SecretStore;
}

/**
 * Second half of the way back: AWSCURRENT, AWSPREVIOUS and AWSPENDING are on the versions that had them before.
 * The credential has been restored by now, so every label that moves here moves to a version that is right.
 *
 * Safe to repeat, and harmless to others: a label is only ever taken from this rotation's own version.
 *
 * @throws RotationSupersededError if somebody else moves the same label at the same time
 */
export const restoreLabels = async (
  { secrets }: RestoreLabelsPorts,
  { secretId, token, plan }: RestoreLabelsInput,
): Promise<{ outcome: 'restored' | 'untouched' }> => {
  const secret = await secrets.describe(plan?.secretArn ?? secretId);
  const version = plan?.version ?? versionOf(secret, token);
  if (version === undefined) return { outcome: 'untouched' };
  const moves = [
    ...(plan === undefined ? [] : [await giveBack(secrets, plan, CURRENT, plan.labelsBefore.current)]),
    ...(plan === undefined ? [] : [await giveBack(secrets, plan, PREVIOUS, plan.labelsBefore.previous)]),
    await takeOff(secrets, secret.arn, PENDING, version, pendingBefore(plan)),
    await takeOff(secrets, secret.arn, ticketOf(token), version, undefined),
  ];
  return { outcome: moves.includes(true) ? 'restored' : 'untouched' };
};

/** CreateSecret died before it could tell: its version is named by the token, or carries its ticket. */
const versionOf = (secret: SecretDescription, token: string): string | undefined =>
  secret.versions[token] === undefined ? holderOf(secret, ticketOf(token)) : token;

const pendingBefore = (plan: Plan | undefined): string | undefined => plan?.labelsBefore.pending;

const giveBack = async (
  secrets: SecretStore,
  plan: Plan,
  label: string,
  before: string | undefined,
): Promise<boolean> =>
  before === plan.version ? false : await takeOff(secrets, plan.secretArn, label, plan.version, before);

/** @returns whether the label was on this rotation's version, and has left it */
const takeOff = async (
  secrets: SecretStore,
  secretArn: string,
  label: string,
  version: string,
  to: string | undefined,
): Promise<boolean> => {
  // Asked each time: moving AWSCURRENT makes Secrets Manager move AWSPREVIOUS too.
  if (!hasLabel(await secrets.describe(secretArn), version, label)) return false;
  if (await secrets.moveLabel(secretArn, label, { from: version, ...(to === undefined ? {} : { to }) }))
    return true;
  if (!hasLabel(await secrets.describe(secretArn), version, label)) return true;
  throw new RotationSupersededError(
    `${label} of ${secretArn} can't be moved off version ${version}: somebody else is moving labels`,
  );
};
