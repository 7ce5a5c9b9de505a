import type { Outcome } from '../prober/script.ts';

/** An outcome in a few words, for the sentence of an answer. */
export const told = (outcome: Outcome | undefined): string => {
  if (outcome === undefined) return 'not tried';
  if (outcome.ok) return 'accepted';
  const { error, code, codeName, message } = outcome;
  const name = codeName ?? error;
  return code === undefined
    ? `refused: ${error}, "${message}"`
    : `refused with ${code} (${name}), "${message}"`;
};

/** An outcome as a fact, without how long it took. */
export const fact = (outcome: Outcome | undefined): unknown => {
  if (outcome === undefined) return null;
  const { milliseconds: _, ...rest } = outcome;
  return rest;
};

/** Outcomes by their names. */
export const facts = <const Names extends readonly string[]>(
  names: Names,
  outcomes: readonly (Outcome | undefined)[],
): Record<string, unknown> => Object.fromEntries(names.map((name, index) => [name, fact(outcomes[index])]));

/** @throws Error where a question could not even be put */
export const mustWork = (outcomes: readonly Outcome[], ...indices: readonly number[]): void => {
  for (const index of indices) {
    const outcome = outcomes[index];
    if (outcome?.ok !== true) throw new Error(`step ${index} of the preparation: ${told(outcome)}`);
  }
};
