import { randomUUID } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { FOLDER } from './folder.ts';
import { reachedSoFar } from './reached.ts';

/* Files of tests run in processes of their own, or in a few: what each process has reached so far is kept for the report. */
afterAll(() => {
  const reached = reachedSoFar();
  if (Object.keys(reached).length === 0) return;
  mkdirSync(FOLDER, { recursive: true });
  writeFileSync(join(FOLDER, `${randomUUID()}.json`), JSON.stringify(reached));
});
