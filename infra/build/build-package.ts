import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { DIST } from '../dist-folder.ts';
import { bundle } from './bundle.ts';
import { bundleCommand } from './bundle-command.ts';

const INFRA = join(import.meta.dirname, '..');
const TYPES = join(DIST, 'types');

/**
 * Builds what people install: `dist/index.js` with its types, beside the bundles of the functions and the definitions
 * of the state machines, and the command line. The script lies as deep as `infra/` does, so that it finds both by the same relative paths as
 * the sources.
 *
 * CommonJS, as aws-cdk-lib is: the apps that `cdk init` makes run under ts-node and jest, which load nothing else.
 * ECMAScript modules can import it by name all the same.
 */
const buildPackage = async (): Promise<void> => {
  await Promise.all([bundle(), bundleCommand()]);
  await compile();
  declareTypes();
};

const compile = async (): Promise<void> => {
  await build({
    entryPoints: [join(INFRA, 'index.ts')],
    outfile: join(DIST, 'index.js'),
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    // The one aws-cdk-lib of the app: a second one would make constructs that the first does not know.
    external: ['aws-cdk-lib', 'constructs'],
    define: { 'import.meta.dirname': '__dirname' },
    keepNames: true,
    logLevel: 'warning',
  });
  // The repository's own package.json says "module", for everything that lies deeper too.
  writeFileSync(join(DIST, 'package.json'), `${JSON.stringify({ type: 'commonjs' })}\n`);
};

const declareTypes = (): void => {
  // What was renamed meanwhile would stay.
  rmSync(TYPES, { recursive: true, force: true });
  execFileSync('tsc', ['-p', INFRA], { stdio: 'inherit' });
  const files = readdirSync(TYPES, { recursive: true, encoding: 'utf8' });
  for (const file of files.filter((name) => name.endsWith('.ts'))) importScripts(join(TYPES, file));
};

/** The compiler rewrites imports of `.ts` in scripts only, and who installs the package has no `.ts` to import. */
const importScripts = (file: string): void => {
  const text = readFileSync(file, 'utf8');
  writeFileSync(file, text.replaceAll(/(from '\.{1,2}\/[^']+)\.ts'/g, "$1.js'"));
};

if (import.meta.main) await buildPackage();
