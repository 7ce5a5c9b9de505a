import { plain } from './plain.ts';

/*
 * What JSONata made of an expression, by all that the expression names: the same ones come up in most executions of a matrix, with the very values, and to evaluate
 * them again took a third of its time.
 */

/** What gives something else each time. https://docs.jsonata.org/numeric-functions and its neighbours */
const IMPURE = /\$(?:uuid|millis|now|random|shuffle)\b/;

/** More than the executions of one test have; then all are forgotten. */
const MOST = 20_000;

const known = new Map<string, unknown>();

/**
 * @param source an expression that has no other context than its bindings
 * @param evaluate what it gives, for bindings that are as JSON carries them
 * @returns gives that as JSON carries it, at once where it is known: the same frozen value each time; undefined where there is nothing
 */
export const remembering = <Bindings extends object>(
  source: string,
  evaluate: (bindings: Bindings) => Promise<unknown>,
): ((bindings: Bindings) => unknown) => {
  if (IMPURE.test(source)) return async (bindings) => plain(await evaluate(bindings));
  const paths = pathsIn(source);
  return (bindings) => {
    const key = keyOf(source, paths, bindings);
    return known.get(key) ?? evaluate(bindings).then((value) => keep(key, frozen(plain(value))));
  };
};

const keep = (key: string, value: unknown): unknown => {
  if (known.size >= MOST) known.clear();
  known.set(key, value);
  return value;
};

/** Who changes it, and so what the next execution gets, is told. */
const frozen = (value: unknown): unknown => {
  if (typeof value !== 'object' || value === null) return value;
  for (const part of Object.values(value)) frozen(part);
  return Object.freeze(value);
};

const keyOf = (source: string, paths: readonly (readonly string[])[], bindings: object): string => {
  // A name that is not bound is something else than null.
  const values = paths.map((path) => at(bindings, path)).map((value) => (value === undefined ? 0 : [value]));
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
