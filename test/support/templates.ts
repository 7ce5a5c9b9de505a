import { compiled, expressionIn } from './expressions.ts';
import { plainPathOf } from './plain-path.ts';
import { remembering } from './remembered.ts';

export type Bindings = Readonly<Record<string, unknown>>;

/** Fills one part of a template; a promise only where JSONata has to be asked. */
type Fill = (bindings: Bindings) => unknown;

/**
 * Fills what a state has under Arguments, Assign or Output, or a condition.
 *
 * @returns the value, or a promise of it
 */
export const filled = (template: unknown, bindings: Bindings): unknown => fillOf(template)(bindings);

/** By the template itself: to read it takes longer than to fill it, and the definitions stay as they are. */
const ofObjects = new WeakMap<object, Fill>();
const ofTexts = new Map<string, Fill>();

const fillOf = (template: unknown): Fill => {
  if (typeof template === 'string') return ofTexts.get(template) ?? keepText(template);
  if (typeof template !== 'object' || template === null) return () => template;
  return ofObjects.get(template) ?? keepObject(template);
};

const keepText = (text: string): Fill => {
  const source = expressionIn(text);
  const fill = source === undefined ? () => text : fillOfExpression(source);
  ofTexts.set(text, fill);
  return fill;
};

const keepObject = (template: object): Fill => {
  const values = fillOfAll(Object.values(template).map(fillOf));
  const fill: Fill = Array.isArray(template) ? values : fillOfKeys(Object.keys(template), values);
  ofObjects.set(template, fill);
  return fill;
};

const fillOfAll =
  (fills: readonly Fill[]): ((bindings: Bindings) => unknown[] | Promise<unknown[]>) =>
  (bindings) => {
    const values = fills.map((fill) => fill(bindings));
    return values.some((value) => value instanceof Promise) ? Promise.all(values) : values;
  };

const fillOfKeys = (keys: readonly string[], fillValues: ReturnType<typeof fillOfAll>): Fill => {
  const together = (values: readonly unknown[]) =>
    Object.fromEntries(keys.map((key, index) => [key, values[index]]));
  return (bindings) => {
    const values = fillValues(bindings);
    return values instanceof Promise ? values.then(together) : together(values);
  };
};

const fillOfExpression = (source: string): Fill => {
  const atPath = plainPathOf(source);
  const evaluate = evaluationOf(source);
  return (bindings) => atPath?.(bindings) ?? evaluate(bindings);
};

const evaluationOf = (source: string): Fill => {
  const pick = picker(source);
  const evaluate = remembering(source, (bindings: Bindings) =>
    compiled(source).evaluate(undefined, pick(bindings)),
  );
  return (bindings) => {
    const value = evaluate(bindings);
    return value instanceof Promise
      ? value.then((late) => something(source, late))
      : something(source, value);
  };
};

/** Step Functions fails here with States.QueryEvaluationError. */
const something = (source: string, value: unknown): unknown => {
  if (value === undefined) throw new Error(`this gives nothing: ${source}`);
  return value;
};

/** What an expression names: to have JSONata bind the others, a dozen or two, takes longer than many an expression. */
const picker = (source: string): ((bindings: Bindings) => Bindings) => {
  const names = [...new Set([...source.matchAll(/\$(\w+)/g)].map(([, name = '']) => name))];
  return (bindings) => {
    const few: Record<string, unknown> = {};
    for (const name of names) if (Object.hasOwn(bindings, name)) few[name] = bindings[name];
    return few;
  };
};
