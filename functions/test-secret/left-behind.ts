import type { Before, Plan } from '../contract/steps.ts';
import type { Database } from '../database/database.ts';
import { pairedIn } from '../secret/proven.ts';
import type { SecretStore } from '../secret/secret-store.ts';
import type { SecretValue } from '../secret/secret-value.ts';
import { areOfOnePair } from '../secret/user-pair.ts';
import { isRevert, readUsable } from '../secret/versions.ts';

interface LeftBehindPorts {
  readonly secrets: SecretStore;
  readonly database: Database;
}

/**
 * A pair that was switched to single-user leaves its other user behind, who logs in with the password of then for as long as no one thinks
 * of it. Only the record tells that there was a pair: a secret that never was one costs no read.
 */
export const findLeftBehind = async (
  { secrets, database }: LeftBehindPorts,
  plan: Plan,
  current: SecretValue,
): Promise<Pick<Before, 'leftBehind'>> => {
  if (plan.strategy !== 'single-user' || isRevert(plan)) return {};
  for (const version of pairedIn(plan.proven)) {
    if (version === plan.labelsBefore.current) continue;
    const value = await readUsable(secrets, plan.secretArn, version, current);
    const user = value?.login.username ?? plan.users.current;
    if (value === undefined || user === plan.users.current || !areOfOnePair(user, plan.users.current))
      continue;
    await using session = await database.login(value.login);
    if (session !== undefined) return { leftBehind: { user, version } };
  }
  return {};
};
