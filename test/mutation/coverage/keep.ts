import { randomUUID } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { FOLDER } from './folder.ts';
import { reachedSoFar } from './reached.ts';

/* Each file of tests runs in a process of its own: what it has reached is kept for the report. */
afterAll(() => {
  const reached = reachedSoFar();
  if (Object.keys(reached).length === 0) return;
  mkdirSync(FOLDER, { recursive: true });
  writeFileSync(join(FOLDER, `${randomUUID()}.json`), JSON.stringify(reached));
});
