import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Locator, Page as Window } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { leaksIn } from '../../security/leaks.ts';
import { passwordsOf } from '../../security/searched.ts';
import { type LocalStack, startLocalStack, Undo } from '../deployment/index.ts';
import { launchBrowser, leave, windowOf } from './browser.ts';
import { type Page, preparePage } from './index.ts';
import { PICTURES, takePictures } from './pictures.ts';

/** Rotations one after the other, each with its waits. */
const PATIENCE_MS = 90_000;

/** Of a user that changes its own password: by one command, which is the one that a fault of the database strikes. */
const OWN_POWER = 'demo/own-power';

const undo = new Undo();
const browser = await launchBrowser();
const sent: Buffer[] = [];
let stack: LocalStack;
let page: Page;

/** Every byte that leaves the server, whatever writes it. */
const record = (socket: Socket): void => {
  const write = socket.write.bind(socket) as (...all: unknown[]) => boolean;
  socket.write = (chunk: string | Uint8Array, ...rest: unknown[]): boolean => {
    sent.push(Buffer.from(chunk as Uint8Array));
    return write(chunk, ...rest);
  };
};

beforeAll(async () => {
  const prepared = await preparePage(undo);
  stack = await startLocalStack(
    {
      declared: true,
      instances: 2,
      waitScale: 0.2,
      propagationTimeoutSeconds: 3,
      drainSeconds: 2,
      ...prepared.options,
    },
    undefined,
    undo,
  );
  await stack.makeSecret({
    name: OWN_POWER,
    username: 'own_power',
    roles: [{ role: 'root', db: 'admin' }],
    masterarn: false,
    tags: { 'docdb-rotation:strategy': 'single-user' },
  });
  page = await prepared.open(stack);
  page.server.on('connection', record);
});

afterAll(async () => {
  if (typeof browser !== 'string') await browser.close();
  await undo.all();
});

/** Width and height stand in the header of a PNG (its specification calls that IHDR). */
const sizeIn = (file: string): number[] => {
  const bytes = readFileSync(file);
  return [bytes.readUInt32BE(16), bytes.readUInt32BE(20)];
};

interface Answer {
  readonly status: number | undefined;
  readonly policy: string | undefined;
}

const ask = (path: string, headers: Record<string, string> = {}): Promise<Answer> => {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const { hostname, port } = new URL(page.url);
  request({ hostname, port, path, headers }, (response) => {
    response.resume();
    resolve({ status: response.statusCode, policy: `${response.headers['content-security-policy']}` });
  })
    .on('error', reject)
    .end();
  return promise;
};

describe('the server of the page', () => {
  it('answers to no host but its own', async () => {
    expect(new URL(page.url).hostname).toBe('127.0.0.1');
    const { port, hash } = new URL(page.url);
    const authorization = `Bearer ${hash.slice(1)}`;
    for (const host of ['rebound.example', `rebound.example:${port}`, `localhost:${port}`, '127.0.0.1']) {
      expect((await ask('/', { host })).status).toBe(421);
      expect((await ask('/api/machines', { host, authorization })).status).toBe(421);
    }
  });

  it.each(['', 'Bearer ', `Bearer ${'x'.repeat(32)}`])('tells nothing to "%s"', async (authorization) => {
    expect((await ask('/api/machines', { authorization })).status).toBe(401);
    expect((await ask('/api/events', { authorization })).status).toBe(401);
    expect((await ask('/api/none', { authorization })).status).toBe(401);
  });

  it('lets the browser run nothing but its own script', async () => {
    const { status, policy } = await ask('/');
    expect(status).toBe(200);
    expect(policy).toMatch(/^default-src 'none'; script-src 'self'; style-src 'self';/);
    expect(policy).not.toContain('unsafe');
  });
});

if (typeof browser === 'string') it.skip(`is not looked at in a browser: ${browser}`);

describe.skipIf(typeof browser === 'string')('the page in Chromium', () => {
  let window: Window;
  const complaints: string[] = [];

  beforeAll(async () => {
    window = await windowOf(browser as Browser, 1500, 1000);
    window.setDefaultTimeout(PATIENCE_MS);
    window.on('pageerror', ({ message }) => complaints.push(message));
    window.on('console', (message) => {
      if (message.type() === 'error') complaints.push(message.text());
    });
    await window.goto(page.url);
  });

  const state = (name: string, how = '') =>
    window.getByRole('button', { name: new RegExp(`^${name}(, |$)${how}`) }).and(window.locator('.state'));
  const details = (name: string) => window.getByRole('region', { name: `State ${name}` });
  const held = (moment: string, name: string) =>
    window.getByRole('region', { name: `Held ${moment} ${name}` });
  const breakAt = async (name: string, moment: string, isOn = true): Promise<void> => {
    await state(name).click();
    await details(name).getByLabel(`${moment} its function`).setChecked(isOn);
    await state(name, isOn ? `.*breakpoint ${moment}` : '(?!.*breakpoint)').waitFor();
  };
  const form = () => window.getByRole('form', { name: 'Start an execution' });
  const execution = () => window.getByRole('region', { name: 'Execution', exact: true });
  const submit = async (): Promise<void> => {
    const answered = window.waitForResponse('**/api/executions');
    await form().getByRole('button', { name: 'Start' }).click();
    const { arn } = await (await answered).json();
    await execution().getByText(arn.split(':').at(-1)).first().waitFor();
  };
  const start = async (mode = 'rotate', stepping = false, secret = 'demo/app'): Promise<void> => {
    await form().getByLabel('Machine').selectOption('rotation');
    await form()
      .getByRole('combobox', { name: /^Secret/ })
      .selectOption(secret);
    await form().getByLabel('Mode').selectOption(mode);
    await form().getByLabel('hold at the first function').setChecked(stepping);
    await submit();
  };
  const faultOf = (what: RegExp) => window.getByRole('combobox', { name: what });
  const struckOnce = (fault: Locator) =>
    window.locator('.fault', { has: fault }).getByText('(struck 1 times)').waitFor();
  const says = (text: RegExp) => window.getByRole('region', { name: 'Secret' }).getByText(text).waitFor();

  it('draws the machines, and tells of a state by keyboard', async () => {
    await state('SetSecret').focus();
    await window.keyboard.press('Enter');
    await details('SetSecret').getByText('Makes the database accept the pending credential').waitFor();
    await window.getByRole('button', { name: 'retirement', exact: true }).click();
    await state('RetireUser').waitFor();
    await window.getByRole('button', { name: 'rotation', exact: true }).click();
    await says(/logs in\./);
  });

  it('shows what it was asked for while the server has not told of it', async () => {
    const asked = Promise.withResolvers<void>();
    const heard = Promise.withResolvers<void>();
    await window.route('**/api/breakpoints', async (route) => {
      asked.resolve();
      await heard.promise;
      await route.continue();
    });
    await state('SetSecret').click();
    const box = details('SetSecret').getByLabel('before its function');
    await box.click();
    await asked.promise;
    // The whole page is drawn anew meanwhile.
    await window.getByLabel('show each new execution').uncheck();
    await window.getByLabel('show each new execution').check();
    expect(await box.isChecked()).toBe(true);
    expect(await state('SetSecret', '.*breakpoint before').count()).toBe(0);
    await state('TestSecret').click();
    expect(await details('TestSecret').getByLabel('before its function').isChecked()).toBe(false);
    heard.resolve();
    await state('SetSecret', '.*breakpoint before').waitFor();
    await window.unroute('**/api/breakpoints');
    await breakAt('SetSecret', 'before', false);
  });

  it('lights an execution state by state, with what went in and came out, variables and log', async () => {
    await start();
    await state('Rotated', 'done').waitFor();
    await state('CreateSecret').click();
    const shown = details('CreateSecret');
    await shown.getByText('"outcome": "created"').first().waitFor();
    await shown.getByText('Variables assigned').waitFor();
    await shown.getByText(/INFO CreateSecret done/).waitFor();
  });

  it('holds at a breakpoint, where AWSCURRENT does not log in, and fails with an error of choice', async () => {
    await breakAt('SetSecret', 'after');
    await start();
    await held('after', 'SetSecret').getByText('"outcome": "changed"').waitFor();
    await state('SetSecret', 'held').waitFor();
    await says(/is refused/);
    await held('after', 'SetSecret').getByLabel('Error').fill('ChosenError');
    await held('after', 'SetSecret').getByRole('button', { name: 'Fail with it' }).click();
    await state('RolledBack', 'failed').waitFor();
    await state('RestoreCredential', 'done').waitFor();
    await window
      .getByText(/SetSecret failed with ChosenError/)
      .first()
      .waitFor();
    await says(/logs in\./);
  });

  it('stops an execution where it is held, and shows the recovery', async () => {
    await start();
    await held('after', 'SetSecret').getByRole('button', { name: 'Stop the execution' }).click();
    await state('Recovered', 'done').waitFor();
    await window.getByRole('button', { name: /rotation rotate stopped here/ }).click();
    await state('SetSecret', 'stopped here').waitFor();
    await breakAt('SetSecret', 'after', false);
  });

  it('loses a reply, and shows the retry', async () => {
    await breakAt('SetSecret', 'before');
    await start();
    await held('before', 'SetSecret').waitFor();
    await breakAt('SetSecret', 'before', false);
    await held('before', 'SetSecret').getByRole('button', { name: 'Lose its reply' }).click();
    await state('Rotated', 'done').waitFor();
    await details('SetSecret').getByText('Retry 1').waitFor();
    await details('SetSecret').getByText('Runtime.ExitError').first().waitFor();
  });

  it('fails by a fault of the database, and compensates', async () => {
    const fault = faultOf(/refuses a change/);
    await fault.selectOption('once');
    await start();
    await state('RolledBack', 'failed').waitFor();
    await window
      .getByText(/failed with ChangeRefusedError/)
      .first()
      .waitFor();
    await struckOnce(fault);
    expect(await fault.inputValue()).toBe('off');
  });

  it('throttles Secrets Manager until it is switched off, and shows the retries meanwhile', async () => {
    const fault = faultOf(/Secrets Manager throttles/);
    await fault.selectOption('always');
    await start();
    await state('CreateSecret', 'failed, is tried again').waitFor();
    await fault.selectOption('off');
    await state('Rotated', 'done').waitFor();
  });

  it('has an instance lag: the rotation waits for it, and compensates', async () => {
    const fault = faultOf(/learns of no new password/);
    await fault.selectOption('always');
    await start();
    await window.locator('td', { hasText: 'yes no' }).waitFor();
    await state('RolledBack', 'failed').waitFor();
    await fault.selectOption('off');
  });

  it('loses the write of a label once, which the function makes again', async () => {
    const fault = faultOf(/write of a label is lost/);
    await fault.selectOption('once');
    await start();
    await state('Rotated', 'done').waitFor();
    await struckOnce(fault);
  });

  it('loses the reply to the write of a label, and shows that the function found it made', async () => {
    await breakAt('FinishSecret', 'before');
    await start();
    await held('before', 'FinishSecret').waitFor();
    await breakAt('FinishSecret', 'before', false);
    const fault = faultOf(/label is made, and its reply is lost/);
    await fault.selectOption('once');
    await held('before', 'FinishSecret').getByRole('button', { name: 'Continue' }).click();
    await state('Rotated', 'done').waitFor();
    await details('FinishSecret').getByText('"outcome": "already-promoted"').first().waitFor();
    await struckOnce(fault);
  });

  it.each([
    ['before a change of a user is made, which the retry makes', /breaks before a change/, 'changed'],
    ['after a change of a user was made, which the retry finds', /breaks after a change/, 'already-set'],
  ])('has a connection break %s', async (_, what, outcome) => {
    const fault = faultOf(what);
    await fault.selectOption('once');
    await start('rotate', false, OWN_POWER);
    await state('Rotated', 'done').waitFor();
    await state('SetSecret').click();
    await details('SetSecret').getByText('Retry 1').waitFor();
    await details('SetSecret').getByText(`"outcome": "${outcome}"`).first().waitFor();
    await struckOnce(fault);
    expect(await fault.inputValue()).toBe('off');
  });

  it('stops an execution that is held in its compensation, and shows the recovery that finishes it', async () => {
    await breakAt('SetSecret', 'after');
    await breakAt('RestoreCredential', 'before');
    await start();
    await held('after', 'SetSecret').getByRole('button', { name: 'Fail with it' }).click();
    await held('before', 'RestoreCredential').waitFor();
    await state('SetSecret', 'failed').waitFor();
    await says(/is refused/);
    await breakAt('SetSecret', 'after', false);
    await breakAt('RestoreCredential', 'before', false);
    await execution().getByRole('button', { name: 'Stop this execution' }).click();
    await held('before', 'RestoreCredential').waitFor({ state: 'hidden' });
    await state('DescribeStoppedExecution', 'done').waitFor();
    await state('Recovered', 'done').waitFor();
    await says(/logs in\./);
    await window
      .getByRole('button', { name: /rotation rotate stopped here/ })
      .first()
      .click();
    await state('RestoreCredential', 'stopped here').waitFor();
  });

  it('starts a recovery that was filled in, and shows what it was asked for', async () => {
    await form().getByLabel('Machine').selectOption('recovery');
    await form().getByLabel('reset through the admin secret').check();
    await form().getByLabel('hold at the first function').uncheck();
    await submit();
    await state('Recovered', 'done').waitFor();
    await state('Begin').click();
    await details('Begin').getByText('"resetThroughAdmin": true').first().waitFor();
    await details('Begin').getByText('"resetThroughCluster": false').first().waitFor();
  });

  it('steps through a revert', async () => {
    await start('revert', true);
    await held('before', 'CreateSecret').getByRole('button', { name: 'Step' }).click();
    await held('after', 'CreateSecret').getByRole('button', { name: 'Step' }).click();
    await held('before', 'CheckBefore').getByRole('button', { name: 'Continue' }).click();
    await state('Reverted', 'done').waitFor();
  });

  it('fits 400 pixels, in the dark', async () => {
    const narrow = await windowOf(browser as Browser, 400, 800, 'dark');
    narrow.setDefaultTimeout(PATIENCE_MS);
    await narrow.goto(page.url);
    await narrow
      .getByRole('button', { name: /^Reverted, done/ })
      .and(narrow.locator('.state'))
      .waitFor();
    expect(await narrow.evaluate('document.documentElement.scrollWidth')).toBe(400);
    await leave(narrow);
  });

  // uPlot formats numbers in the language of the browser, which a Chromium has from its environment.
  it.each(['en-US@posix', 'C', ''])('works where the language of the browser is "%s"', async (language) => {
    const other = await windowOf(browser as Browser, 800, 600);
    other.setDefaultTimeout(PATIENCE_MS);
    const thrown: string[] = [];
    other.on('pageerror', ({ message }) => thrown.push(message));
    await other.addInitScript(
      `Object.defineProperty(Navigator.prototype, 'language', { get: () => ${JSON.stringify(language)} })`,
    );
    await other.goto(page.url);
    await other.getByText(/with AWSCURRENT logs in\./).waitFor();
    expect(await other.locator('.chart canvas').count()).toBe(1);
    expect(thrown).toEqual([]);
    await leave(other);
  });

  it('takes the pictures of the documents', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'pictures-'));
    try {
      const taken = { held: join(folder, 'held.png'), narrow: join(folder, 'narrow.png') };
      await takePictures(browser as Browser, page.url, taken);
      for (const name of ['held', 'narrow'] as const)
        expect(sizeIn(taken[name]), name).toEqual(sizeIn(PICTURES[name]));
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('says no password, and breaks no rule of its own', async () => {
    const html = await window.content();
    const passwords = await passwordsOf(stack);
    expect(passwords.size).toBeGreaterThan(4);
    const written = [
      { where: 'the page', text: html },
      { where: 'what the server sent', text: Buffer.concat(sent).toString() },
    ];
    expect(written[1]?.text).toContain('AWSCURRENT');
    expect(leaksIn(written, passwords)).toEqual([]);
    expect(complaints).toEqual([]);
  });
});
