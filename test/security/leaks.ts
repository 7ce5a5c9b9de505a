import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A text in which no secret may be, and where it was found. */
export interface Written {
  readonly where: string;
  readonly text: string;
}

/** How a secret looks in what programs write: as it is, in JSON, in JSON within JSON, in a URI, encoded. */
export const formsOf = (secret: string): readonly string[] => {
  const escaped = inJson(secret);
  const bytes = Buffer.from(secret);
  return [
    ...new Set([
      secret,
      escaped,
      inJson(escaped),
      encodeURIComponent(secret),
      encodeURI(secret),
      new URLSearchParams({ '': secret }).toString().slice(1),
      bytes.toString('base64'),
      bytes.toString('base64').replace(/=+$/, ''),
      bytes.toString('base64url'),
      bytes.toString('hex'),
      `'${secret.replaceAll("'", "'\\''")}'`,
    ]),
  ];
};

const inJson = (text: string): string => JSON.stringify(text).slice(1, -1);

/** Where any of the secrets is written, in any form. Says the places and never the secret. */
export const leaksIn = (written: readonly Written[], secrets: Iterable<string>): string[] => {
  const forms = [...new Set([...secrets].flatMap(formsOf))];
  return written.filter(({ text }) => forms.some((form) => text.includes(form))).map(({ where }) => where);
};

/** Every file below a folder, as bytes. */
export const filesBelow = (folder: string, skip: (path: string) => boolean): Written[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => !skip(path))
    .map((path) => ({ where: path, text: readFileSync(path, 'utf8') }));

/** Arguments and environment of this process's children, and of theirs: of all that a stack has started. */
export const processesBelow = (root: number): Written[] => {
  const parents = new Map<number, number>();
  for (const name of readdirSync('/proc')) {
    const parent = /^\d+$/.test(name) ? parentOf(Number(name)) : undefined;
    if (parent !== undefined) parents.set(Number(name), parent);
  }
  const isBelow = (pid: number): boolean => {
    const parent = parents.get(pid);
    return parent !== undefined && (parent === root || isBelow(parent));
  };
  return [...parents.keys()].filter(isBelow).flatMap((pid) => [
    { where: `arguments of process ${pid}`, text: readProc(pid, 'cmdline') },
    { where: `environment of process ${pid}`, text: readProc(pid, 'environ') },
  ]);
};

const parentOf = (pid: number): number | undefined => {
  const parent = /^PPid:\s*(\d+)$/m.exec(readProc(pid, 'status'))?.[1];
  return parent === undefined ? undefined : Number(parent);
};

/** Empty for a process that has ended meanwhile. */
const readProc = (pid: number, name: string): string => {
  try {
    return readFileSync(`/proc/${pid}/${name}`, 'utf8');
  } catch {
    return '';
  }
};
