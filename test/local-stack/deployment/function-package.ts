import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Zippable, zipSync } from 'fflate';

const RUNTIME_CLIENT = join(import.meta.dirname, '..', 'ministack', 'runtime-client.mjs');

/** Node by its whole path: the PATH of the one who started us may lead to an older one. */
const BOOTSTRAP = `#!/bin/sh\nexec "${process.execPath}" "$LAMBDA_TASK_ROOT/runtime-client.mjs"\n`;

/** The earliest that a zip file knows: the same files make the same package. */
const NO_TIME = '1980-01-01T00:00:00';

const EXECUTABLE = 0o755;
const UNIX = 3;

/**
 * Packs a function's bundle as it is deployed on AWS, and beside it what makes it run under ministack's
 * `provided` runtime, where an error keeps its name.
 */
export const packFunction = (bundle: string): Uint8Array => {
  const files: Zippable = {
    'runtime-client.mjs': readFileSync(RUNTIME_CLIENT),
    bootstrap: [Buffer.from(BOOTSTRAP), { os: UNIX, attrs: EXECUTABLE << 16 }],
  };
  for (const name of readdirSync(bundle)) files[name] = readFileSync(join(bundle, name));
  // Nothing is gained by compressing what is unpacked again on the same disk.
  return zipSync(files, { level: 0, mtime: NO_TIME });
};
