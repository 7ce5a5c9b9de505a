import { makeRunDirectory } from './run-directory.ts';

let directory: string | undefined;

/**
 * Where all stacks of this process have the functions' code: Node.js knows what it has compiled of a file by its path. It goes with the
 * process.
 */
export const codeDirectory = (): string => {
  if (directory !== undefined) return directory;
  const run = makeRunDirectory();
  process.once('exit', run.remove);
  directory = run.path;
  return directory;
};
