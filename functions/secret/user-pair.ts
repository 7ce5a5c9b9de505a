import { InvalidSecretError } from '../contract/errors.ts';
import { LONGEST_USERNAME } from '../contract/limits.ts';

/** The name that AWS's own rotation for alternating users gives the second user. */
const SUFFIX = '_clone';

/**
 * The other of the two users that take turns: `app` and `app_clone`.
 * @throws InvalidSecretError when the name would be longer than the database takes, or is that of a clone's clone, or of no one's clone
 */
export const otherUserOf = (username: string): string => {
  if (username.endsWith(`${SUFFIX}${SUFFIX}`))
    throw new InvalidSecretError(
      `the user's name ends in "${SUFFIX}${SUFFIX}", so that it could take turns with two others; use another name or the strategy single-user`,
    );
  if (username === SUFFIX)
    throw new InvalidSecretError(
      `the user's name is "${SUFFIX}", which is what the name of a pair's second user ends in, with nothing before it; use another name or the strategy single-user`,
    );
  if (username.endsWith(SUFFIX)) return username.slice(0, -SUFFIX.length);
  const clone = cloneOf(username);
  if (clone.length <= LONGEST_USERNAME) return clone;
  throw new InvalidSecretError(
    `the user "${username}" would get a second one named "${clone}", longer than the ${LONGEST_USERNAME} characters that DocumentDB takes; use a shorter name or the strategy single-user`,
  );
};

/** @returns the name of the second user of the pair that this one is the first of */
export const cloneOf = (first: string): string => `${first}${SUFFIX}`;

/** @returns the name without which the other of a pair would not have its own: `app` of `app` and of `app_clone`; any other name as it is */
export const firstOfPair = (username: string): string => {
  const first = username.endsWith(SUFFIX) ? username.slice(0, -SUFFIX.length) : username;
  return first !== '' && areOfOnePair(first, username) ? first : username;
};

/** Whether two names are the same user, or the two of a pair. */
export const areOfOnePair = (one: string, other: string): boolean =>
  one === other || isCloneOf(one, other) || isCloneOf(other, one);

/** A clone has none of its own. */
const isCloneOf = (one: string, other: string): boolean => one === cloneOf(other) && !other.endsWith(SUFFIX);
