import { SecretsManagerUnavailableError } from '../contract/errors.ts';
import { readUntil } from '../runtime/read-again.ts';
import { CURRENT, hasLabel, holderOf, isOldLabel, PENDING, PREVIOUS } from '../secret/labels.ts';
import type { SecretDescription, SecretStore } from '../secret/secret-store.ts';
import type { Version } from './known-versions.ts';
import type { ReconcilePorts, RecoveryContext } from './recovery-context.ts';

/** @throws SecretsManagerUnavailableError if someone else has moved AWSCURRENT meanwhile */
export const promote = async (
  { secrets, clock }: ReconcilePorts,
  { secret, currentVersion }: RecoveryContext,
  to: Version,
): Promise<void> => {
  // Where AWSPENDING is parked on AWSCURRENT it keeps no rotation from beginning. Once AWSCURRENT has left it would.
  if (hasLabel(secret, currentVersion, PENDING))
    await secrets.moveLabel(secret.arn, PENDING, { from: currentVersion });
  if (await secrets.moveLabel(secret.arn, CURRENT, { from: currentVersion, to: to.id })) return;
  const now = await readUntil(
    clock,
    () => secrets.describe(secret.arn),
    (answer) => holderOf(answer, CURRENT) !== currentVersion,
  );
  if (hasLabel(now, to.id, CURRENT)) return;
  throw new SecretsManagerUnavailableError(
    `AWSCURRENT of ${secret.name} was moved by someone else during the recovery; it looks again`,
  );
};

/** @returns whether AWSPENDING was on a version that was stuck, and is not AWSCURRENT now: there it is parked */
export const takePendingOff = async (
  secrets: SecretStore,
  secret: SecretDescription,
  suspects: readonly string[],
  current: string,
): Promise<boolean> => {
  const holder = holderOf(secret, PENDING);
  if (holder === undefined || holder === current) return false;
  return (
    isStuck(secret, holder, suspects) && (await secrets.moveLabel(secret.arn, PENDING, { from: holder }))
  );
};

/** Whether the version with AWSPENDING is what was cut off, or stranded: anything else is someone else's. */
export const isStuck = (secret: SecretDescription, holder: string, suspects: readonly string[]): boolean =>
  suspects.includes(holder) || hasLabel(secret, holder, PREVIOUS);

/** @returns whether there was any label of the kind that this project used before 0.2 */
export const takeOldLabelsOff = async (secrets: SecretStore, secret: SecretDescription): Promise<boolean> => {
  const old = Object.entries(secret.versions).flatMap(([from, labels]) =>
    labels.filter(isOldLabel).map((label) => ({ from, label })),
  );
  for (const { from, label } of old) await secrets.moveLabel(secret.arn, label, { from });
  return old.length > 0;
};
