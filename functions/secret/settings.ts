import { InvalidSecretError } from '../contract/errors.ts';
import { LONGEST_GRACE_SECONDS } from '../contract/limits.ts';
import {
  RETIREMENT_POLICIES,
  type RetirementPolicy,
  STRATEGIES,
  type Strategy,
} from '../contract/strategy.ts';
import {
  ADMIN_SECRET_TAG,
  GRACE_TAG,
  KNOWN_TAGS,
  RENAMED_TAGS,
  RETIREMENT_POLICY_TAG,
  STRATEGY_TAG,
  TAG_PREFIX,
} from '../contract/tags.ts';
import type { SecretDescription } from './secret-store.ts';

const DEFAULT_GRACE_SECONDS = 3600;

/** What a message quotes of a tag that someone wrote. */
const LONGEST_QUOTE = 60;

/** How a secret is rotated, as its tags configure it. */
export interface RotationSettings {
  readonly strategy: Strategy;
  /** Name or ARN of the secret whose user may change this one's. */
  readonly adminSecret?: string;
  readonly retirementPolicy: RetirementPolicy;
  /** How long the predecessor stays usable, in seconds. */
  readonly graceSeconds: number;
}

/**
 * An alternating user's predecessor is the next rotation's user and its applications may still be connected: it
 * stays. An admin's predecessor is a key to everything that is not needed any more: it is locked.
 */
const defaultPolicy = (strategy: Strategy): RetirementPolicy =>
  strategy === 'admin-clone' ? 'lock' : 'keep';

/**
 * The admin secret is the one that the tag names. The value's own `masterarn` does not count: who may write the value would
 * choose by whose power its user is changed.
 *
 * @throws InvalidSecretError when a tag has a value that is none of the known ones, or an admin secret is missing
 */
export const settingsOf = ({ name, tags }: SecretDescription): RotationSettings => {
  const strategy = oneOf(STRATEGIES, STRATEGY_TAG, tags[STRATEGY_TAG] ?? 'single-user');
  const adminSecret = tags[ADMIN_SECRET_TAG];
  if (strategy === 'alternating-users' && adminSecret === undefined) {
    throw new InvalidSecretError(
      `${name}: alternating-users needs an admin secret; name it by the tag ${ADMIN_SECRET_TAG}; the key masterarn in its value is not enough`,
    );
  }
  const policy = tags[RETIREMENT_POLICY_TAG] ?? defaultPolicy(strategy);
  return {
    strategy,
    ...(adminSecret === undefined ? {} : { adminSecret }),
    retirementPolicy: oneOf(RETIREMENT_POLICIES, RETIREMENT_POLICY_TAG, policy),
    graceSeconds: grace(tags[GRACE_TAG]),
  };
};

/**
 * A misspelt tag would be a wish that is not heard: a secret would be rotated in another way than its owner thinks. A way out of a failure
 * (a revert, a recovery) does not ask.
 *
 * @throws InvalidSecretError when a tag of this project is not known, or is called otherwise now
 */
export const assertTagsKnown = ({ tags }: SecretDescription): void => {
  const problem = Object.keys(tags)
    .map(problemOfTag)
    .find((each) => each !== undefined);
  if (problem !== undefined) throw new InvalidSecretError(problem);
};

const problemOfTag = (tag: string): string | undefined => {
  if (KNOWN_TAGS.includes(tag)) return undefined;
  const renamed = RENAMED_TAGS[tag];
  if (renamed !== undefined) return `the tag ${tag} is called ${renamed} since 0.2; rename it`;
  const meant = [...KNOWN_TAGS, ...Object.keys(RENAMED_TAGS)].find(
    (known) => letters(known) === letters(tag),
  );
  if (meant !== undefined)
    return `the tag ${tag.slice(0, LONGEST_QUOTE)} is written ${RENAMED_TAGS[meant] ?? meant}; rename it`;
  if (!tag.startsWith(TAG_PREFIX)) return undefined;
  return `the tag ${tag.slice(0, LONGEST_QUOTE)} is not known; known are ${KNOWN_TAGS.join(', ')}`;
};

/** AWS tells capital letters apart, and takes `:`, `-`, `_`, `.` and `/` for letters; people do neither. */
const letters = (tag: string): string => tag.toLowerCase().replace(/[^a-z0-9]/g, '');

const oneOf = <T extends string>(known: readonly T[], tag: string, value: string): T => {
  const found = known.find((each) => each === value);
  if (found !== undefined) return found;
  throw new InvalidSecretError(
    `the tag ${tag} is "${value.slice(0, LONGEST_QUOTE)}"; it may be ${known.join(', ')}`,
  );
};

const grace = (tag: string | undefined): number => {
  if (tag === undefined) return DEFAULT_GRACE_SECONDS;
  const seconds = /^\d{1,9}$/.test(tag) ? Number(tag) : Number.NaN;
  if (seconds <= LONGEST_GRACE_SECONDS) return seconds;
  throw new InvalidSecretError(
    `the tag ${GRACE_TAG} is "${tag.slice(0, LONGEST_QUOTE)}"; it takes whole seconds, at most ${LONGEST_GRACE_SECONDS}`,
  );
};
