import { createHash } from 'node:crypto';
import { InvalidSecretError, UntrustedVersionError } from '../contract/errors.ts';
import type { Plan } from '../contract/steps.ts';
import { USER_TAG } from '../contract/tags.ts';
import { pairedIn, recordOf } from './proven.ts';
import type { SecretDescription, SecretStore } from './secret-store.ts';
import type { RotationSettings } from './settings.ts';
import { firstOfPair } from './user-pair.ts';
import { readVersion } from './versions.ts';

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
 * The tag as the end of a rotation leaves it, which promoted a version: it is given once. Whom a host of someone else's takes for its user, or a late
 * execution, says nothing against it.
 *
 * @param tags as they are by now, where that is known
 * @returns tags to set: the name of the user, of a pair that of the first of the two
 */
export const namingUser = (
  { namesUser, strategy, users }: Pick<Plan, 'namesUser' | 'strategy' | 'users'>,
  tags: SecretDescription['tags'],
): SecretDescription['tags'] => {
  if (!namesUser || isUserNamed({ tags })) return {};
  return { [USER_TAG]: asTag(strategy === 'single-user' ? users.pending : firstOfPair(users.pending)) };
};

export const isUserNamed = ({ tags }: Pick<SecretDescription, 'tags'>): boolean =>
  tags[USER_TAG] !== undefined;

/** Whether a rotation uses more power than that of the user itself: to change it, or to make it a second one. */
const lendsPower = ({ strategy, adminSecret }: RotationSettings): boolean =>
  strategy !== 'single-user' || adminSecret !== undefined;

/** Whether a value for that user may be the secret's: as long as no one is named, any may. */
export const isForItsUser = async (
  secrets: SecretStore,
  secret: Pick<SecretDescription, 'arn' | 'tags'>,
  settings: RotationSettings,
  username: string,
): Promise<boolean> => {
  const named = secret.tags[USER_TAG];
  if (named === undefined || !lendsPower(settings)) return true;
  const isOfItsPair = named === asTag(username) || asTag(firstOfPair(username)) === firstOfPair(named);
  if (settings.strategy !== 'single-user' || !isOfItsPair) return isOfItsPair;
  const ofPair = await usersOfPair(secrets, secret);
  return ofPair.length === 0 ? named === asTag(username) : ofPair.includes(username);
};

/**
 * Of a pair that was switched to single-user AWSCURRENT may be for either of the two. Who is not on record any more was dropped by a retirement, and the
 * name may be someone else's.
 */
const usersOfPair = async (
  secrets: SecretStore,
  secret: Pick<SecretDescription, 'arn' | 'tags'>,
): Promise<string[]> => {
  const paired = pairedIn(recordOf(secret));
  const names = await Promise.all(paired.map((version) => usernameOf(secrets, secret.arn, version)));
  return names.filter((name) => name !== undefined);
};

const usernameOf = async (
  secrets: SecretStore,
  secretArn: string,
  version: string,
): Promise<string | undefined> => {
  try {
    return (await readVersion(secrets, secretArn, version, 'the version')).login.username;
  } catch (error) {
    if (error instanceof InvalidSecretError) return undefined;
    throw error;
  }
};

/**
 * @param label which version is for that user
 * @throws UntrustedVersionError if the tag names someone else, and the rotation would use the admin's power
 */
export const assertForItsUser = async (
  secrets: SecretStore,
  secret: SecretDescription,
  settings: RotationSettings,
  { username, label }: { readonly username: string; readonly label: string },
): Promise<void> => {
  if (await isForItsUser(secrets, secret, settings, username)) return;
  const named = secret.tags[USER_TAG] ?? '';
  const owner = named.startsWith('=') ? 'another one' : `"${named}"`;
  throw new UntrustedVersionError(
    `${label} of ${secret.name} is for the user "${username}", and the secret for ${owner}, as the tag ${USER_TAG} says: no power is lent to anyone else; put the right value into the secret, or take that tag off if the secret is for "${username}" from now on`,
  );
};
