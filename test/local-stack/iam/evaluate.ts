import type { Statement } from './policy.ts';

/** What a caller asks for. */
export interface AccessRequest {
  /** Such as `secretsmanager:GetSecretValue`. */
  readonly action: string;
  /** An ARN, or `*` for an action that knows no resources. */
  readonly resource: string;
  /** The condition keys that the service knows of this request. */
  readonly keys?: ContextKeys;
}

/**
 * A list for a key that may have several values:
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html
 */
export type ContextKeys = Readonly<Record<string, ContextValue>>;
type ContextValue = string | readonly string[];

export type Verdict = 'allowed' | 'implicitly denied' | 'explicitly denied';

/**
 * What identity-based policies alone make of a request of their own account: an explicit deny wins, else an allow
 * is needed.
 *
 * Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
 */
export const evaluate = (statements: readonly Statement[], request: AccessRequest): Verdict => {
  const effects = statements.filter((statement) => applies(statement, request)).map(({ Effect }) => Effect);
  if (effects.includes('Deny')) return 'explicitly denied';
  return effects.includes('Allow') ? 'allowed' : 'implicitly denied';
};

const applies = (
  { Action, Resource, Condition = {} }: Statement,
  { action, resource, keys = {} }: AccessRequest,
): boolean =>
  // Actions do not mind case: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_action.html
  Action.some((pattern) => matches(pattern.toLowerCase(), action.toLowerCase())) &&
  Resource.some((pattern) => matchesArn(pattern, resource)) &&
  // Every operator and every key has to hold.
  Object.entries(Condition).every(([operator, expected]) =>
    Object.entries(expected).every(([key, values]) => holds(operator, values, keyOf(keys, key))),
  );

const FOR_ALL_VALUES = 'ForAllValues:';

const holds = (operator: string, expected: readonly string[], actual: ContextValue | undefined): boolean => {
  if (operator === 'Null') return expected.includes(String(actual === undefined || actual.length === 0));
  if (operator.startsWith(FOR_ALL_VALUES))
    return holdsForAll(operator.slice(FOR_ALL_VALUES.length), expected, actual ?? []);
  if (typeof actual === 'object') throw new Error(`${operator} is not for a key with several values`);
  const compare = comparison(operator);
  return actual !== undefined && isEqualToOne(compare, expected, actual);
};

/**
 * Also if the request has no value at all.
 *
 * Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html
 */
const holdsForAll = (operator: string, expected: readonly string[], actual: ContextValue): boolean => {
  const compare = comparison(operator);
  return [actual].flat().every((value) => isEqualToOne(compare, expected, value));
};

/**
 * Any of the values is enough, and a key that the request has not is equal to none of them.
 *
 * Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-logic-multiple-context-keys-or-values.html
 */
const isEqualToOne = (compare: Comparison, expected: readonly string[], actual: string): boolean =>
  expected.some((value) => compare(value, actual));

const comparison = (operator: string): Comparison => {
  const compare = OPERATORS[operator];
  if (!compare)
    throw new Error(`the condition operator ${operator} is not known here: add it, with its source`);
  return compare;
};

/** Names of keys do not mind case: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition.html */
const keyOf = (keys: ContextKeys, name: string): ContextValue | undefined =>
  Object.entries(keys).find(([key]) => key.toLowerCase() === name.toLowerCase())?.[1];

/** `*` stands for any characters, `?` for one. */
const matches = (pattern: string, text: string): boolean => {
  const known = EXPRESSIONS.get(pattern) ?? expressionFor(pattern);
  EXPRESSIONS.set(pattern, known);
  return known.test(text);
};

/** The same few policies are asked for every request. */
const EXPRESSIONS = new Map<string, RegExp>();

const expressionFor = (pattern: string): RegExp => {
  const source = pattern
    .replaceAll(/[.+^${}()|[\]\\]/g, String.raw`\$&`)
    .replaceAll('*', '[^]*')
    .replaceAll('?', '[^]');
  return new RegExp(`^${source}$`);
};

/**
 * A wildcard stays within its part of the ARN; the last part has the rest, colons included.
 *
 * Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html
 */
const matchesArn = (pattern: string, arn: string): boolean => {
  if (pattern === '*') return true;
  const expected = partsOf(pattern);
  const actual = partsOf(arn);
  return (
    expected.length === actual.length && expected.every((part, index) => matches(part, actual[index] ?? ''))
  );
};

const partsOf = (arn: string): string[] => {
  const parts = arn.split(':');
  return parts.length <= 6 ? parts : [...parts.slice(0, 5), parts.slice(5).join(':')];
};

type Comparison = (expected: string, actual: string) => boolean;

/** https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html */
const OPERATORS: Readonly<Record<string, Comparison>> = {
  StringEquals: (expected, actual) => expected === actual,
  ArnLike: matchesArn,
};
