import { join } from 'node:path';

/**
 * Where a build lies. The package's own script lies in it, as deep as this file: both find it by the same relative path,
 * so nothing else in `infra/` may look for files beside itself.
 */
export const DIST = join(import.meta.dirname, '..', 'dist');
