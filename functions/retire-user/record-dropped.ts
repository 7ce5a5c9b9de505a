import { randomBytes } from 'node:crypto';
import { DROPPED_TAG, PROVEN_TAG } from '../contract/tags.ts';
import { readUntil } from '../runtime/read-again.ts';
import { droppedTag } from '../secret/gone-users.ts';
import { hasLabel, OWNER } from '../secret/labels.ts';
import { type LockPorts, superseded } from '../secret/lock.ts';
import { asDropped, asLastDrop, fitting, lastDropIn, recordOf, versionOf } from '../secret/proven.ts';
import type { SecretDescription } from '../secret/secret-store.ts';
import type { Login } from '../secret/secret-value.ts';

/** By chance: who chooses the names of executions could have two of them agree in whatever is made from these. */
const newMark = (): string => randomBytes(6).toString('hex');

/**
 * Says that a retirement is about to drop that user: no record counts as a pair's any more that someone writes without knowing of it, and the name
 * for no one's.
 *
 * The mark before the drop, and the record that has it after. A retirement that is cut off in between leaves a record that makes no pair; and so does each of the two
 * writes that comes late, when another retirement has dropped the other user meanwhile. By one call they would agree.
 *
 * @param secret as the owner of the lock sees it
 * @returns the mark
 * @throws RotationSupersededError if this execution has the lock no more, as an answer shows that is as new as the mark
 */
export const markDrop = async (
  { secrets, clock }: LockPorts,
  secret: SecretDescription,
  lockVersion: string,
  account: Pick<Login, 'username' | 'host' | 'port'>,
): Promise<string> => {
  const mark = newMark();
  const tag = droppedTag(secret, mark, account);
  await secrets.setTags(secret.arn, { [DROPPED_TAG]: tag });
  const isMarked = ({ tags }: SecretDescription): boolean => tags[DROPPED_TAG] === tag;
  const now = await readUntil(clock, () => secrets.describe(secret.arn), isMarked);
  if (isMarked(now) && hasLabel(now, lockVersion, OWNER)) return mark;
  throw superseded(now, lockVersion);
};

/**
 * The record with that mark, once the user is gone.
 *
 * @param secret as it was before the mark
 * @param versions on record, that are for that user; none if the user was not dropped after all
 */
export const recordDrop = async (
  { secrets }: LockPorts,
  secret: SecretDescription,
  mark: string,
  versions: readonly string[],
): Promise<void> => {
  await secrets.setTags(secret.arn, { [PROVEN_TAG]: recordWith(mark, secret, versions).join(' ') });
};

const recordWith = (mark: string, secret: SecretDescription, versions: readonly string[]): string[] => {
  const record = recordOf(secret);
  const marks = lastDropIn(record);
  const entries = record.filter((entry) => !marks.includes(entry));
  const isOfUser = (entry: string): boolean => versions.includes(versionOf(entry));
  const marked = entries.map((entry) => (isOfUser(entry) ? asDropped(entry) : entry));
  return fitting([...new Set(marked), asLastDrop(mark)]);
};
