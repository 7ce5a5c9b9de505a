import { readFile, writeFile } from 'node:fs/promises';
import { z } from 'zod';

/**
 * Writes behind each requirement the SHA-256 of every file that pip may take for it, as PyPI lists them:
 * `node test/local-stack/python/write-hashes.ts FILE…`. To be run after a version was changed; pip then takes nothing else
 * (`--require-hashes`), the one who may write to the index.
 *
 * https://pip.pypa.io/en/stable/topics/secure-installs/#hash-checking-mode
 */

/** https://packaging.python.org/en/latest/specifications/simple-repository-api/#json-serialization */
const Project = z.object({
  files: z.array(z.object({ filename: z.string(), hashes: z.object({ sha256: z.string() }) })),
});

const REQUIREMENT = /^(?<name>[\w.-]+)==(?<version>[\w.]+)(?<marker>; [^\\]*?)?\s*\\?$/;

/** Where no one runs the tests, and interpreters that no one runs them with: their files are left out. */
const LEFT_OUT =
  /-(pp|graalpy|cp3[6-9]-|cp3\d+-cp3\d+t-)|(win32|win_\w+|ios_\w+|android_\w+|emscripten\w*|pyodide\w*)\.whl$/;

/** As PyPI compares names: https://packaging.python.org/en/latest/specifications/name-normalization/ */
const normalized = (name: string): string => name.toLowerCase().replace(/[-_.]+/g, '-');

const isOfVersion = (filename: string, name: string, version: string): boolean => {
  const [, project = '', rest = ''] = /^(.+?)-(\d.*)$/.exec(filename) ?? [];
  const isNext = ['-', '.tar.gz', '.zip'].some((end) => rest.startsWith(`${version}${end}`));
  return normalized(project) === normalized(name) && isNext;
};

const hashesOf = async (name: string, version: string): Promise<string[]> => {
  const answer = await fetch(`https://pypi.org/simple/${normalized(name)}/`, {
    headers: { accept: 'application/vnd.pypi.simple.v1+json' },
  });
  const { files } = Project.parse(await answer.json());
  const meant = files.filter(
    ({ filename }) => isOfVersion(filename, name, version) && !LEFT_OUT.test(filename),
  );
  if (meant.length === 0) throw new Error(`PyPI has no file of ${name} ${version}`);
  return meant.map(({ hashes }) => hashes.sha256).sort();
};

const withHashes = async (text: string): Promise<string> => {
  const lines = text.split('\n').filter((line) => !line.trim().startsWith('--hash='));
  const written: string[] = [];
  for (const line of lines) {
    const { name, version, marker = '' } = REQUIREMENT.exec(line)?.groups ?? {};
    if (name === undefined || version === undefined) written.push(line);
    else {
      const hashes = (await hashesOf(name, version)).map((hash) => `    --hash=sha256:${hash}`);
      written.push([`${name}==${version}${marker}`, ...hashes].join(' \\\n'));
    }
  }
  return written.join('\n');
};

for (const file of process.argv.slice(2))
  await writeFile(file, await withHashes(await readFile(file, 'utf8')));
