import { describe, expect, it } from 'vitest';
import {
  ChangeRefusedError,
  DatabaseIncompatibleError,
  DatabaseUnavailableError,
  NotAuthorizedError,
  SecretsManagerRefusedError,
} from '../../functions/shared/errors.ts';
import type { Session } from '../../functions/shared/ports.ts';
import { CLUSTER, InMemoryDatabase, PORT, READ_WRITE, ROOT } from '../helpers/in-memory-database.ts';
import { InMemorySecretStore, newPassword, newVersionId } from '../helpers/in-memory-secret-store.ts';
import { PortCalls, ProcessDiedError } from '../helpers/port-calls.ts';

/* The stand-ins are only worth something if they keep the rules that the steps rely on. */

const NAME = 'secret';

describe('the secret store in memory', () => {
  const make = () => {
    const store = new InMemorySecretStore();
    const arn = store.addSecret(NAME);
    const [first, second] = [
      store.addVersion(NAME, ['AWSCURRENT'], 'one'),
      store.addVersion(NAME, [], 'two'),
    ];
    return { store, arn, first, second, port: store.port() };
  };

  /** https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_UpdateSecretVersionStage.html */
  describe('moves a label', () => {
    it('and AWSPREVIOUS after AWSCURRENT, to the version that it left', async () => {
      const { store, arn, first, second, port } = make();
      expect(await port.moveLabel(arn, 'AWSCURRENT', { from: first, to: second })).toBe(true);
      expect(store.labels(NAME)).toEqual({ AWSCURRENT: second, AWSPREVIOUS: first });
      await port.moveLabel(arn, 'AWSCURRENT', { from: second, to: first });
      expect(store.labels(NAME)).toEqual({ AWSCURRENT: first, AWSPREVIOUS: second });
    });

    it('only from the version that holds it', async () => {
      const { store, arn, second, port } = make();
      expect(await port.moveLabel(arn, 'AWSCURRENT', { from: second, to: second })).toBe(false);
      expect(await port.moveLabel(arn, 'AWSPENDING', { from: second })).toBe(false);
      expect(store.labels(NAME)).not.toHaveProperty('AWSPENDING');
    });

    it('without the version that holds it only if nobody does', async () => {
      const { store, arn, first, second, port } = make();
      expect(await port.moveLabel(arn, 'AWSPENDING', { to: first })).toBe(true);
      expect(await port.moveLabel(arn, 'AWSPENDING', { to: second })).toBe(false);
      expect(store.holder(NAME, 'AWSPENDING')).toBe(first);
    });

    it('but never lets AWSCURRENT vanish', async () => {
      const { store, arn, first, port } = make();
      expect(await port.moveLabel(arn, 'AWSCURRENT', { from: first })).toBe(false);
      expect(store.holder(NAME, 'AWSCURRENT')).toBe(first);
    });
  });

  /** https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_PutSecretValue.html */
  describe('writes a version', () => {
    it('once: the same value again changes nothing, another is refused', async () => {
      const { arn, port } = make();
      const version = { secretArn: arn, token: newVersionId(), value: 'three', label: 'mine' };
      await port.put(version);
      await port.put(version);
      await expect(port.put({ ...version, value: 'four' })).rejects.toThrow(SecretsManagerRefusedError);
      expect(await port.read(arn, version.token)).toBe('three');
    });

    it('that is in rotation only with the token of that rotation', async () => {
      const { store, arn, port } = make();
      const { token, rotationToken } = store.beginRotation(NAME);
      const version = { secretArn: arn, token, value: 'three', label: 'AWSPENDING' };
      await expect(port.put(version)).rejects.toThrow(SecretsManagerRefusedError);
      await port.put({ ...version, rotationToken });
      expect(await port.read(arn, token)).toBe('three');
    });
  });

  it('tells of versions without a label only in the list', async () => {
    const { arn, first, second, port } = make();
    expect(Object.keys((await port.describe(arn)).versions)).toEqual([first]);
    expect(await port.listVersions(arn)).toEqual([first, second]);
  });
});

describe('the database in memory', () => {
  const make = () => {
    const database = new InMemoryDatabase();
    const passwords = { root: newPassword(), app: newPassword() };
    database.addUser('root', passwords.root, ROOT, true);
    database.addUser('app', passwords.app, READ_WRITE);
    const login = (username: 'root' | 'app', host = CLUSTER, password = passwords[username]) =>
      database.port().login({ host, port: PORT, username, password, tls: true });
    return { database, login };
  };
  const open = async (session: Promise<Session | undefined>): Promise<Session> => {
    const opened = await session;
    if (opened === undefined) throw new Error('it was refused');
    return opened;
  };

  it('refuses a wrong password, and is unreachable when it is down', async () => {
    const { database, login } = make();
    expect(await login('app', CLUSTER, newPassword())).toBeUndefined();
    database.down = true;
    await expect(login('app')).rejects.toThrow(DatabaseUnavailableError);
  });

  it('lets nobody below an administrator change a password, not even the own', async () => {
    const { login } = make();
    const app = await open(login('app'));
    await expect(app.updateUser('app', { password: newPassword() })).rejects.toThrow(NotAuthorizedError);
  });

  it('keeps its primary user', async () => {
    const { login } = make();
    const root = await open(login('root'));
    await expect(root.dropUser('root')).rejects.toThrow(ChangeRefusedError);
    await expect(root.updateUser('root', { roles: [] })).rejects.toThrow(ChangeRefusedError);
  });

  it('takes no password that DocumentDB would not', async () => {
    const { login } = make();
    const root = await open(login('root'));
    for (const password of ['short', 'with/slash', 'with"quote', 'with@sign'])
      await expect(root.updateUser('app', { password })).rejects.toThrow(ChangeRefusedError);
  });

  it('shows a change on the writer at once, and on a reader when it has caught up', async () => {
    const { database, login } = make();
    database.lag = 1;
    const password = newPassword();
    const root = await open(login('root'));
    await root.updateUser('app', { password });
    const [, reader] = await root.instances();
    expect(await login('app', CLUSTER, password)).toBeDefined();
    expect(await login('app', reader?.host, password)).toBeUndefined();
    expect(await login('app', reader?.host, password)).toBeDefined();
  });
});

describe('the database in memory meets an error that a test planted', () => {
  const make = async () => {
    const database = new InMemoryDatabase();
    const [root, old, changed] = [newPassword(), newPassword(), newPassword()];
    database.addUser('root', root, ROOT, true);
    database.addUser('app', old, READ_WRITE);
    const login = (password: string, username = 'app') =>
      database.port().login({ host: CLUSTER, port: PORT, username, password, tls: true });
    const session = await login(root, 'root');
    if (session === undefined) throw new Error('it was refused');
    return {
      database,
      session,
      login,
      old,
      changed,
      change: () => session.updateUser('app', { password: changed }),
    };
  };

  it('as often as it was planted, in the product’s words', async () => {
    const { database, change, login, old, changed } = await make();
    database.failWith({ command: 'updateUser', code: 112, times: 2 });
    for (const _time of [1, 2]) {
      await expect(change()).rejects.toThrow(DatabaseUnavailableError);
      expect(await login(old)).toBeDefined();
    }
    database.failWith({ command: 'updateUser', code: 2 });
    await expect(change()).rejects.toThrow(/BadValue \(code 2\)/);
    await change();
    expect(await login(changed)).toBeDefined();
  });

  it('and makes the change all the same', async () => {
    const { database, change, login, old, changed } = await make();
    database.failWith({ command: 'updateUser', code: 64, applied: true });
    await expect(change()).rejects.toThrow(DatabaseUnavailableError);
    expect(await login(old)).toBeUndefined();
    expect(await login(changed)).toBeDefined();
  });

  it('at a login, which is refused by the code for it only', async () => {
    const { database, login, old } = await make();
    for (const code of [18, 24, -301]) database.failWith({ command: 'login', code });
    expect(await login(old)).toBeUndefined();
    await expect(login(old)).rejects.toThrow(DatabaseUnavailableError);
    await expect(login(old)).rejects.toThrow(DatabaseIncompatibleError);
    expect(await login(old)).toBeDefined();
  });

  it('and makes the change late: when the test says so', async () => {
    const { database, change, login, old, changed } = await make();
    database.failWith({ command: 'updateUser', applied: 'late' });
    await expect(change()).rejects.toThrow(/the connection was lost/);
    expect(await login(old)).toBeDefined();
    database.applyLateChanges();
    expect(await login(old)).toBeUndefined();
    expect(await login(changed)).toBeDefined();
  });

  it('and makes the change late: after so many further calls', async () => {
    const { database, change, login, old } = await make();
    database.failWith({ command: 'updateUser', applied: { afterCalls: 2 } });
    await expect(change()).rejects.toThrow(DatabaseUnavailableError);
    expect([await login(old), await login(old), await login(old)]).toEqual([
      expect.anything(),
      expect.anything(),
      undefined,
    ]);
  });

  it('and never makes a late change of a user that has gone', async () => {
    const { database, session, change } = await make();
    database.failWith({ command: 'updateUser', applied: 'late' });
    await expect(change()).rejects.toThrow(DatabaseUnavailableError);
    await session.dropUser('app');
    database.applyLateChanges();
    expect(database.usernames()).toEqual(['root']);
  });
});

describe('a process that dies', () => {
  const error = () => new ProcessDiedError('dead');

  it('before a call has not had its effect, and after it has', async () => {
    for (const when of ['before', 'after'] as const) {
      const effects: string[] = [];
      const gate = new PortCalls({ faults: [{ call: 1, when, error }] }).process();
      await expect(gate('call', () => effects.push('done'))).rejects.toThrow('dead');
      expect(effects).toHaveLength(when === 'after' ? 1 : 0);
    }
  });

  it('does nothing more, but the next process does', async () => {
    const calls = new PortCalls({ faults: [{ call: 1, when: 'before', error }] });
    const dead = calls.process();
    await dead('call', () => 1).catch(() => undefined);
    await expect(dead('call', () => 1)).rejects.toThrow('the process is dead');
    expect(await calls.process()('call', () => 1)).toBe(1);
  });
});
