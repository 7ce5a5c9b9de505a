import { UntrustedVersionError } from '../contract/errors.ts';
import type { RetireUserInput } from '../contract/steps.ts';
import type { Database } from '../database/database.ts';
import {
  droppedIn,
  isLastDrop,
  outdatedIn,
  outdatedLoginsIn,
  pairedIn,
  recordOf,
  versionOf,
} from '../secret/proven.ts';
import type { SecretDescription, SecretStore } from '../secret/secret-store.ts';
import type { Login, SecretValue } from '../secret/secret-value.ts';
import { areOfOnePair } from '../secret/user-pair.ts';
import { readUsable } from '../secret/versions.ts';

interface Predecessor {
  /** The versions on record that are for it. */
  readonly of: readonly string[];
  /** Whether the record shows that name as this secret's own still. */
  readonly isShown: boolean;
  /** Whether all of them are for one whom a retirement has dropped. */
  readonly isGone: boolean;
  /** The logins of those that show it, or did before the last drop: who has the password of one of them is this secret's own. */
  readonly shownBy: readonly Login[];
}

/**
 * Whether the user is the promoted one's other half, and this secret's own: versions that are on record as a pair's show that. AWSPREVIOUS does
 * not, nor a login: who may write values can plant one for any user whose password they know. Nor does a version whose user was dropped.
 *
 * @throws UntrustedVersionError if nothing shows it: no other secret's user is ever retired
 */
export const versionsOfPredecessor = async (
  secrets: SecretStore,
  secret: SecretDescription,
  { predecessor: user, version: ofPromoted }: RetireUserInput,
  promoted: SecretValue,
): Promise<Predecessor> => {
  const { username } = promoted.login;
  const record = recordOf(secret);
  const versions = [...new Set(record.filter((entry) => !isLastDrop(entry)).map(versionOf))];
  const known = await Promise.all(
    versions.map(async (version) => ({
      version,
      value: await readUsable(secrets, secret.arn, version, promoted),
    })),
  );
  const knownOf = (name: string, among: readonly string[]) =>
    known.filter(({ version, value }) => value?.login.username === name && among.includes(version));
  const versionsOf = (name: string, among: readonly string[]): string[] =>
    knownOf(name, among).map(({ version }) => version);
  const paired = pairedIn(record);
  const isShown = versionsOf(user, paired).length > 0 && paired.includes(ofPromoted);
  // A call before this one may have dropped it, and have come to no end.
  const wasShown = [...paired, ...droppedIn(record), ...outdatedIn(record)];
  const mayBeGone = [user, username].every((name) => versionsOf(name, wasShown).length > 0);
  if (user === username || !areOfOnePair(user, username) || !(isShown || mayBeGone))
    throw notShown(secret, user, username);
  const shown = [...(isShown ? paired : []), ...(mayBeGone ? outdatedIn(record) : [])];
  const gone = [...droppedIn(record), ...outdatedLoginsIn(record)];
  return {
    of: versionsOf(user, versions),
    isShown,
    isGone: versionsOf(user, versions).every((version) => gone.includes(version)),
    shownBy: knownOf(user, shown).flatMap(({ value }) => value?.login ?? []),
  };
};

/**
 * Whether who has the name now has a password that this secret gave it. The record tells versions, and so users by their names: the name may have become someone
 * else's in the grace, and after a call that was cut off between its mark and the drop.
 *
 * @param logins for that user
 */
export const keepsPassword = async (database: Database, logins: readonly Login[]): Promise<boolean> => {
  for (const login of logins) {
    await using session = await database.login(login);
    if (session !== undefined) return true;
  }
  return false;
};

export const notShown = (secret: SecretDescription, user: string, username: string): UntrustedVersionError =>
  new UntrustedVersionError(
    `nothing on record of ${secret.name} shows that "${user}" is the predecessor of "${username}", so it is left as it is, with its password; if it is this secret's own, lock or drop it in the database`,
  );
