import { randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { DIST } from '../dist-folder.ts';

/**
 * Several processes may do so at once, and others read what is there: no file is ever half written. What is on the way to its place lies in `dist/` itself, of
 * which no package takes what it does not name.
 */
export const replaceFile = async (path: string, contents: Uint8Array): Promise<void> => {
  const present = await readFile(path).catch(() => undefined);
  if (present?.equals(contents)) return;
  await mkdir(dirname(path), { recursive: true });
  const temporary = join(DIST, `.${basename(path)}.${process.pid}.${randomUUID()}`);
  await mkdir(DIST, { recursive: true });
  await writeFile(temporary, contents);
  await rename(temporary, path);
};
