import { type Call, isWrite, nameOf } from './call.ts';

/** The second message of a login: for the driver, which breaks with the same error at either, both are one call. */
const LOGIN_GOES_ON = 'saslContinue';

/**
 * The calls of a run that are worth breaking, each once. A function keeps nothing from one call to the next: if it
 * breaks, what is left of it is its error and what was changed until then. So of the reads of a step between two
 * changes only the first of each operation tells something, and each of the changes.
 */
export const distinctCalls = (recorded: readonly Call[]): Call[] => {
  const named = new Set<string>();
  const readSinceChange = new Set<string>();
  return recorded.filter((call) => {
    if (changes(call)) readSinceChange.clear();
    const isNew = !named.has(nameOf(call)) && !readSinceChange.has(readOf(call));
    named.add(nameOf(call));
    if (!changes(call)) readSinceChange.add(readOf(call));
    return isNew && call.operation !== LOGIN_GOES_ON;
  });
};

const readOf = ({ step, operation }: Call): string => `${step} ${operation}`;

/** A function that is called begins anew. */
const changes = (call: Call): boolean => isWrite(call) || call.side === 'function';
