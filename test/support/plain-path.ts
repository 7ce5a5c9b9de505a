const PLAIN_PATH = /^\$[a-z]\w*(?:\.[a-z]\w*)*$/i;

/**
 * `$plan.secretArn` and its like: to have JSONata evaluate them, a half of all expressions, takes longer than many a step.
 *
 * @returns what leads from the bindings to the value, or to undefined where only JSONata can tell: on a way through arrays, or to nothing;
 *   undefined for any other expression
 */
export const plainPathOf = (source: string): ((bindings: object) => unknown) | undefined => {
  if (!PLAIN_PATH.test(source)) return undefined;
  const keys = source.slice(1).split('.');
  return (bindings) => at(bindings, keys);
};

const at = (bindings: object, keys: readonly string[]): unknown => {
  let value: unknown = bindings;
  for (const key of keys) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
    value = (value as Record<string, unknown>)[key];
    if (Array.isArray(value) || typeof value === 'function') return undefined;
  }
  return value ?? undefined;
};
