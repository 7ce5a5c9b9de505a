import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { definitionNames, readDefinition } from '../../statemachine/definition.ts';
import { DEFINITION_ENDING, DEFINITIONS } from '../workflows/definition-text.ts';
import { replaceFile } from './replace-file.ts';

/**
 * Makes JSON of every `statemachine/*.asl.yaml`. Step Functions takes nothing else, and who installs the package
 * has nothing that reads YAML.
 */
export const writeDefinitions = async (directory: string = DEFINITIONS): Promise<void> => {
  const texts = new Map(definitionNames().map((name) => [`${name}${DEFINITION_ENDING}`, textOf(name)]));
  await mkdir(directory, { recursive: true });
  const present = (await readdir(directory)).filter((file) => file.endsWith(DEFINITION_ENDING));
  const outdated = present.filter((file) => !texts.has(file));
  await Promise.all(outdated.map((file) => rm(join(directory, file), { force: true })));
  await Promise.all([...texts].map(([file, text]) => replaceFile(join(directory, file), Buffer.from(text))));
};

/** With a line for each key, so that `cdk diff` shows what has changed. */
const textOf = (name: string): string => `${JSON.stringify(readDefinition(name), undefined, 2)}\n`;
