import { readFile } from 'node:fs/promises';
import type { Plugin } from 'esbuild';

/**
 * Has a bundle's source map tell the lines of this project's own files, and of a package's only which file it is. The map of all lines is
 * a megabyte: Node.js decodes it at the first error of a process, in more time than the process takes for all else that it does then.
 */
export const mapOwnSources: Plugin = {
  name: 'map-own-sources',
  setup: ({ onLoad }) => {
    onLoad({ filter: /[\\/]node_modules[\\/].*\.[cm]?js$/ }, async ({ path }) => ({
      contents: `${withoutMap(await readFile(path, 'utf8'))}\n//# sourceMappingURL=${mapOfOnePlace(path)}\n`,
      loader: 'js',
    }));
  },
};

const withoutMap = (script: string): string => script.replace(/^\/\/# sourceMappingURL=.*$/gm, '');

/** All of a file is its first line. https://tc39.es/ecma426/: one segment, of four zeros. */
const mapOfOnePlace = (path: string): string => {
  const map = { version: 3, sources: [path], names: [], mappings: 'AAAA' };
  return `data:application/json;base64,${Buffer.from(JSON.stringify(map)).toString('base64')}`;
};
