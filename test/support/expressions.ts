import { createHash, randomUUID } from 'node:crypto';
import jsonata from 'jsonata';

/** The expression of a `{% … %}` string. */
export const expressionIn = (text: string): string | undefined => /^\{%(.*)%\}$/s.exec(text)?.[1]?.trim();

const cache = new Map<string, jsonata.Expression>();

/** With the functions that Step Functions adds to JSONata: https://docs.aws.amazon.com/step-functions/latest/dg/transforming-data.html */
export const compiled = (source: string): jsonata.Expression => {
  const known = cache.get(source);
  if (known !== undefined) return known;
  const expression = jsonata(source);
  expression.registerFunction('parse', (text: string) => JSON.parse(text));
  expression.registerFunction('uuid', () => randomUUID());
  expression.registerFunction('hash', (text: string, algorithm: string) =>
    createHash(algorithm.replace('-', '').toLowerCase()).update(text).digest('hex'),
  );
  cache.set(source, expression);
  return expression;
};
