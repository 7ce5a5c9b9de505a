import * as z from 'zod';
import { InvalidSecretError } from './errors.ts';
import type { SecretDescription } from './ports.ts';

export const Strategy = z.enum(['single-user', 'alternating-users', 'admin-clone']);
export type Strategy = z.infer<typeof Strategy>;

export const Predecessor = z.enum(['delete', 'revoke', 'lock', 'keep']);
export type Predecessor = z.infer<typeof Predecessor>;

const DEFAULT_GRACE_SECONDS = 3600;

/** Seconds in a year: Step Functions ends a standard execution after that. */
const LONGEST_GRACE_SECONDS = 365 * 24 * 3600;

/** What the secret's tags say of how it is rotated. */
export interface RotationSettings {
  readonly strategy: Strategy;
  /** Name or ARN of the secret whose user may change this one's. */
  readonly adminSecret?: string;
  readonly predecessor: Predecessor;
  /** How long the predecessor stays usable, in seconds. */
  readonly graceSeconds: number;
}

/**
 * An alternating user's predecessor is the next rotation's user and its applications may still be connected: it
 * stays. An admin's predecessor is a key to everything that no one needs any more: it is locked.
 */
const defaultPredecessor = (strategy: Strategy): Predecessor =>
  strategy === 'admin-clone' ? 'lock' : 'keep';

/**
 * The admin secret is the one that the tag names. The value's own `masterarn` does not count: who may write the value would
 * choose by whose power its user is changed.
 *
 * @throws InvalidSecretError when a tag has a value that is none of the known ones, or an admin secret is missing
 */
export const settingsOf = (secret: SecretDescription): RotationSettings => {
  const tag = (name: string): string | undefined => secret.tags[`docdb-rotation:${name}`];
  const strategy = oneOf(Strategy, 'strategy', tag('strategy') ?? 'single-user');
  const adminSecret = tag('admin-secret');
  if (strategy === 'alternating-users' && adminSecret === undefined) {
    throw new InvalidSecretError(
      `${secret.name}: alternating-users needs an admin secret; name it by the tag docdb-rotation:admin-secret; the key masterarn in its value is not enough`,
    );
  }
  return {
    strategy,
    ...(adminSecret === undefined ? {} : { adminSecret }),
    predecessor: oneOf(Predecessor, 'predecessor', tag('predecessor') ?? defaultPredecessor(strategy)),
    graceSeconds: grace(tag('grace')),
  };
};

const oneOf = <T extends string>(
  schema: z.ZodType<T> & { options: readonly T[] },
  name: string,
  value: string,
): T => {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw new InvalidSecretError(
    `the tag docdb-rotation:${name} is "${value.slice(0, 60)}"; it may be ${schema.options.join(', ')}`,
  );
};

const grace = (tag: string | undefined): number => {
  if (tag === undefined) return DEFAULT_GRACE_SECONDS;
  const seconds = /^\d{1,9}$/.test(tag) ? Number(tag) : Number.NaN;
  if (seconds <= LONGEST_GRACE_SECONDS) return seconds;
  throw new InvalidSecretError(
    `the tag docdb-rotation:grace is "${tag.slice(0, 60)}"; it takes whole seconds, at most ${LONGEST_GRACE_SECONDS}`,
  );
};
