import { makeProcessDirectory } from './run-directory.ts';

let directory: string | undefined;

/** Where all stacks of this process have the functions' code: Node.js knows what it has compiled of a file by its path. */
export const codeDirectory = (): string => {
  directory ??= makeProcessDirectory();
  return directory;
};
