import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { deployedDefinitionOf } from '../../support/definitions.ts';
import type { Definition, Performed, State } from '../../support/state-machine.ts';
import { FILLED, RUNS } from './runs.ts';

/*
 * What each Task state has before it and comes to, for "Test state" in the console and for `aws stepfunctions test-state`:
 * taken from runs of the machines in memory. `node test/unit/console/examples.ts` writes it to statemachine/examples/.
 */

export type Example = Omit<Performed, 'state'>;

export const MACHINES = Object.keys(RUNS);

/** As the examples have it: with ARNs of an account that is no one's. */
export const definitionFor = (machine: string): Definition => deployedDefinitionOf(machine, FILLED);

const textsIn = (value: unknown): string[] =>
  typeof value === 'string' ? [value] : Object.values((value ?? {}) as object).flatMap(textsIn);

/** Which variables the state's expressions read: not those that an expression makes for itself. */
export const variablesReadBy = ({ Arguments, Assign, Output, Catch }: Partial<State> = {}): Set<string> =>
  new Set(
    textsIn([Arguments, Assign, Output, Catch]).flatMap((text) => {
      const own = new Set([...text.matchAll(/\$(\w+) *:=/g)].map(([, name]) => name));
      return [...text.matchAll(/\$([A-Za-z]\w*)/g)].flatMap(([, name = '']) => (own.has(name) ? [] : [name]));
    }),
  );

/** Ids are made anew in each run: here each is a number, in the order in which they come up. */
const withStableIds = (text: string): string => {
  const numbers = new Map<string, number>();
  return text.replaceAll(/(?<!\w)[0-9a-f]{32}(?!\w)/g, (id) => {
    const number = numbers.get(id) ?? numbers.size + 1;
    numbers.set(id, number);
    return `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`;
  });
};

const lineOf = (key: string, value: unknown): string => `    "${key}": ${JSON.stringify(value)}`;

/** One line for each thing that is pasted. */
const sectionOf = ({ state, ...performed }: Performed, read: Set<string>): string => {
  const { input, context, result } = performed;
  const variables = Object.fromEntries(
    Object.entries(performed.variables).filter(([name]) => read.has(name)),
  );
  const things = { input, variables, context, arguments: performed.arguments, result };
  const lines = Object.entries(things).map(([key, value]) => lineOf(key, value));
  return `  "${state}": {\n${lines.join(',\n')}\n  }`;
};

export const textOf = async (machine: string): Promise<string> => {
  const { States } = definitionFor(machine);
  const sections = new Map<string, string>();
  for (const run of RUNS[machine] ?? [])
    for (const performed of (await run()).ending.performed) {
      const { state } = performed;
      if (!sections.has(state)) sections.set(state, sectionOf(performed, variablesReadBy(States[state])));
    }
  const inOrder = Object.keys(States).flatMap((state) => sections.get(state) ?? []);
  return withStableIds(`{\n${inOrder.join(',\n')}\n}\n`).replaceAll(
    /"(\w+FunctionArn)"/g,
    '"arn:aws:lambda:eu-central-1:111122223333:function:$1"',
  );
};

const fileOf = (machine: string): string =>
  join(import.meta.dirname, '..', '..', '..', 'statemachine', 'examples', `${machine}.json`);

export const written = (machine: string): string => readFileSync(fileOf(machine), 'utf8');

if (import.meta.main) for (const machine of MACHINES) writeFileSync(fileOf(machine), await textOf(machine));
