import { CURRENT, hasLabel, PREVIOUS } from './labels.ts';
import type { SecretDescription, SecretStore } from './ports.ts';

/**
 * The tag with the ids of versions that this project wrote or saw log in. Who may write values can't write it: only the
 * functions may, and those who may tag the secret, who choose its strategy and admin secret anyway.
 */
export const PROVEN_TAG = 'docdb-rotation:proven';

/**
 * A tag's value takes 256 characters, and Secrets Manager's own version ids have 36:
 * https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_Tag.html
 */
const MOST_VERSIONS = 6;

/** @returns version ids, the latest first */
export const provenVersions = ({ tags }: Pick<SecretDescription, 'tags'>): string[] =>
  (tags[PROVEN_TAG] ?? '').split(' ').filter((version) => version !== '');

/**
 * Records which versions are proven from now on. Only the owner of the lock writes it: a tag has no compare-and-set. What has no
 * label any more is left out: an old password that somebody knows is not to come back.
 *
 * @param known what the tag holds
 * @param versions the latest first, at most six of them
 */
export const recordProven = async (
  secrets: SecretStore,
  secretArn: string,
  known: readonly string[],
  versions: readonly string[],
): Promise<string[]> => {
  const next = [...new Set(versions)].slice(0, MOST_VERSIONS);
  const isSame = next.length === known.length && next.every((version) => known.includes(version));
  if (!isSame) await secrets.setTag(secretArn, PROVEN_TAG, next.join(' '));
  return next;
};

/** Those of the tag that still have a label that matters, and a new one before them. */
export const withNewest = (secret: SecretDescription, newest: string): string[] => [
  newest,
  ...provenVersions(secret).filter((version) =>
    [CURRENT, PREVIOUS].some((label) => hasLabel(secret, version, label)),
  ),
];
