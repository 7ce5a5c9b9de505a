import { daysOfRate } from '../../../functions/check-credentials/described-secret.ts';
import type { Secret } from '../aws/secrets.ts';
import { DAY } from '../terminal/durations.ts';

/** As the alarm CredentialOverdue has it: a day later than the schedule is no reason to worry yet. */
const DAYS_OF_PATIENCE = 1;

/**
 * How many days a credential is older than its schedule allows; 0 if it is not. Unlike Secrets Manager's own dates this counts a rotation
 * on demand, too.
 *
 * @param made when the credential was made
 */
export const daysLate = (secret: Secret, made: Date | undefined, now: Date): number => {
  if (!secret.rotationEnabled || made === undefined) return 0;
  // A secret that is older than its schedule: the first rotation is yet to come.
  if (secret.rotated === undefined && secret.next !== undefined && secret.next > now) return 0;
  const interval = daysOfRate(secret.schedule);
  const late =
    interval === undefined
      ? secret.next === undefined || made > secret.next
        ? 0
        : (now.getTime() - secret.next.getTime()) / DAY
      : (now.getTime() - made.getTime()) / DAY - interval;
  return late > DAYS_OF_PATIENCE ? Math.floor(late) : 0;
};
