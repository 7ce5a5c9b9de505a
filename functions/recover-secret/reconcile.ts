import type { ReconcileInput } from '../contract/steps.ts';
import { CURRENT } from '../secret/labels.ts';
import { describeAsOwner } from '../secret/lock.ts';
import { recordOf, recordProven } from '../secret/proven.ts';
import { disableOtherUser, withSeen } from './disable-other-user.ts';
import { goodVersion } from './good-version.ts';
import type { Kept } from './known-versions.ts';
import { tellingWhatIsLeft } from './other-user-left.ts';
import { promote, takeOldLabelsOff, takePendingOff } from './recovered-labels.ts';
import { loadRecoveryContext, type ReconcilePorts } from './recovery-context.ts';
import { resetPassword } from './reset-password.ts';
import { isPromotedInUse, leftOpen, stillProven } from './still-proven.ts';

export interface ReconcileResult {
  readonly outcome: 'nothing-to-do' | 'recovered';
  readonly version: string;
  readonly kept: Kept;
  readonly passwordReset?: boolean;
  readonly otherUser?: 'dropped' | 'locked';
}

/**
 * Makes the secret and the database agree after something was cut off, by this project or another tool: finds which version logs in,
 * makes it AWSCURRENT, disables the other user of a pair, and takes AWSPENDING off what was stuck.
 *
 * A single user's goes forward where the database already has the pending password, since that ends an outage without another
 * change of the database; a pair's goes back where it can. The drain is over: nothing of the other execution moves any more.
 *
 * Safe to repeat.
 *
 * @throws RotationSupersededError if another recovery took the lock
 * @throws NoUsableCredentialsError if no version logs in, and no reset was asked for
 * @throws PasswordResetUnderWayError if `resetThroughCluster` is set: look again, until AWSCURRENT logs in
 */
export const reconcile = async (ports: ReconcilePorts, input: ReconcileInput): Promise<ReconcileResult> => {
  const secret = await describeAsOwner(ports, input.secretId, input.lockVersion);
  const context = await loadRecoveryContext(ports.secrets, secret, input);
  const good = await goodVersion(ports.database, context);
  if (good === undefined) await resetPassword(ports, context, input);
  else if (good.id !== context.currentVersion) await promote(ports, context, good);
  const version = good?.id ?? context.currentVersion;
  const pendingMoved = await takePendingOff(ports.secrets, secret, input.suspects, version);
  const disabled =
    good === undefined
      ? undefined
      : await tellingWhatIsLeft(secret.name, () => disableOtherUser(ports, context, good));
  const cleaned = await takeOldLabelsOff(ports.secrets, secret);
  // Minutes may have gone by: what another one has recorded since must not be written over.
  const now = await describeAsOwner(ports, input.secretId, input.lockVersion);
  const proven = stillProven(now, version, {
    suspects: input.suspects,
    open: leftOpen(context, good),
    isPromotedInUse:
      (good === undefined || good === context.elsewhere) && (await isPromotedInUse(ports, context)),
  });
  const record = disabled?.seen === undefined ? proven : withSeen(proven, disabled.seen);
  await recordProven(ports.secrets, secret.arn, recordOf(now), record);
  const kept = good?.was ?? CURRENT;
  const changed = kept !== CURRENT || good === undefined || pendingMoved || disabled !== undefined || cleaned;
  return {
    outcome: changed ? 'recovered' : 'nothing-to-do',
    version,
    kept,
    ...(good === undefined ? { passwordReset: true } : {}),
    ...(disabled === undefined ? {} : { otherUser: disabled.how }),
  };
};
