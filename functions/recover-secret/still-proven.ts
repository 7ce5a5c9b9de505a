import {
  asPaired,
  asWritten,
  isPromotingIn,
  isProvenIn,
  isReturnedTo,
  isUnsettled,
  recordOf,
  versionOf,
  withNewest,
  withoutPromotion,
  withoutTwice,
} from '../secret/proven.ts';
import type { SecretDescription } from '../secret/secret-store.ts';
import { sameEndpoint } from '../secret/secret-value.ts';
import { firstThatLogsIn } from './good-version.ts';
import type { Version } from './known-versions.ts';
import type { ReconcilePorts, RecoveryContext } from './recovery-context.ts';

/**
 * What is not settled by a recovery that stays with an AWSCURRENT of another place: the power over the pair's users is where these are. The next one, with the
 * right value back, has to find them.
 */
export const leftOpen = ({ known }: RecoveryContext, good: Version | undefined): string[] =>
  good === undefined
    ? []
    : known.filter(({ value }) => !sameEndpoint(value.login, good.value.login)).map(({ id }) => id);

/** Whether a version whose promotion had begun logs in: a compensation may have dropped its user since. */
export const isPromotedInUse = async (
  { database }: ReconcilePorts,
  { secret, candidates }: RecoveryContext,
): Promise<boolean> => {
  const promoting = candidates.filter(({ id }) => isPromotingIn(recordOf(secret), id));
  return (await firstThatLogsIn(database, promoting)) !== undefined;
};

/**
 * Secrets Manager tries what was cut off again with the same token, whose version can't be written again. A revert that was cut off is
 * settled by now, but for one at another place, and one that this recovery has ended: with the other user's value put back, the next one has to see to its user.
 *
 * @param version AWSCURRENT by now
 * @param open versions at another place, where nothing was settled
 * @param isPromotedInUse whether the user of a version that was being promoted is left as it is, beside an AWSCURRENT that is not of that pair
 */
export const stillProven = (
  secret: SecretDescription,
  version: string,
  {
    suspects,
    open,
    isPromotedInUse,
  }: {
    readonly suspects: readonly string[];
    readonly open: readonly string[];
    readonly isPromotedInUse: boolean;
  },
): string[] => {
  const settled = withoutTwice(
    withNewest(secret, version).flatMap((entry) => {
      const id = versionOf(entry);
      if (!isPromotingIn(recordOf(secret), id)) return [entry];
      return isPromotedInUse || id === version ? asPaired(id) : withoutPromotion(entry);
    }),
  );
  const isGoneBackTo = (entry: string): boolean => isReturnedTo(entry) && versionOf(entry) === version;
  const isTriedAgain = (entry: string): boolean =>
    isGoneBackTo(entry) ||
    suspects.map(asWritten).includes(entry) ||
    (open.includes(versionOf(entry)) && isUnsettled(entry));
  const isSaidAlready = (entry: string): boolean =>
    !isReturnedTo(entry) && isProvenIn(settled, versionOf(entry));
  return [...settled, ...recordOf(secret).filter((entry) => isTriedAgain(entry) && !isSaidAlready(entry))];
};
