import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DIST } from '../dist-folder.ts';
import { ConfigurationError } from '../options/configuration-error.ts';

/** Where `npm run bundle` puts what it makes of `statemachine/*.asl.yaml`. */
export const DEFINITIONS = join(DIST, 'statemachine');

export const DEFINITION_ENDING = '.asl.json';

/**
 * The definition of a state machine, as Step Functions takes it.
 *
 * @throws ConfigurationError if it was not made.
 */
export const definitionText = (name: string): string => {
  const file = join(DEFINITIONS, `${name}${DEFINITION_ENDING}`);
  if (!existsSync(file)) {
    throw new ConfigurationError(
      `the definition ${name} is missing from ${DEFINITIONS}: run \`npm run bundle\` first`,
    );
  }
  return readFileSync(file, 'utf8');
};
