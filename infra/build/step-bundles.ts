import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { DIST } from '../dist-folder.ts';
import { ConfigurationError } from '../options/configuration-error.ts';

/** Where `npm run bundle` puts a folder for each function. */
export const BUNDLES = join(DIST, 'functions');

/**
 * The folder that holds a function's bundle.
 *
 * @throws ConfigurationError if it was not built.
 */
export const bundleOf = (functionName: string): string => {
  const directory = join(BUNDLES, functionName);
  if (!existsSync(join(directory, 'index.mjs'))) {
    throw new ConfigurationError(
      `the bundle of ${functionName} is missing from ${directory}: run \`npm run bundle\` first`,
    );
  }
  return directory;
};
