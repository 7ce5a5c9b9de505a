import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { bundle } from './bundle.ts';

const DIST = join(import.meta.dirname, '..', 'dist');
const TYPES = join(DIST, 'types');

/**
 * Builds what people install: `dist/index.js` with its types, beside the bundles of the functions and the definitions
 * of the state machines. The script lies as deep as `infra/` does, so that it finds both by the same relative paths as
 * the sources.
 *
 * CommonJS, as aws-cdk-lib is: the apps that `cdk init` makes run under ts-node and jest, which load nothing else.
 * ECMAScript modules can import it by name all the same.
 */
const buildPackage = async (): Promise<void> => {
  await bundle();
  await compile();
  declareTypes();
};

const compile = async (): Promise<void> => {
  await build({
    entryPoints: [join(import.meta.dirname, 'index.ts')],
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
  execFileSync('tsc', ['-p', import.meta.dirname], { stdio: 'inherit' });
  for (const name of readdirSync(TYPES)) importScripts(join(TYPES, name));
};

/** The compiler rewrites imports of `.ts` in scripts only, and whoever installs the package has no `.ts` to import. */
const importScripts = (file: string): void => {
  const text = readFileSync(file, 'utf8');
  writeFileSync(file, text.replaceAll(/(from '\.\/[^']+)\.ts'/g, "$1.js'"));
};

if (import.meta.main) await buildPackage();
