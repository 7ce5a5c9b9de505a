import { describe, expect, it } from 'vitest';
import { compiled } from '../../support/expressions.ts';
import { newVersionId } from '../../support/in-memory-secret-store.ts';
import { remembering } from '../../support/remembered.ts';

let evaluations = 0;

const evaluated = (source: string, bindings: object): unknown =>
  remembering(source, async (some: object) => {
    evaluations += 1;
    return await compiled(source).evaluate(undefined, { ...some });
  })(bindings);

/** An expression that no other test has. */
const fresh = (expression: string): string => `/* ${newVersionId()} */ ${expression}`;

describe('what JSONata made of an expression', () => {
  it('is remembered for the very values that it names, and no one changes it', async () => {
    const source = fresh("{'user': $plan.users.current}");
    const first = await evaluated(source, { plan: { users: { current: 'app' }, host: 'a' } });
    evaluations = 0;
    const second = await evaluated(source, { plan: { users: { current: 'app' }, host: 'b' } });
    expect(second).toEqual({ user: 'app' });
    expect(second).toBe(first);
    expect(() => Object.assign(second as object, { user: 'other' })).toThrow(TypeError);
    expect(evaluations).toBe(0);
    expect(await evaluated(source, { plan: { users: { current: 'app_clone' } } })).toEqual({
      user: 'app_clone',
    });
  });

  it.each([
    ['what is in the items of an array', '$states.input.findings.what', [{ what: 'one' }], [{ what: 'two' }]],
    [
      'an item',
      "$states.input.findings[what = 'two'].is",
      [{ what: 'two', is: 1 }],
      [{ what: 'two', is: 2 }],
    ],
    ['null, and nothing', '$exists($states.input.findings)', null, undefined],
    ['a number, and its text', '$type($states.input.findings)', 1, '1'],
  ])('is another for other values: %s', async (_what, expression, one, other) => {
    const source = fresh(expression);
    const first = await evaluated(source, { states: { input: { findings: one } } });
    const second = await evaluated(source, { states: { input: { findings: other } } });
    expect(first).toBeDefined();
    expect(second).toBeDefined();
    expect(second).not.toEqual(first);
  });

  it.each(['$uuid()', '$random()'])('is not remembered of %s', async (expression) => {
    const source = fresh(expression);
    expect(await evaluated(source, {})).not.toEqual(await evaluated(source, {}));
  });

  it('is another for another expression of the same values', async () => {
    const bindings = { plan: { tries: 1 } };
    expect(await evaluated(fresh('$plan.tries + 1'), bindings)).toBe(2);
    expect(await evaluated(fresh('$plan.tries + 2'), bindings)).toBe(3);
  });

  it('gives nothing where the expression does', async () => {
    const source = fresh('$plan.none');
    expect(await evaluated(source, { plan: {} })).toBeUndefined();
  });
});
