import { createHash } from 'node:crypto';
import { UntrustedVersionError } from '../contract/errors.ts';
import type { Plan } from '../contract/steps.ts';
import { USER_TAG } from '../contract/tags.ts';
import type { SecretDescription } from './secret-store.ts';
import type { RotationSettings } from './settings.ts';
import { firstOfPair } from './user-pair.ts';
import { isRevert } from './versions.ts';

/*
 * Whose secret it is, in a tag that who writes values can't write. A login proves a password, not that the user is the secret's own:
 * who knows another user's password, or has a user, could otherwise have the admin's power used on it, or for it.
 */

/** What a tag takes: https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_Tag.html */
const PLAIN = /^[\w.:/@+-]+$/;

/** Of a name that a tag does not take it holds a hash, which no plain name can be taken for. */
const asTag = (name: string): string =>
  PLAIN.test(name) ? name : `=${createHash('sha256').update(name).digest('hex')}`;

/**
 * The tag as an execution leaves it that promotes a version. A revert says nothing of that: it may go back to a user that someone wrote by hand.
 *
 * @returns tags to set: the name of the user, of a pair that of the first of the two
 */
export const promotedUser = (
  plan: Pick<Plan, 'pendingVersion' | 'labelsBefore' | 'strategy' | 'users'>,
): Readonly<Record<string, string>> => {
  if (isRevert(plan)) return {};
  const { pending } = plan.users;
  return { [USER_TAG]: asTag(plan.strategy === 'single-user' ? pending : firstOfPair(pending)) };
};

/** Whether a rotation uses more power than that of the user itself: to change it, or to make it a second one. */
const lendsPower = ({ strategy, adminSecret }: RotationSettings): boolean =>
  strategy !== 'single-user' || adminSecret !== undefined;

/** Whether a value for that user may be the secret's: as long as no rotation has ended well, any may. */
export const isForItsUser = (
  { tags }: Pick<SecretDescription, 'tags'>,
  settings: RotationSettings,
  username: string,
): boolean => {
  const named = tags[USER_TAG];
  if (named === undefined || !lendsPower(settings)) return true;
  const first = asTag(firstOfPair(username));
  // Where a pair was switched to single-user, AWSCURRENT may be for either.
  if ([asTag(username), first].includes(named)) return true;
  return settings.strategy !== 'single-user' && first === firstOfPair(named);
};

/** @throws UntrustedVersionError if AWSCURRENT is for someone else than the tag says, and the rotation would use the admin's power */
export const assertForItsUser = (
  secret: SecretDescription,
  settings: RotationSettings,
  username: string,
): void => {
  if (isForItsUser(secret, settings, username)) return;
  const named = secret.tags[USER_TAG] ?? '';
  const owner = named.startsWith('=') ? 'another one' : `"${named}"`;
  throw new UntrustedVersionError(
    `AWSCURRENT of ${secret.name} is for the user "${username}", and the secret for ${owner}, as the tag ${USER_TAG} says: no power is lent to anyone else; put the right value into the secret, or take that tag off if the secret is for "${username}" from now on`,
  );
};
