import type { Plan } from '../shared/contract.ts';
import { RotationSupersededError } from '../shared/errors.ts';
import { CURRENT, hasLabel, PENDING, ticketOf } from '../shared/labels.ts';
import { lockVersionOf } from '../shared/lock-version.ts';
import { ownsSecret } from '../shared/ownership.ts';
import type { SecretStore } from '../shared/ports.ts';
import { readVersion } from '../shared/versions.ts';
import { takeTicketOff } from './ticket.ts';

export interface TakeLockAgainPorts {
  readonly secrets: SecretStore;
}

/**
 * The first step of the way back, if the new version may have been promoted: AWSPENDING rests on it then, where it is
 * no lock. It is taken again before AWSCURRENT leaves.
 *
 * It goes to a version of its own, a copy of the promoted one (a rollback has such a copy already). On the promoted
 * version itself it would do nothing against another rotation that has looked while it rested there: that one names this
 * place when it takes the lock, and would get it even after AWSCURRENT has left.
 *
 * Safe to repeat.
 *
 * @returns the plan of the way back: its token is the version that has the lock
 * @throws RotationSupersededError if another rotation builds on the promoted version, or a recovery has begun
 */
export const takeLockAgain = async ({ secrets }: TakeLockAgainPorts, plan: Plan): Promise<Plan> => {
  const secret = await secrets.describe(plan.secretArn);
  const version = plan.target === plan.token ? lockVersionOf(plan.token) : plan.token;
  const wayBack = { ...plan, token: version };
  if (hasLabel(secret, version, PENDING)) {
    await takeTicketOff(secrets, secret, version);
    return wayBack;
  }
  if (!hasLabel(secret, plan.target, CURRENT)) return plan;
  if (!ownsSecret(secret, plan)) {
    await takeTicketOff(secrets, secret, version);
    throw superseded(plan);
  }
  await ensureCopy(secrets, plan, version);
  const rests = hasLabel(secret, plan.target, PENDING);
  const won = await secrets.moveLabel(secret.arn, PENDING, {
    ...(rests ? { from: plan.target } : {}),
    to: version,
  });
  const now = await secrets.describe(secret.arn);
  await takeTicketOff(secrets, now, version);
  // A compare-and-set that seems lost may be our own, whose reply got lost and which the SDK sent again.
  if (won || hasLabel(now, version, PENDING)) return wayBack;
  throw superseded(plan);
};

/** The promoted password stays on record by it, whatever becomes of the labels. */
const ensureCopy = async (
  secrets: SecretStore,
  { secretArn, target }: Plan,
  version: string,
): Promise<void> => {
  if ((await secrets.read(secretArn, version)) !== undefined) return;
  const { json } = await readVersion(secrets, secretArn, target, CURRENT);
  await secrets.put({
    secretArn,
    token: version,
    value: JSON.stringify(json),
    label: ticketOf(version),
  });
};

const superseded = ({ secretName, target }: Plan): RotationSupersededError =>
  new RotationSupersededError(
    `another rotation of ${secretName} builds on version ${target}, or a recovery has begun; this one leaves all as it is`,
  );
