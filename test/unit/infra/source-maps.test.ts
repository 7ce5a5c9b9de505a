import { execFile } from 'node:child_process';
import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { SourceMap } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { BUNDLES } from '../../../infra/build/step-bundles.ts';

const ROOT = join(import.meta.dirname, '..', '..', '..');
const BUNDLE = join(BUNDLES, 'set-secret', 'index.mjs');

/** The trace of what a bundle throws when it is called with nothing. */
const traceOf = async (bundle: string): Promise<string> => {
  const script = `
    const { handler } = await import(${JSON.stringify(bundle)});
    await handler({}, {}).catch(({ stack }) => process.stderr.write(stack));`;
  const options = ['--input-type=module', '--eval', script];
  const env = { AWS_REGION: 'eu-central-1' };
  return (await promisify(execFile)(process.execPath, options, { env })).stderr;
};

test('what a function throws is traced to the line of its source', async () => {
  const trace = await traceOf(BUNDLE);

  expect(trace).toMatch(/^InvalidInputError: invalid input for SetSecret: .+\n {4}at \w/m);
  const [, file = '', line] = /(functions\/[\w/-]+\.ts):(\d+):\d+/.exec(trace) ?? [];
  const lines = readFileSync(join(ROOT, file), 'utf8').split('\n');
  expect(lines[Number(line) - 1], trace).toContain('throw new InvalidInputError');
});

test('each function traces what it throws', () => {
  for (const name of readdirSync(BUNDLES))
    expect(readFileSync(join(BUNDLES, name, 'index.mjs'), 'utf8'), name).toContain('prepareStackTrace=');
});

test('what a package throws is traced to its file', () => {
  const map = new SourceMap(JSON.parse(readFileSync(`${BUNDLE}.map`, 'utf8')));
  const before = readFileSync(BUNDLE, 'utf8').split('Server selection timed out after')[0] ?? '';
  const lines = before.split('\n');

  expect(map.findEntry(lines.length - 1, lines.at(-1)?.length ?? 0)).toMatchObject({
    originalSource: expect.stringMatching(/node_modules\/mongodb\/lib\/sdam\/topology\.js$/),
  });
});

test('without a map that can be read a trace names places in the bundle', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'source-maps-'));
  try {
    copyFileSync(BUNDLE, join(directory, 'index.mjs'));
    expect(await traceOf(join(directory, 'index.mjs'))).toMatch(
      /^InvalidInputError: invalid input for SetSecret: .+\n {4}at .+index\.mjs:\d+:\d+\)?\n/m,
    );
  } finally {
    rmSync(directory, { recursive: true });
  }
});
