import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type Zippable, zipSync } from 'fflate';
import { DIST } from '../dist-folder.ts';
import { bundle } from './bundle.ts';
import { makePlainTemplate, type PlainTemplate } from './plain-template.ts';

const DIRECTORY = join(DIST, 'template');

const UNIX = 3;
/** Lambda reads the files as another user. */
const READABLE_BY_ALL = 0o644 << 16;
/** The earliest that a zip file knows: the same content makes the same file, whenever it is packed. */
const NO_TIME = '1980-01-01T00:00:00';

/**
 * Writes the plain template to `dist/template/docdb-rotation.template.json`, and the functions' zip files beside it, as they were
 * bundled last. What was there before goes away.
 *
 * @param certificateAuthorityFile a PEM file that is packed with the functions which log in
 */
export const buildTemplate = async (
  directory: string = DIRECTORY,
  certificateAuthorityFile?: string,
): Promise<void> => {
  const outdir = await mkdtemp(join(tmpdir(), 'template-'));
  try {
    await write(directory, makePlainTemplate(outdir, certificateAuthorityFile));
  } finally {
    await rm(outdir, { recursive: true });
  }
};

const write = async (directory: string, { template, assets }: PlainTemplate): Promise<void> => {
  await rm(directory, { recursive: true, force: true });
  const functions = join(directory, 'functions');
  await mkdir(functions, { recursive: true });
  await writeFile(
    join(directory, 'docdb-rotation.template.json'),
    `${JSON.stringify(template, undefined, 1)}\n`,
  );
  for (const asset of assets)
    await writeFile(join(functions, asset.fileName), await packFolder(asset.directory));
};

const packFolder = async (folder: string): Promise<Uint8Array> => {
  const files: Zippable = {};
  for (const name of (await readdir(folder)).sort()) files[name] = await readFile(join(folder, name));
  return zipSync(files, { os: UNIX, attrs: READABLE_BY_ALL, mtime: NO_TIME });
};

const readArguments = () =>
  parseArgs({ options: { 'certificate-authority-file': { type: 'string' } } }).values;

if (import.meta.main) {
  await bundle();
  await buildTemplate(DIRECTORY, readArguments()['certificate-authority-file']);
}
