import { join } from 'node:path';
import { startLocalStack, Undo } from '../deployment/index.ts';
import { launchBrowser, windowOf } from './browser.ts';
import { preparePage } from './index.ts';

/** Writes the pictures of the page that the documents show: `npx node test/local-stack/page/photograph.ts`. */
const PATIENCE_MS = 30_000;

const undo = new Undo();
try {
  const prepared = await preparePage(undo);
  const options = { declared: true, instances: 2, propagationTimeoutSeconds: 8, ...prepared.options };
  const stack = await startLocalStack(options, undefined, undo);
  const page = await prepared.open(stack);
  const browser = await launchBrowser();
  if (typeof browser === 'string') throw new Error(browser);
  undo.add(() => browser.close());
  const window = await windowOf(browser, 1300, 840);
  window.setDefaultTimeout(PATIENCE_MS);
  await window.goto(page.url);
  await window.getByRole('button', { name: /^SetSecret/ }).click();
  await window.getByLabel('after its function').check();
  // So that the chart has something from before.
  await window.getByText(/ [3-9]\d logins, 0 failed/).waitFor();
  await window.getByRole('button', { name: 'Start', exact: true }).click();
  await window.getByRole('region', { name: 'Held after SetSecret' }).waitFor();
  await window.getByText(/is refused\. In the last minute \d+ logins, [12]\d failed/).waitFor();
  await window.screenshot({ path: join(import.meta.dirname, 'held.png') });
  await window.getByRole('button', { name: 'Fail with it' }).click();
  await window.getByRole('button', { name: /^RolledBack, failed/ }).waitFor();
  const dark = await windowOf(browser, 400, 1000, 'dark');
  dark.setDefaultTimeout(PATIENCE_MS);
  await dark.goto(page.url);
  await dark.getByRole('button', { name: /^RolledBack, failed/ }).waitFor();
  await dark.evaluate('document.querySelector("nav").scrollIntoView()');
  await dark.screenshot({ path: join(import.meta.dirname, 'narrow.png') });
} finally {
  await undo.all();
}
