import { join } from 'node:path';

/** Where each file of tests leaves what it has reached. */
export const FOLDER = join(import.meta.dirname, '..', '..', '..', '.local', 'coverage-of-states');
