import { createHash } from 'node:crypto';
import { InvalidSecretError, UntrustedVersionError } from '../contract/errors.ts';
import type { Plan } from '../contract/steps.ts';
import { DROPPED_TAG, USER_TAG } from '../contract/tags.ts';
import { isGone } from './gone-users.ts';
import { CURRENT, hasLabel } from './labels.ts';
import { droppedIn, outdatedIn, pairedIn, provenVersions, recordOf } from './proven.ts';
import type { SecretDescription, SecretStore } from './secret-store.ts';
import { type Login, sameEndpoint, sameLogin } from './secret-value.ts';
import type { RotationSettings } from './settings.ts';
import { areOfOnePair, cloneOf, firstOfPair, otherUserOf } from './user-pair.ts';
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
 * The tag as the end of a rotation leaves it, which promoted a version. It is given once; and once more where a pair was switched to single-user, for the one of the two
 * that stays. Whom a host of someone else's takes for its user, or a late execution, says nothing against it.
 *
 * @param tags as they are by now, where that is known
 * @returns tags to set: the name of the user, of a pair that of the first of the two
 */
export const namingUser = (
  { namesUser, strategy, users }: Pick<Plan, 'namesUser' | 'strategy' | 'users'>,
  tags: SecretDescription['tags'],
): SecretDescription['tags'] => {
  if (!namesUser) return {};
  const name = asTag(strategy === 'single-user' ? users.pending : firstOfPair(users.pending));
  const named = tags[USER_TAG];
  if (named === name || (named !== undefined && !isOfPairOf(named, users.pending))) return {};
  return { [USER_TAG]: name };
};

/** Whether the tag names that user, or the other of its pair. Two hashes do not show whether they are of one pair. */
const isOfPairOf = (named: string, username: string): boolean => {
  const first = firstOfPair(username);
  return [first, cloneOf(first)].some((each) => areOfOnePair(each, username) && asTag(each) === named);
};

export const isUserNamed = ({ tags }: Pick<SecretDescription, 'tags'>): boolean =>
  tags[USER_TAG] !== undefined;

/** Whether a rotation uses more power than that of the user itself: to change it, or to make it a second one. */
const lendsPower = ({ strategy, adminSecret }: RotationSettings): boolean =>
  strategy !== 'single-user' || adminSecret !== undefined;

/** A version that power is to be lent for. */
interface Asked {
  readonly version: string;
  readonly login: Login;
}

/**
 * Whether a value for that user may be the secret's: as long as no one is named, any may. Of a pair that was switched to single-user it may be the other one too,
 * if the record shows it as one of the two. So it has to show one whom a retirement has dropped: the name may be someone else's.
 */
export const isForItsUser = async (
  secrets: SecretStore,
  secret: Pick<SecretDescription, 'arn' | 'tags'>,
  settings: RotationSettings,
  asked: Asked,
): Promise<boolean> => {
  const named = secret.tags[USER_TAG];
  if (named === undefined || !lendsPower(settings)) return true;
  const { username } = asked.login;
  const isNamed = named === asTag(username);
  if (!isOfPairOf(named, username)) return false;
  // Of a pair the look at its other user tells.
  return settings.strategy !== 'single-user' || (await isTheOneThatStays(secrets, secret, asked, isNamed));
};

/** Of a pair that was switched the record shows it, until the first rotation names it; by its name, where the cluster has another host since. */
const isTheOneThatStays = async (
  secrets: SecretStore,
  secret: Pick<SecretDescription, 'arn' | 'tags'>,
  asked: Asked,
  isNamed: boolean,
): Promise<boolean> => {
  if (!isNamed) return await hasPasswordOnRecord(secrets, secret, asked);
  const pair = await pairOnRecord(secrets, secret, asked);
  return pair === 'with it' || (pair !== 'of others' && !isGone(secret, asked.login));
};

/** The name of the one that the switch left behind may have become someone else's: a database administrator drops users too. */
const hasPasswordOnRecord = async (
  secrets: SecretStore,
  secret: Pick<SecretDescription, 'arn' | 'tags'>,
  { version, login }: Asked,
): Promise<boolean> => {
  if (pairedIn(recordOf(secret)).includes(version)) return true;
  return (await pairedLogins(secrets, secret)).some((known) => sameLogin(known, login));
};

/**
 * Whether a rotation has left that user as one of the two that take turns, and no retirement has dropped it since: at its place or by that very version, or only by its
 * name, which the cluster may have had at another host.
 */
const pairOnRecord = async (
  secrets: SecretStore,
  secret: Pick<SecretDescription, 'arn' | 'tags'>,
  { version, login }: Asked,
): Promise<'with it' | 'with its name' | 'of others' | 'none'> => {
  if (pairedIn(recordOf(secret)).includes(version)) return 'with it';
  const pair = await pairedLogins(secrets, secret);
  const ofIt = pair.filter(({ username }) => username === login.username);
  if (ofIt.some((known) => sameEndpoint(known, login))) return 'with it';
  if (ofIt.length > 0) return 'with its name';
  return pair.length > 0 ? 'of others' : 'none';
};

const pairedLogins = async (
  secrets: SecretStore,
  secret: Pick<SecretDescription, 'arn' | 'tags'>,
): Promise<Login[]> => {
  const versions = pairedIn(recordOf(secret));
  const logins = await Promise.all(versions.map((id) => loginOf(secrets, secret.arn, id)));
  return logins.filter((login) => login !== undefined);
};

export interface OnRecord {
  /** Whether the user is one of a pair that was switched to single-user. */
  readonly isOfPair: boolean;
  /** Whether a retirement has dropped one of that name, and nothing on record shows that a rotation has made it again. */
  readonly wasDropped: boolean;
  /** Of a pair: whether nothing but a login can show that AWSCURRENT's user is the secret's. */
  readonly unknownCurrent: boolean;
  /** Whether one of the other user's name was dropped so. */
  readonly otherWasDropped: boolean;
}

/** What the record says of the user that a rotation begins with. It is read only where that is of use. */
export const onRecord = async (
  secrets: SecretStore,
  secret: Pick<SecretDescription, 'arn' | 'tags' | 'versions'>,
  { strategy }: RotationSettings,
  asked: Asked,
): Promise<OnRecord> => {
  const isOfPair = strategy === 'single-user' && (await pairOnRecord(secrets, secret, asked)) === 'with it';
  const mayTakeTurns = strategy !== 'single-user' && secret.tags[DROPPED_TAG] !== undefined;
  return {
    isOfPair,
    wasDropped: !isOfPair && (await wasDropped(secrets, secret, asked)),
    unknownCurrent:
      strategy !== 'single-user' &&
      !isNamedAndSeen(secret, asked) &&
      !(await isShownAsItsOwn(secrets, secret, asked)),
    otherWasDropped: mayTakeTurns && (await wasDropped(secrets, secret, otherOf(asked))),
  };
};

/** One who was dropped and made again, and whom a recovery has seen log in: were that one not of the pair, every later rotation would be refused. */
const isNamedAndSeen = (secret: Pick<SecretDescription, 'tags'>, { version, login }: Asked): boolean =>
  secret.tags[USER_TAG] === asTag(login.username) && provenVersions(secret).includes(version);

const otherOf = ({ login }: Asked): Asked => ({
  version: '',
  login: { ...login, username: otherUserOf(login.username) },
});

/**
 * Whether more than a login shows that a user is the secret's own: the tag names it, as long as no retirement has dropped it, or a rotation has left it as one of
 * the two; its very version may have been so too, whose password someone else of that name does not have. Where no one is named yet the first rotation believes what logs in.
 */
export const isShownAsItsOwn = async (
  secrets: SecretStore,
  secret: Pick<SecretDescription, 'arn' | 'tags'>,
  asked: Asked,
): Promise<boolean> => {
  const named = secret.tags[USER_TAG];
  if (named === undefined) return true;
  const gone = isGone(secret, asked.login);
  const record = recordOf(secret);
  const wasOfPair = [...outdatedIn(record), ...droppedIn(record)].includes(asked.version);
  if (wasOfPair || (named === asTag(asked.login.username) && !gone)) return true;
  const pair = await pairOnRecord(secrets, secret, asked);
  return pair === 'with it' || (pair === 'with its name' && !gone);
};

/**
 * Whether a retirement has dropped one of that name there, and nothing on record shows that a rotation has made it again: a pair, or of AWSCURRENT that very
 * version, which was one of a pair's before a drop that may have been the other one's. Who logs in by it has the password that a rotation made.
 */
const wasDropped = async (
  secrets: SecretStore,
  secret: Pick<SecretDescription, 'arn' | 'tags' | 'versions'>,
  asked: Asked,
): Promise<boolean> => {
  const isInUse =
    hasLabel(secret, asked.version, CURRENT) && outdatedIn(recordOf(secret)).includes(asked.version);
  return (
    isGone(secret, asked.login) && !isInUse && (await pairOnRecord(secrets, secret, asked)) !== 'with it'
  );
};

const loginOf = async (
  secrets: SecretStore,
  secretArn: string,
  version: string,
): Promise<Login | undefined> => {
  try {
    return (await readVersion(secrets, secretArn, version, 'the version')).login;
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
  asked: Asked & { readonly label: string },
): Promise<void> => {
  if (await isForItsUser(secrets, secret, settings, asked)) return;
  const { label } = asked;
  const { username } = asked.login;
  const named = secret.tags[USER_TAG] ?? '';
  const owner = named.startsWith('=') ? 'another one' : `"${named}"`;
  const gone = isGone(secret, asked.login) ? `, and a retirement has dropped "${username}" since` : '';
  throw new UntrustedVersionError(
    `${label} of ${secret.name} is for the user "${username}", and the secret for ${owner}, as the tag ${USER_TAG} says${gone}: no power is lent to anyone else; put the right value into the secret, or take that tag off if the secret is for "${username}" from now on`,
  );
};
