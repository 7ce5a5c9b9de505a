import { BEGUN_TAG } from '../contract/tags.ts';
import { dayAndHash, executionName, type RotationId } from './execution-name.ts';
import { holderOf, OWNER } from './labels.ts';
import type { SecretDescription } from './secret-store.ts';
import { versionIdsOf } from './version-ids.ts';

/*
 * The day on which a rotation began. The names of its executions say it, for people, and each of Secrets Manager's calls has to come to the same name: there
 * are four for one rotation, perhaps before and after midnight, and again on another day after a failure, and what they are told does not say it. So who
 * writes the version of the token records the day in a tag, by the same call as the version.
 */

const DAY_MS = 24 * 60 * 60 * 1000;

/** @param now in milliseconds, as a clock has it */
const dayAt = (now: number): string => new Date(now).toISOString().slice(0, 10).replaceAll('-', '');

/** Tags to set. */
export const asBegun = (rotation: RotationId): Record<string, string> => ({
  [BEGUN_TAG]: dayAndHash(rotation),
});

/** @returns the day on record; undefined if it is of another rotation, or of none */
export const dayOnRecord = (
  { tags }: Pick<SecretDescription, 'tags'>,
  rotation: Omit<RotationId, 'day'>,
): string | undefined => {
  const [day = ''] = /^\d{8}(?=-)/.exec(tags[BEGUN_TAG] ?? '') ?? [];
  return tags[BEGUN_TAG] === dayAndHash({ ...rotation, day }) ? day : undefined;
};

/**
 * Whether that is the first execution of a rotation by Secrets Manager, before which no step used the value of its version: by the name that the trigger gives, and that
 * no other has. Who starts executions chooses their names; that the trigger began this rotation, and on which day, is on record.
 */
export const isFirstAttempt = (
  secret: Pick<SecretDescription, 'arn' | 'tags'>,
  token: string,
  execution: string,
): boolean => {
  const rotation = { secretArn: secret.arn, token };
  const day = dayOnRecord(secret, rotation);
  return (
    day !== undefined && execution.split(':').at(-1) === executionName('rotate', { ...rotation, day }, 1)
  );
};

/**
 * The day of a rotation that begins, or began: as it is on record, else today. A call that was cut off before it had recorded the day may have taken the lock
 * in the name of yesterday's.
 *
 * @param now in milliseconds, as a clock has it
 */
export const dayOf = (
  secret: SecretDescription,
  rotation: Omit<RotationId, 'day'>,
  { executions, now }: { readonly executions: { arnOf(name: string): string }; readonly now: number },
): string => {
  const onRecord = dayOnRecord(secret, rotation);
  const owner = holderOf(secret, OWNER);
  if (onRecord !== undefined || owner === undefined) return onRecord ?? dayAt(now);
  const yesterday = dayAt(now - DAY_MS);
  const first = executions.arnOf(executionName('rotate', { ...rotation, day: yesterday }, 1));
  return versionIdsOf(first).includes(owner) ? yesterday : dayAt(now);
};
