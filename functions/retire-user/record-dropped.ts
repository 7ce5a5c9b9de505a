import { randomBytes } from 'node:crypto';
import { DROPPED_TAG, PROVEN_TAG } from '../contract/tags.ts';
import { readUntil } from '../runtime/read-again.ts';
import { hasLabel, OWNER } from '../secret/labels.ts';
import { type LockPorts, superseded } from '../secret/lock.ts';
import { asDropped, asLastDrop, fitting, lastDropIn, recordOf, versionOf } from '../secret/proven.ts';
import type { SecretDescription } from '../secret/secret-store.ts';

/** By chance: who chooses the names of executions could have two of them agree in whatever is made from these. */
const newMark = (): string => randomBytes(6).toString('hex');

/**
 * Records that a retirement has dropped the user of these versions: no record counts as a pair's any more that someone writes without
 * knowing of it.
 *
 * The mark first, then the record that has it. By one call they would agree, also where it comes so late that another retirement has dropped the other user
 * meanwhile: each of two that comes late leaves a record that makes no pair.
 *
 * @param secret as the owner of the lock saw it before the user was dropped
 * @param versions on record, that are for that user
 * @throws RotationSupersededError if this execution has the lock no more, as an answer shows that is as new as the mark
 */
export const recordDropped = async (
  { secrets, clock }: LockPorts,
  secret: SecretDescription,
  lockVersion: string,
  versions: readonly string[],
): Promise<void> => {
  const mark = newMark();
  await secrets.setTags(secret.arn, { [DROPPED_TAG]: mark });
  const isMarked = ({ tags }: SecretDescription): boolean => tags[DROPPED_TAG] === mark;
  const now = await readUntil(clock, () => secrets.describe(secret.arn), isMarked);
  if (!isMarked(now) || !hasLabel(now, lockVersion, OWNER)) throw superseded(now, lockVersion);
  await secrets.setTags(secret.arn, { [PROVEN_TAG]: recordWith(mark, secret, versions).join(' ') });
};

const recordWith = (mark: string, secret: SecretDescription, versions: readonly string[]): string[] => {
  const record = recordOf(secret);
  const marks = lastDropIn(record);
  const entries = record.filter((entry) => !marks.includes(entry));
  const isOfUser = (entry: string): boolean => versions.includes(versionOf(entry));
  const marked = entries.map((entry) => (isOfUser(entry) ? asDropped(versionOf(entry)) : entry));
  return fitting([...new Set(marked), asLastDrop(mark)]);
};
