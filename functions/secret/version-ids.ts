import { createHash } from 'node:crypto';

/** More than the retries of one state: each attempt may need a new version. */
const MOST_VERSIONS = 40;

/** Secrets Manager takes 32 to 64 characters, and a tag holds seven of this length. */
const LENGTH = 32;

/** A function asks for one execution, and a recovery for a few: a process that lives on remembers no more. */
const MOST_REMEMBERED = 16;

/**
 * The id of a version that belongs to one execution and no other. Who finds the execution stopped can tell which
 * versions are its own, and a copy of its input has others.
 *
 * @param execution the execution's ARN
 */
export const versionIdOf = (execution: string, number: number): string =>
  createHash('sha256').update(`${execution} ${number}`).digest('hex').slice(0, LENGTH);

const remembered = new Map<string, readonly string[]>();

/** All of them, which each look at a lock asks for: they are made once. */
export const versionIdsOf = (execution: string): readonly string[] => {
  const known = remembered.get(execution);
  if (known !== undefined) return known;
  const ids = Object.freeze(
    Array.from({ length: MOST_VERSIONS }, (_, number) => versionIdOf(execution, number)),
  );
  if (remembered.size >= MOST_REMEMBERED) remembered.clear();
  remembered.set(execution, ids);
  return ids;
};

/** The one version that an execution on demand had before 0.2, where no label named its owner. */
export const versionIdOfBefore02 = (execution: string): string =>
  createHash('sha256').update(execution).digest('hex');
