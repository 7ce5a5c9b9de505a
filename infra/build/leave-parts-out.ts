import { join } from 'node:path';
import type { Plugin } from 'esbuild';

const REPLACED = join(import.meta.dirname, 'replaced');

interface Part {
  /** What is imported. */
  readonly path: RegExp;
  /** The folder or file that imports it. */
  readonly importer: RegExp;
  readonly instead: string;
}

/** Parts of packages that only make a bundle large: what stands in for each says why nothing is lost. */
const PARTS: readonly Part[] = [
  { path: /^mongodb$/, importer: /[\\/]functions[\\/]/, instead: 'driver.mjs' },
  { path: /^\.\/encrypter$/, importer: /[\\/]mongodb[\\/]lib[\\/]/, instead: 'no-encrypter.ts' },
  {
    path: /\/(json-schema-processors|to-json-schema)\.js$/,
    importer: /[\\/]zod[\\/]v4[\\/]classic[\\/]schemas\.js$/,
    instead: 'no-json-schema.ts',
  },
];

/** Has a bundle go without them. */
export const leavePartsOut: Plugin = {
  name: 'leave-parts-out',
  setup: ({ onResolve }) => {
    for (const { path, importer, instead } of PARTS) {
      onResolve({ filter: path }, (imported) =>
        importer.test(imported.importer) ? { path: join(REPLACED, instead) } : undefined,
      );
    }
  },
};
