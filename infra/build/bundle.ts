import { existsSync, readdirSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'esbuild';
import { leavePartsOut } from './leave-parts-out.ts';
import { mapOwnSources } from './map-own-sources.ts';
import { replaceFile } from './replace-file.ts';
import { BUNDLES } from './step-bundles.ts';
import { writeDefinitions } from './write-definitions.ts';

const FUNCTIONS = join(import.meta.dirname, '..', '..', 'functions');

/** What the mongodb driver loads only if someone installed it; none is needed to speak to DocumentDB. */
const OPTIONAL_DEPENDENCIES_OF_MONGODB = [
  '@aws-sdk/credential-providers',
  '@mongodb-js/zstd',
  'aws4',
  'gcp-metadata',
  'kerberos',
  'mongodb-client-encryption',
  'snappy',
  'socks',
];

const REPLACED = join(import.meta.dirname, 'replaced');

/** Packages that only make a bundle large: what stands in for them says why nothing is lost. */
const REPLACED_PACKAGES = {
  '@aws-sdk/credential-provider-node': join(REPLACED, 'environment-credentials.ts'),
  'whatwg-url': join(REPLACED, 'native-url.ts'),
};

/** CommonJS packages in an ECMAScript module find no `require` unless it is made for them. */
const REQUIRE_FOR_COMMONJS =
  "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);";

const functionNames = (): string[] =>
  readdirSync(FUNCTIONS).filter((name) => existsSync(join(FUNCTIONS, name, 'handler.ts')));

/** Makes all that a deployment takes from `dist/`: the functions, and the definitions of the state machines. */
export const bundle = async (): Promise<void> => {
  await Promise.all([bundleFunctions(BUNDLES), writeDefinitions()]);
};

/**
 * Builds `dist/functions/<name>/index.mjs` for every function that has a handler, SDK included: the
 * version that was tested is the one that runs, not whichever the Lambda runtime happens to carry.
 */
const bundleFunctions = async (directory: string): Promise<void> => {
  const names = functionNames();
  await mkdir(directory, { recursive: true });
  const outdated = readdirSync(directory).filter((name) => !names.includes(name));
  await Promise.all(outdated.map((name) => rm(join(directory, name), { recursive: true, force: true })));
  await bundleHandlers(
    names.map((name) => ({ in: join(FUNCTIONS, name, 'handler.ts'), out: join(name, 'index') })),
    directory,
  );
};

/** All in one go: what several functions import is read and parsed once. */
export const bundleHandlers = async (
  entryPoints: { in: string; out: string }[],
  directory: string,
): Promise<void> => {
  const { outputFiles } = await build({
    entryPoints,
    outdir: directory,
    outExtension: { '.js': '.mjs' },
    write: false,
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'esm',
    mainFields: ['module', 'main'],
    banner: { js: REQUIRE_FOR_COMMONJS },
    external: OPTIONAL_DEPENDENCIES_OF_MONGODB,
    alias: REPLACED_PACKAGES,
    sourcemap: 'linked',
    sourcesContent: false,
    plugins: [leavePartsOut, mapOwnSources],
    // Shorter, but for names: an error's name is what the state machine retries and catches by.
    minifySyntax: true,
    minifyWhitespace: true,
    keepNames: true,
    logLevel: 'error',
  });
  await Promise.all(outputFiles.map(({ path, contents }) => replaceFile(path, contents)));
};

if (import.meta.main) await bundle();
