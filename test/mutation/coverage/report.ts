import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { DEFINITIONS, definitionOf } from '../../support/definitions.ts';
import { FOLDER } from './folder.ts';
import { partsOf } from './parts.ts';

/*
 * Tells which states, choices, catchers and retriers of the definitions the last tests have come through. The tests
 * run the definitions themselves over the steps' own code, with ports in memory.
 */

const Reached = z.record(z.string(), z.array(z.string()));

const readReached = (): Map<string, Set<string>> => {
  const all = new Map<string, Set<string>>();
  for (const file of readdirSync(FOLDER)) {
    const reached = Reached.parse(JSON.parse(readFileSync(join(FOLDER, file), 'utf8')));
    for (const [machine, parts] of Object.entries(reached)) {
      all.set(machine, new Set([...(all.get(machine) ?? []), ...parts]));
    }
  }
  return all;
};

const kindOf = (part: string): string => {
  if (part.includes(': catches ')) return 'catchers';
  if (part.includes(': retries ')) return 'retriers';
  return part.includes(': ') ? 'choices' : 'states';
};

const reached = readReached();
let missed = 0;
for (const name of DEFINITIONS) {
  const definition = definitionOf(name);
  const seen = reached.get(definition.Comment ?? '') ?? new Set();
  for (const [kind, parts] of Map.groupBy(partsOf(definition), kindOf)) {
    const missing = parts.filter((part) => !seen.has(part));
    missed += missing.length;
    console.log(`${name}: ${parts.length - missing.length} of ${parts.length} ${kind} reached`);
    for (const part of missing) console.log(`  not reached: ${part}`);
  }
}
process.exitCode = missed === 0 ? 0 : 1;
