import { DROPPED_TAG, PROVEN_TAG } from '../contract/tags.ts';
import { asDropped, asLastDrop, fitting, lastDropIn, recordOf, versionOf } from '../secret/proven.ts';
import type { SecretDescription, SecretStore } from '../secret/secret-store.ts';

/** As much of a version's id as tells one retirement from another, in a tag that has little room. */
const LENGTH = 8;

/**
 * Records that a retirement has dropped the user of these versions: no record counts as a pair's any more that someone writes without
 * knowing of it.
 *
 * @param lockVersion of the retirement: its own, and none that one could know before
 */
export const recordDropped = async (
  secrets: SecretStore,
  secret: SecretDescription,
  versions: readonly string[],
  lockVersion: string,
): Promise<void> => {
  const record = recordOf(secret);
  const marks = lastDropIn(record);
  const entries = record.filter((entry) => !marks.includes(entry));
  const isOfUser = (entry: string): boolean => versions.includes(versionOf(entry));
  const now = entries.map((entry) => (isOfUser(entry) ? asDropped(versionOf(entry)) : entry));
  const mark = lockVersion.slice(0, LENGTH);
  await secrets.setTags(secret.arn, {
    [PROVEN_TAG]: fitting([...now, asLastDrop(mark)]).join(' '),
    [DROPPED_TAG]: mark,
  });
};
