import { describe, expect, it } from 'vitest';
import { compiled, expressionIn } from '../../support/expressions.ts';
import type { State } from '../../support/state-machine.ts';
import { definitionFor, type Example, MACHINES, textOf, variablesReadBy, written } from './examples.ts';
import { NOW } from './runs.ts';

/* What is pasted into "Test state" is what the machines really have before a state, and enough for its expressions. */

const FAILURE = { Error: 'DatabaseUnavailableError', Cause: '{"errorMessage":"no answer"}' };

const examplesOf = (machine: string): [string, Example][] => Object.entries(JSON.parse(written(machine)));

const tasksOf = (machine: string): [string, State][] =>
  Object.entries(definitionFor(machine).States).filter(([, { Type }]) => Type === 'Task');

/** The names of the machine's variables. One that is missing is an error of Step Functions, and nothing to JSONata. */
const assignedIn = (machine: string): Set<string> => {
  const states = Object.values(definitionFor(machine).States);
  const leaving = states.flatMap((state) => [state, ...(state.Catch ?? []), ...(state.Choices ?? [])]);
  return new Set(leaving.flatMap(({ Assign = {} }) => Object.keys(Assign)));
};

/** Each text of a template as Step Functions fills it, from nothing but what is pasted. */
const filled = async (
  template: unknown,
  { input, variables, context }: Example,
  more = {},
): Promise<unknown> => {
  const states = { input, context, ...more };
  const fill = async (value: unknown): Promise<unknown> => {
    const source = typeof value === 'string' ? expressionIn(value) : undefined;
    if (source !== undefined) {
      const found = await compiled(source).evaluate(undefined, { ...variables, states, millis: () => NOW });
      if (found === undefined) throw new Error(`this gives nothing: ${source}`);
      return found;
    }
    if (typeof value !== 'object' || value === null) return value;
    const entries = Object.entries(value).map(async ([key, each]) => [key, await fill(each)] as const);
    return Object.fromEntries(await Promise.all(entries));
  };
  return JSON.parse(JSON.stringify(await fill(template ?? {})));
};

describe.each(MACHINES)('the examples of the %s', (machine) => {
  it('are what the machine does: node test/unit/console/examples.ts writes them', async () => {
    expect(written(machine)).toBe(await textOf(machine));
  });

  it('have each Task state, with the variables that it reads and no other', () => {
    const examples = examplesOf(machine);
    expect(examples.map(([state]) => state)).toEqual(tasksOf(machine).map(([state]) => state));
    for (const [state, { variables }] of examples) {
      const read = variablesReadBy(definitionFor(machine).States[state]);
      const expected = [...read].filter((name) => assignedIn(machine).has(name));
      expect(Object.keys(variables).sort(), state).toEqual(expected.sort());
    }
  });

  it.each(examplesOf(machine))('%s: what is pasted gives its arguments', async (state, example) => {
    const task = definitionFor(machine).States[state];
    expect(await filled(task?.Arguments, example)).toEqual(example.arguments);
  });

  it.each(examplesOf(machine))(
    '%s: gives an output, as it succeeds and as it fails',
    async (state, example) => {
      const { Assign, Output, Catch = [] } = definitionFor(machine).States[state] ?? {};
      const { result } = example;
      await filled({ Assign, Output }, example, { result });
      for (const catcher of Catch)
        await filled({ Assign: catcher.Assign, Output: catcher.Output }, example, { errorOutput: FAILURE });
    },
  );

  // In memory a password has 32 characters; the ids here have 36.
  it('have no password', () => {
    expect(written(machine)).not.toMatch(/"password"|(?<![\w-])[\w-]{32}(?![\w-])/);
  });
});
