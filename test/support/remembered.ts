/*
 * What JSONata made of an expression, by all that the expression names: the same ones come up in most executions of a matrix, with the very values, and to evaluate
 * them again took a third of its time.
 */

/** What gives something else each time. https://docs.jsonata.org/numeric-functions and its neighbours */
const IMPURE = /\$(?:uuid|millis|now|random|shuffle)\b/;

/** More than the executions of one test have; then all are forgotten. */
const MOST = 20_000;

const paths = new Map<string, readonly (readonly string[])[]>();
const known = new Map<string, string>();

/**
 * @param source an expression that has no other context than its bindings
 * @param bindings values as JSON carries them
 * @param evaluate what it gives
 * @returns that, as JSON carries it, each time another copy; undefined where it gives nothing
 */
export const remembered = async (
  source: string,
  bindings: object,
  evaluate: () => Promise<unknown>,
): Promise<unknown> => {
  const key = IMPURE.test(source) ? undefined : keyOf(source, bindings);
  const text = (key && known.get(key)) ?? JSON.stringify(await evaluate());
  if (text === undefined) return undefined;
  if (known.size >= MOST) known.clear();
  if (key !== undefined) known.set(key, text);
  return JSON.parse(text);
};

const keyOf = (source: string, bindings: object): string => {
  const named = paths.get(source) ?? pathsIn(source);
  paths.set(source, named);
  // A name that is not bound is something else than null.
  const values = named.map((path) => at(bindings, path)).map((value) => (value === undefined ? 0 : [value]));
  return source + JSON.stringify(values);
};

/** `$plan.users.current` and its like. What is not read as a part of a path, as in `$plan[0]`, leaves the whole of what is before it: too much, never too little. */
const pathsIn = (source: string): string[][] => [
  ...new Map(
    [...source.matchAll(/\$(\w+(?:\.\w+)*)/g)].map(([, path = '']) => [path, path.split('.')]),
  ).values(),
];

/** What the path leads to, or the array on its way: JSONata goes into each of its items. */
const at = (bindings: object, path: readonly string[]): unknown => {
  let value: unknown = bindings;
  for (const name of path) {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
    value = Object.hasOwn(value, name) ? (value as Record<string, unknown>)[name] : undefined;
  }
  return value;
};
