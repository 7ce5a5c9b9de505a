import fc from 'fast-check';
import { expect, it } from 'vitest';
import { compiled } from '../../support/expressions.ts';
import { plainPathOf } from '../../support/plain-path.ts';

const atPlainPath = (source: string, bindings: object): unknown => plainPathOf(source)?.(bindings);

const key = fc.constantFrom('a', 'b', 'states');
const value = fc.letrec((tie) => ({
  any: fc.oneof(
    { depthSize: 'small' },
    fc.constantFrom(null, true, false, 0, 1, '', 'x'),
    fc.array(tie('any'), { maxLength: 2 }),
    fc.dictionary(key, tie('any'), { maxKeys: 3 }),
  ),
})).any;

it('a plain path leads to what JSONata comes to, or is left to it', async () => {
  let found = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(key, { minLength: 1, maxLength: 3 }),
      fc.dictionary(key, value),
      async (keys, bindings) => {
        const source = `$${keys.join('.')}`;
        const atPath = atPlainPath(source, bindings);
        if (atPath === undefined) return;
        found += 1;
        expect(atPath).toEqual(await compiled(source).evaluate(undefined, bindings));
      },
    ),
    { numRuns: 1000 },
  );
  // Else this would show nothing.
  expect(found).toBeGreaterThan(50);
});

it('anything else is left to JSONata', () => {
  const bindings = { a: { b: 'x', length: 1 }, f: () => 'x' };
  for (const source of ['$a.b = "x"', '$f', '$f()', 'a.b', '$a.toString', '$a.constructor', '$b.a', '$$.a'])
    expect(atPlainPath(source, bindings), source).toBeUndefined();
  expect(atPlainPath('$a.b', bindings)).toBe('x');
});
