import chromium from '@sparticuz/chromium';
import { type Browser, type Page, chromium as playwright } from 'playwright-core';

// The page draws nothing that needs it, and to imitate a graphics card takes more than all the rest.
chromium.setGraphicsMode = false;

/** A Chromium that comes from npm; or why it does not run here, which is no fault of the page. */
export const launchBrowser = async (): Promise<Browser | string> => {
  try {
    const executablePath = await chromium.executablePath();
    return await playwright.launch({ executablePath, args: chromium.args, headless: true });
  } catch (error) {
    const [reason = ''] = error instanceof Error ? error.message.split('\n') : [];
    return `the Chromium of @sparticuz/chromium does not run here (${reason})`;
  }
};

/** A window as someone has it, in a language that every Chromium knows. */
export const windowOf = (browser: Browser, width: number, height: number, colorScheme?: 'dark') =>
  browser.newPage({ viewport: { width, height }, locale: 'en-GB', ...(colorScheme ? { colorScheme } : {}) });

/**
 * Instead of closing it: this Chromium is one process, and the end of a window is the end of all. A window that stays on the page keeps
 * one of the six connections that a browser opens to a host.
 */
export const leave = async (window: Page): Promise<void> => {
  await window.goto('about:blank');
};
