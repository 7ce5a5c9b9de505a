import type { Definition } from '../../support/state-machine.ts';

/** What some run has reached, by the comment that tells one machine from the other. */
const reached = new Map<string, Set<string>>();

const of = (definition: Definition): Set<string> => {
  const key = definition.Comment ?? '';
  const known = reached.get(key) ?? new Set();
  reached.set(key, known);
  return known;
};

/** Notes that a run has come through a part of a definition; parts are named as `partsOf` names them. */
export const noteReached = (definition: Definition, part: string): void => void of(definition).add(part);

/** As JSON, for another process. */
export const reachedSoFar = (): Record<string, string[]> =>
  Object.fromEntries([...reached].map(([key, parts]) => [key, [...parts]]));
