import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type Definition, definitionNames, readDefinition } from '../../../statemachine/definition.ts';
import { pictureOf, titleOf } from '../../../statemachine/picture.ts';
import { levelsOf } from '../../../statemachine/picture-layout.ts';
import { readStatesReadme, withStateTables } from '../../../statemachine/state-table.ts';

const committed = (machine: string): string =>
  readFileSync(join(import.meta.dirname, '../../../statemachine', `${machine}.svg`), 'utf8');

describe.each(definitionNames())('The picture of the %s', (machine) => {
  const definition = readDefinition(machine);

  test('is what its definition gives: run `npm run pictures` and commit it', async () => {
    expect(await pictureOf(definition, titleOf(machine))).toBe(committed(machine));
  });

  test('shows every state once, by its name', () => {
    const names = [...committed(machine).matchAll(/<text[^>]*>([A-Z][A-Za-z]+)<\/text>/g)].map(
      ([, name]) => name,
    );
    expect(names.toSorted()).toEqual(Object.keys(definition.States).toSorted());
  });
});

test('a definition that differs gives another picture', async () => {
  const definition = readDefinition('retirement');
  const changed: Definition = {
    ...definition,
    States: {
      ...definition.States,
      RetireUser: { ...definition.States.RetireUser, Type: 'Task', Catch: [] },
    },
  };
  expect(await pictureOf(changed, titleOf('retirement'))).not.toBe(committed('retirement'));
});

// Two states of one loop that fail to the same third one once raised each other's level for ever.
test('the levels of a definition with a loop have no gap between them', () => {
  const levels = new Set(levelsOf(readDefinition('recovery')).values());
  expect([...levels].toSorted((a, b) => a - b)).toEqual([...levels.keys()].map((_, index) => index));
});

test('the tables of the states are what the definitions give: run `npm run pictures` and commit them', () => {
  expect(withStateTables(readStatesReadme())).toBe(readStatesReadme());
});
