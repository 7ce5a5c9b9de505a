import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Definition } from './state-machine.ts';

export const DEFINITION_TEXT = readFileSync(
  join(import.meta.dirname, '..', '..', 'statemachine', 'rotation.asl.json'),
  'utf8',
);

/** What the infrastructure fills in. A function's placeholder is filled with its own name. */
const FILLED: Readonly<Record<string, string>> = {
  ForwardBudgetSeconds: '600',
  StragglerSeconds: '75',
  RunbookUrl: 'https://example.com/RUNBOOK.md',
  Partition: 'aws',
};

export const placeholdersIn = (text: string): string[] => [
  ...new Set([...text.matchAll(/\$\{(\w+)\}/g)].map(([, name]) => name ?? '')),
];

/** @param fill what a placeholder stands for; its own name by default */
export const rotationDefinition = (fill = (name: string): string => FILLED[name] ?? name): Definition =>
  JSON.parse(DEFINITION_TEXT.replace(/\$\{(\w+)\}/g, (_whole, name: string) => fill(name)));
