import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type DocumentDbStandIn, startDocumentDb } from './index.ts';
import { command, logIn, newCredential, newPassword, withClient } from './test-client.ts';

const LOCAL = join(import.meta.dirname, '../../../.local');
const IMPATIENT = { serverSelectionTimeoutMS: 300 };

const primaryUser = newCredential('docdbadmin');
let directory: string;
let database: DocumentDbStandIn;

beforeAll(async () => {
  await mkdir(LOCAL, { recursive: true });
  directory = await mkdtemp(join(LOCAL, 'lifecycle-'));
  database = await startDocumentDb({ primaryUser, instances: 2, directory });
}, 60_000);
afterAll(async () => {
  await database.stop();
  await rm(directory, { recursive: true });
});

const ping = (at = database.instances[0] ?? database) =>
  command(database, primaryUser, { ping: 1 }, { at, ...IMPATIENT });

const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

describe('being down', () => {
  test('breaks what is open and refuses what is new, until it is up again', async () => {
    await withClient(database, primaryUser, async (client) => {
      database.down();
      await expect(client.db('admin').command({ ping: 1 })).rejects.toThrow();
    });
    await expect(ping()).rejects.toThrow();
    database.up();
    await expect(ping()).resolves.toMatchObject({ ok: 1 });
  });

  test('can be for one instance alone', async () => {
    database.down({ instance: 1 });
    await expect(ping()).resolves.toMatchObject({ ok: 1 });
    await expect(ping(database.instances[1])).rejects.toThrow();
    database.up();
    await expect(ping(database.instances[1])).resolves.toMatchObject({ ok: 1 });
  });

  test('can end by itself', async () => {
    database.down({ ms: 50 });
    await expect
      .poll(
        () =>
          ping().then(
            () => 'up',
            () => 'down',
          ),
        { timeout: 5_000 },
      )
      .toBe('up');
  });
});

describe('a failover', () => {
  test('breaks connections, and the endpoint leads to the new primary', async () => {
    const before = database.primary;
    await withClient(database, primaryUser, async (client) => {
      database.failOver();
      await expect(client.db('admin').command({ ping: 1 })).rejects.toThrow();
    });
    expect(database.primary).toBe(1 - before);
    const body = { dropUser: 'stranger' };
    await expect(command(database, primaryUser, body)).rejects.toMatchObject({ code: 11 });
    const old = database.instances[before] ?? database;
    await expect(command(database, primaryUser, body, { at: old })).rejects.toMatchObject({ code: 10107 });
  });
});

describe('a restart', () => {
  test('keeps users, passwords and delays', async () => {
    const made = newCredential();
    await database.admin.putUser(made.name, made.password, ['readAnyDatabase']);
    const next = { ...primaryUser, password: newPassword() };
    await database.admin.putUser(next.name, next.password, ['root']);
    const pid = database.pid;
    await database.setPropagationDelay(1, Number.POSITIVE_INFINITY);

    await database.restart();

    expect(isAlive(pid)).toBe(false);
    expect(await logIn(database, made)).toBe('accepted');
    expect(await logIn(database, next)).toBe('accepted');
    expect(await logIn(database, primaryUser)).toBe(18);
    await database.admin.dropUser(made.name);
    expect(await logIn(database, made, database.instances[1])).toBe('accepted');
    await database.admin.putUser(primaryUser.name, primaryUser.password, ['root']);
    await database.setPropagationDelay(1, 0);
  }, 30_000);
});

describe('secrecy', () => {
  test('no password is in a process argument, an environment or a file of the cluster', async () => {
    const { password } = primaryUser;
    await ping();
    if (process.platform === 'linux') {
      for (const file of ['cmdline', 'environ']) {
        expect(readFileSync(`/proc/${database.pid}/${file}`, 'latin1')).not.toContain(password);
      }
    }
    const files = readdirSync(directory, { recursive: true, withFileTypes: true }).filter((entry) =>
      entry.isFile(),
    );
    expect(files.length).toBeGreaterThan(2);
    for (const { parentPath, name } of files) {
      expect(readFileSync(join(parentPath, name), 'latin1')).not.toContain(password);
    }
  });
});

describe('the end', () => {
  test('stop ends the process, closes the ports and removes the folder it made', async () => {
    const own = await startDocumentDb({ primaryUser, instances: 2 });
    await own.openFront({ certificate: 'trusted' });
    const folder = join(own.caFile, '..');
    expect(existsSync(folder)).toBe(true);
    await own.stop();
    await own.stop();
    expect(isAlive(own.pid)).toBe(false);
    expect(existsSync(folder)).toBe(false);
    const [error] = await once(connect(own.port, '127.0.0.1'), 'error');
    expect(error).toMatchObject({ code: 'ECONNREFUSED' });

    const again = await startDocumentDb({ primaryUser, port: own.port });
    expect(again.port).toBe(own.port);
    expect(await logIn(again, primaryUser)).toBe('accepted');
    await again.stop();
  }, 30_000);

  test('a cluster whose process is killed can be stopped, and leaves the others as they are', async () => {
    const [own, other] = [await startDocumentDb({ primaryUser }), await startDocumentDb({ primaryUser })];
    expect(own.pid).not.toBe(other.pid);
    process.kill(own.pid, 'SIGKILL');
    await own.stop();
    expect(await logIn(other, primaryUser)).toBe('accepted');
    await other.stop();
    expect(isAlive(other.pid)).toBe(false);
  });

  test('SecantusDB ends and clears up when its parent is killed', async () => {
    const index = JSON.stringify(join(import.meta.dirname, 'index.ts'));
    const script = `
      const { randomBytes } = await import('node:crypto');
      const { startDocumentDb } = await import(${index});
      const primaryUser = { name: 'docdbadmin', password: randomBytes(16).toString('hex') };
      const database = await startDocumentDb({ primaryUser });
      console.log(database.pid + ' ' + database.caFile);`;
    const parent = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = await once(parent.stdout, 'data');
    const [pid, caFile] = String(line).trim().split(' ');
    expect(isAlive(Number(pid))).toBe(true);
    parent.kill('SIGKILL');
    await expect.poll(() => isAlive(Number(pid)), { timeout: 10_000 }).toBe(false);
    expect(existsSync(join(String(caFile), '..'))).toBe(false);
  }, 30_000);

  test('stop fails with what a hook threw', async () => {
    const own = await startDocumentDb({ primaryUser });
    own.onCommand(({ command: name }) => {
      if (name === 'ping') throw new Error('an expectation that does not hold');
    });
    await expect(command(own, primaryUser, { ping: 1 }, IMPATIENT)).rejects.toThrow();
    await expect(own.stop()).rejects.toThrow(/hook/);
    expect(isAlive(own.pid)).toBe(false);
  });

  test('fails to start, and says why, when Python has no SecantusDB', async () => {
    // Of this process: others have theirs.
    const folders = () => readdirSync(LOCAL).filter((name) => name.startsWith(`document-db-${process.pid}-`));
    const before = folders();
    const started = startDocumentDb({ primaryUser, python: '/usr/bin/env' });
    await expect(started).rejects.toThrow(/SecantusDB ended/);
    expect(folders().filter((name) => !before.includes(name))).toEqual([]);
  });
});
