import { randomBytes } from 'node:crypto';
import { DROPPED_TAG, PROVEN_TAG } from '../contract/tags.ts';
import { asDropped, asLastDrop, fitting, lastDropIn, recordOf, versionOf } from '../secret/proven.ts';
import type { SecretDescription, SecretStore } from '../secret/secret-store.ts';

/** By chance: who chooses the names of executions could have two of them agree in whatever is made from these. */
const newMark = (): string => randomBytes(6).toString('hex');

/**
 * Records that a retirement has dropped the user of these versions: no record counts as a pair's any more that someone writes without
 * knowing of it.
 */
export const recordDropped = async (
  secrets: SecretStore,
  secret: SecretDescription,
  versions: readonly string[],
): Promise<void> => {
  const record = recordOf(secret);
  const marks = lastDropIn(record);
  const entries = record.filter((entry) => !marks.includes(entry));
  const isOfUser = (entry: string): boolean => versions.includes(versionOf(entry));
  const now = entries.map((entry) => (isOfUser(entry) ? asDropped(versionOf(entry)) : entry));
  const mark = newMark();
  await secrets.setTags(secret.arn, {
    [PROVEN_TAG]: fitting([...now, asLastDrop(mark)]).join(' '),
    [DROPPED_TAG]: mark,
  });
};
