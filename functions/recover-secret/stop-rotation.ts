import type { StopRotationInput } from '../shared/contract.ts';
import { CURRENT, hasLabel, holderOf, PENDING, PREVIOUS, stopOf } from '../shared/labels.ts';
import { pendingVersionOf } from '../shared/lock-version.ts';
import { assertRotatable } from '../shared/ownership.ts';
import type { SecretDescription, SecretStore } from '../shared/ports.ts';

export interface StopRotationResult {
  readonly outcome: 'stopped' | 'nothing-runs';
  /** The version that was told: whose remains the recovery may clear. */
  readonly token?: string;
}

/**
 * Tells the rotation that holds AWSPENDING, if one does, to go no further. Whether it is alive or stuck nobody can
 * tell: a live one sees the label before its next step, and takes back a change that it was just making.
 *
 * AWSPENDING stays where it is. Were it taken off before the last step has ended, the database could get a password
 * that no label of the secret holds.
 *
 * Safe to repeat.
 *
 * @param input with a token, only that rotation is told: it was stopped, but Secrets Manager may have begun it again.
 *   Its version is on record by this label even if somebody else takes AWSPENDING from it
 * @throws SecretNotRotatableError
 */
export const stopRotation = async (
  secrets: SecretStore,
  { secretId, token }: StopRotationInput,
): Promise<StopRotationResult> => {
  const secret = await secrets.describe(secretId);
  assertRotatable(secret);
  const version = token === undefined ? holderOf(secret, PENDING) : pendingVersionOf(secret, token);
  if (version === undefined) return { outcome: 'nothing-runs' };
  // One without a value, as Secrets Manager makes it, has nothing to keep on record. Whether it takes a label is not documented.
  const hasValue = (await secrets.read(secret.arn, version)) !== undefined;
  if (!isUnfinished(secret, version, hasValue)) return { outcome: 'nothing-runs' };
  if (hasValue) await secrets.moveLabel(secret.arn, stopOf(version), { to: version });
  return { outcome: 'stopped', token: version };
};

/**
 * Not a version that was promoted (AWSPENDING that rests on AWSCURRENT is no lock: Secrets Manager leaves it there
 * itself), nor one that CreateSecret never got to.
 */
const isUnfinished = (secret: SecretDescription, version: string, hasValue: boolean): boolean => {
  if (hasLabel(secret, version, CURRENT)) return false;
  if (hasLabel(secret, version, PENDING)) return true;
  return hasValue && !hasLabel(secret, version, PREVIOUS);
};
