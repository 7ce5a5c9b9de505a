import { randomUUID } from 'node:crypto';
import { link, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

const POLL_MS = 200;

/**
 * Runs `work` while no other process does so under the same lock file.
 *
 * A lock whose owner is dead is taken over, so a killed run blocks no one.
 */
export const withLock = async <T>(
  file: string,
  work: () => Promise<T>,
  onWait: (owner: number) => void = () => {},
): Promise<T> => {
  let told = false;
  while (!(await take(file))) {
    const owner = await ownerOf(file);
    if (owner === undefined || !isAlive(owner)) {
      await clear(file);
      continue;
    }
    if (!told) onWait(owner);
    told = true;
    await sleep(POLL_MS);
  }
  try {
    return await work();
  } finally {
    await rm(file, { force: true });
  }
};

// The file appears whole, with its owner in it: a link is made or is not.
const take = async (file: string): Promise<boolean> => {
  const draft = `${file}.${randomUUID()}`;
  await writeFile(draft, String(process.pid));
  try {
    await link(draft, file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    await rm(draft, { force: true });
  }
};

// Moved away and looked at again before it is dropped: meanwhile another process
// may have cleared the same dead lock and taken a new one, which goes back.
const clear = async (file: string): Promise<void> => {
  const moved = `${file}.${randomUUID()}.dead`;
  await rename(file, moved).catch(() => {});
  const owner = await ownerOf(moved);
  if (owner !== undefined && isAlive(owner)) await link(moved, file).catch(() => {});
  await rm(moved, { force: true });
};

const ownerOf = async (file: string): Promise<number | undefined> => {
  const text = await readFile(file, 'utf8').catch(() => '');
  const pid = Number.parseInt(text, 10);
  return Number.isInteger(pid) ? pid : undefined;
};

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it lives, and belongs to someone else.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
};
