import { chmod } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'esbuild';
import { DIST } from '../dist-folder.ts';
import { replaceFile } from './replace-file.ts';

/** What `bin` of package.json names. */
export const COMMAND = join(DIST, 'commands', 'docdb-rotation.mjs');

const MAIN = join(import.meta.dirname, '..', '..', 'statemachine', 'commands', 'main.ts');

/** CommonJS packages in an ECMAScript module find no `require` unless it is made for them. */
const REQUIRE_FOR_COMMONJS =
  "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);";

/**
 * Builds the command line as one file, with all that it imports: who runs it installs no other package. It finds the runbook and the
 * definitions beside it in the package (statemachine/commands/package-files.ts).
 */
export const bundleCommand = async (): Promise<void> => {
  const { outputFiles } = await build({
    entryPoints: [MAIN],
    outfile: COMMAND,
    write: false,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'esm',
    mainFields: ['module', 'main'],
    banner: { js: REQUIRE_FOR_COMMONJS },
    // Shorter, but for names: an error is told by its name.
    minifySyntax: true,
    minifyWhitespace: true,
    keepNames: true,
    // Licenses ask to be carried along.
    legalComments: 'eof',
    logLevel: 'error',
  });
  await Promise.all(outputFiles.map(({ path, contents }) => replaceFile(path, contents)));
  await chmod(COMMAND, 0o755);
};

if (import.meta.main) await bundleCommand();
