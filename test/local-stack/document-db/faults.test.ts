import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type CommandEvent, type DocumentDbStandIn, startDocumentDb } from './index.ts';
import { type Credential, command, logIn, newCredential, newPassword, withClient } from './test-client.ts';

const primaryUser = newCredential('docdbadmin');
let database: DocumentDbStandIn;
let user: Credential;
let next: Credential;

const changePassword = () =>
  command(database, primaryUser, { updateUser: user.name, pwd: next.password }, { appName: 'changer' });

beforeAll(async () => {
  database = await startDocumentDb({ primaryUser, instances: 2 });
}, 60_000);
beforeEach(async () => {
  user = newCredential();
  next = { ...user, password: newPassword() };
  await database.admin.putUser(user.name, user.password, ['readAnyDatabase']);
  database.observed.splice(0);
});
afterEach(() => database.faults.clear());
afterAll(() => database.stop());

describe('faults', () => {
  test('cut-before breaks the connection, and nothing changed', async () => {
    const fault = database.faults.add({ kind: 'cut-before', command: 'updateUser' });
    await expect(changePassword()).rejects.toThrow(/closed/);
    expect(fault.hits).toBe(1);
    expect(await logIn(database, user)).toBe('accepted');
    expect(await logIn(database, next)).toBe(18);
  });

  test('cut-after loses the answer of a command that was done', async () => {
    database.faults.add({ kind: 'cut-after', command: 'updateUser' });
    await expect(changePassword()).rejects.toThrow(/closed/);
    expect(await logIn(database, user)).toBe(18);
    expect(await logIn(database, next)).toBe('accepted');
  });

  test('refuse answers with the error of the test, once', async () => {
    database.faults.add({ kind: 'refuse', command: 'updateUser', code: 91, codeName: 'ShutdownInProgress' });
    await expect(changePassword()).rejects.toMatchObject({ code: 91, codeName: 'ShutdownInProgress' });
    expect(await logIn(database, user)).toBe('accepted');
    await expect(changePassword()).resolves.toMatchObject({ ok: 1 });
  });

  test('fail-over refuses the next write as no primary does, and reads go on', async () => {
    database.faults.add({ kind: 'fail-over' });
    await expect(command(database, primaryUser, { usersInfo: 1 })).resolves.toMatchObject({ ok: 1 });
    await expect(changePassword()).rejects.toMatchObject({ code: 10107 });
    await expect(changePassword()).resolves.toMatchObject({ ok: 1 });
  });

  test('hang never answers, and ends when the client gives up', async () => {
    database.faults.add({ kind: 'hang', command: 'ping' });
    const ping = command(database, primaryUser, { ping: 1 }, { socketTimeoutMS: 200 });
    await expect(ping).rejects.toThrow(/timed out/);
    await expect.poll(() => database.observed.map(({ outcome }) => outcome)).toContain('cut');
  });

  test('delay holds a command back, before or after it is done', async () => {
    for (const when of ['before', 'after'] as const) {
      database.faults.add({ kind: 'delay', ms: 150, when, command: 'updateUser' });
      const started = performance.now();
      await changePassword();
      expect(performance.now() - started).toBeGreaterThan(140);
    }
  });

  test.each(['saslStart', 'saslContinue'])('strike the login at %s', async (step) => {
    database.faults.add({ kind: 'refuse', command: step, code: 11600, user: user.name });
    expect(await logIn(database, primaryUser)).toBe('accepted');
    expect(await logIn(database, user)).toBe(11600);
    expect(await logIn(database, user)).toBe('accepted');
  });

  test('strike only what they are for', async () => {
    for (const match of [
      { appName: 'another' },
      { user: user.name },
      { target: primaryUser.name },
      { instance: 1 },
      { command: ['createUser', 'dropUser'] },
    ]) {
      database.faults.add({ kind: 'refuse', code: 1, ...match });
    }
    await expect(changePassword()).resolves.toMatchObject({ ok: 1 });
  });

  test('strike the n-th time, as often as asked, and can be taken back', async () => {
    const fault = database.faults.add({ kind: 'refuse', code: 1, command: 'updateUser', skip: 1, times: 2 });
    await changePassword();
    await expect(changePassword()).rejects.toThrow();
    fault.remove();
    await changePassword();
    expect(fault.hits).toBe(1);
  });
});

describe('hooks', () => {
  test('see each command before and after, with who does it and how it ended', async () => {
    const seen: CommandEvent[] = [];
    const remove = database.onCommand((event) => void seen.push(event));
    await changePassword();
    remove();
    await changePassword();
    const context = {
      instance: 0,
      command: 'updateUser',
      user: primaryUser.name,
      loggedIn: true,
      appName: 'changer',
      target: user.name,
    };
    expect(seen.filter(({ command: name }) => name === 'updateUser')).toMatchObject([
      { ...context, when: 'before' },
      { ...context, when: 'after', outcome: 'ok' },
    ]);
  });

  test('see the steps of a login, and that it was refused', async () => {
    await logIn(database, next);
    // Who has logged in before may still be ending its session.
    expect(database.observed.filter(({ user: name }) => name === user.name)).toMatchObject([
      { command: 'saslStart', user: user.name, loggedIn: false, outcome: 'ok' },
      { command: 'saslContinue', user: user.name, loggedIn: false, outcome: 'error', code: 18 },
    ]);
  });

  test('hold the command until they are done', async () => {
    const order: string[] = [];
    const remove = database.onCommand(async ({ command: name, when }) => {
      if (name !== 'updateUser' || when !== 'before') return;
      // The world is still the old one here, whatever the hook does.
      order.push(`hook: ${await logIn(database, next)}`);
    });
    await changePassword();
    remove();
    order.push(`done: ${await logIn(database, next)}`);
    expect(order).toEqual(['hook: 18', 'done: accepted']);
  });

  test('can make a fault of the command they see', async () => {
    const remove = database.onCommand(({ command: name, when }) => {
      if (name === 'updateUser' && when === 'after') return { kind: 'cut-after' };
    });
    await expect(changePassword()).rejects.toThrow(/closed/);
    remove();
    expect(await logIn(database, next)).toBe('accepted');
  });

  test('never see a password, a hash or a proof', async () => {
    const seen: CommandEvent[] = [];
    const remove = database.onCommand((event) => void seen.push(event));
    await withClient(database, primaryUser, async (client) => {
      await client.db('admin').command({ updateUser: user.name, pwd: next.password });
    });
    remove();
    const text = JSON.stringify([seen, database.observed]);
    expect(seen.length).toBeGreaterThan(0);
    for (const word of [primaryUser.password, user.password, next.password, 'payload', 'pwd']) {
      expect(text).not.toContain(word);
    }
  });
});
