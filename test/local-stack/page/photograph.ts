import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { startLocalStack, Undo } from '../deployment/index.ts';
import { launchBrowser } from './browser.ts';
import { preparePage } from './index.ts';
import { PICTURES, takePictures } from './pictures.ts';

// Writes the pictures of the page that the documents show: `npx node test/local-stack/page/photograph.ts`.

// Chromium is unpacked into the temporary folder: the project has its own, as its tests have.
process.env.TMPDIR = join(import.meta.dirname, '..', '..', '..', '.local', 'tmp');
mkdirSync(process.env.TMPDIR, { recursive: true });

const undo = new Undo();
try {
  const prepared = await preparePage(undo);
  const options = { declared: true, instances: 2, propagationTimeoutSeconds: 8, ...prepared.options };
  const stack = await startLocalStack(options, undefined, undo);
  const page = await prepared.open(stack);
  const browser = await launchBrowser();
  if (typeof browser === 'string') throw new Error(browser);
  undo.add(() => browser.close());
  await takePictures(browser, page.url, PICTURES);
} finally {
  await undo.all();
}
