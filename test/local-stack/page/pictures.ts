import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { leave, windowOf } from './browser.ts';

const PATIENCE_MS = 60_000;
/** What a reader looks at: without the header, and small. */
const BELOW_HEADER = { x: 0, y: 44, width: 1120, height: 660 };
const ROOT = join(import.meta.dirname, '..', '..', '..');

/** Where the documents have them: that of the README is in the package. */
export const PICTURES = {
  held: join(ROOT, 'statemachine', 'page.png'),
  narrow: join(import.meta.dirname, 'narrow.png'),
};

/** An execution held where AWSCURRENT does not log in, and how it was compensated, on a narrow window in the dark. */
export const takePictures = async (
  browser: Browser,
  url: string,
  { held, narrow }: typeof PICTURES,
): Promise<void> => {
  const window = await windowOf(browser, 1120, 740);
  window.setDefaultTimeout(PATIENCE_MS);
  const state = (name: RegExp) => window.getByRole('button', { name }).and(window.locator('.state'));
  await window.goto(url);
  await state(/^SetSecret/).click();
  await window.getByLabel('after its function').check();
  // So that the chart has something from before.
  await window.getByText(/ [3-9]\d logins, 0 failed/).waitFor();
  await window.getByRole('button', { name: 'Start', exact: true }).click();
  await window.getByRole('region', { name: 'Held after SetSecret' }).waitFor();
  await window.getByText(/is refused\. In the last minute \d+ logins, [12]\d failed/).waitFor();
  await window.screenshot({ path: held, clip: BELOW_HEADER });
  await window.getByRole('button', { name: 'Fail with it' }).click();
  await state(/^RolledBack, failed/).waitFor();
  await window.setViewportSize({ width: 400, height: 1000 });
  await window.emulateMedia({ colorScheme: 'dark' });
  await window.reload();
  await state(/^RolledBack, failed/).waitFor();
  await window.evaluate('document.querySelector("nav").scrollIntoView()');
  await window.screenshot({ path: narrow });
  await leave(window);
};
