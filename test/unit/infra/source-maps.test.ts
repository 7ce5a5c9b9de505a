import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { SourceMap } from 'node:module';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { BUNDLES } from '../../../infra/build/step-bundles.ts';

const ROOT = join(import.meta.dirname, '..', '..', '..');
const BUNDLE = join(BUNDLES, 'set-secret', 'index.mjs');

const THROW = `
  const { handler } = await import(${JSON.stringify(BUNDLE)});
  await handler({}, {}).catch(({ stack }) => process.stderr.write(stack));
`;

test('what a function throws is traced to the line of its source, as Lambda has it traced', async () => {
  const options = ['--enable-source-maps', '--input-type=module', '--eval', THROW];
  const env = { AWS_REGION: 'eu-central-1' };
  const { stderr: trace } = await promisify(execFile)(process.execPath, options, { env });

  const [, file = '', line] = /(functions\/[\w/-]+\.ts):(\d+):\d+/.exec(trace) ?? [];
  const lines = readFileSync(join(ROOT, file), 'utf8').split('\n');
  expect(lines[Number(line) - 1], trace).toContain('throw new InvalidInputError');
});

test('what a package throws is traced to its file', () => {
  const map = new SourceMap(JSON.parse(readFileSync(`${BUNDLE}.map`, 'utf8')));
  const before = readFileSync(BUNDLE, 'utf8').split('Server selection timed out after')[0] ?? '';
  const lines = before.split('\n');

  expect(map.findEntry(lines.length - 1, lines.at(-1)?.length ?? 0)).toMatchObject({
    originalSource: expect.stringMatching(/node_modules\/mongodb\/lib\/sdam\/topology\.js$/),
  });
});
