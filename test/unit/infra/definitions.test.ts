import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { writeDefinitions } from '../../../infra/build/write-definitions.ts';
import { definitionText } from '../../../infra/workflows/definition-text.ts';
import { definitionNames, readDefinition } from '../../../statemachine/definition.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'definitions-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

it('every definition is written as JSON, and what has no source any more goes away', async () => {
  writeFileSync(join(directory, 'renamed.asl.json'), '{}');
  await writeDefinitions(directory);
  expect(readdirSync(directory).sort()).toEqual(definitionNames().map((name) => `${name}.asl.json`));
  for (const name of definitionNames()) {
    const text = readFileSync(join(directory, `${name}.asl.json`), 'utf8');
    expect(JSON.parse(text)).toEqual(readDefinition(name));
  }
});

it('a definition that was not made is an error that says how to make it', () => {
  expect(() => definitionText('no-such-machine')).toThrow(
    /definition no-such-machine is missing from .*npm run bundle/,
  );
});
