import { describe, expect, it } from 'vitest';
import {
  ChangeRefusedError,
  DatabaseIncompatibleError,
  DatabaseUnavailableError,
  NotAuthorizedError,
  SecretsManagerRefusedError,
  SecretsManagerUnavailableError,
} from '../../../functions/contract/errors.ts';
import type { Session } from '../../../functions/database/database.ts';
import type { LabelMove } from '../../../functions/secret/secret-store.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { CLUSTER, InMemoryDatabase, PORT, READ_WRITE, ROOT } from '../../support/in-memory-database.ts';
import { InMemorySecretStore, newPassword, newVersionId } from '../../support/in-memory-secret-store.ts';
import { PortCalls, ProcessDiedError } from '../../support/port-calls.ts';

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

    it('without the version that holds it only if no one does', async () => {
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

    it('from no one or to no one not at all', async () => {
      const { store, arn, port } = make();
      expect(await port.moveLabel(arn, 'AWSCURRENT', {})).toBe(false);
      expect(Object.keys(store.labels(NAME))).toEqual(['AWSCURRENT']);
    });

    it('to the version that has it already, and changes nothing, or not if so chosen', async () => {
      const { store, arn, first, port } = make();
      for (const refuses of [false, true]) {
        store.refusesMoveToHolder = refuses;
        for (const move of [{ to: first }, { from: first, to: first }])
          expect(await port.moveLabel(arn, 'AWSCURRENT', move)).toBe(!refuses);
        expect(store.labels(NAME)).toEqual({ AWSCURRENT: first });
      }
    });

    it('from a version although no one has it, if so chosen', async () => {
      const { store, arn, first, second, port } = make();
      const move = (to?: string) => port.moveLabel(arn, 'mine', { from: second, ...(to ? { to } : {}) });
      expect([await move(first), await move()]).toEqual([false, false]);
      store.acceptsFromWithoutHolder = true;
      expect([await move(), await move(first)]).toEqual([true, true]);
      expect(store.holder(NAME, 'mine')).toBe(first);
      expect(await move()).toBe(false);
    });

    /** https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_limits.html */
    it('until the versions of a secret have 20 labels together', async () => {
      const { store, arn, first, second, port } = make();
      for (let label = 1; label < 20; label++)
        await port.moveLabel(arn, `label-${label}`, { to: label % 2 ? first : second });
      const tooMany = port.moveLabel(arn, 'one-more', { to: second });
      await expect(tooMany).rejects.toThrow(SecretsManagerRefusedError);
      expect(() => store.putByHand(NAME, 'three', { labels: ['one-more'] })).toThrow(
        SecretsManagerRefusedError,
      );
      expect(store.versionIds(NAME)).toEqual([first, second]);
      expect(await port.moveLabel(arn, 'label-1', { from: first, to: second })).toBe(true);
    });
  });

  /** https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_PutSecretValue.html */
  describe('writes a version', () => {
    it('once: the same value again changes nothing, another only says that there is one', async () => {
      const { store, arn, first, port } = make();
      const version = { secretArn: arn, token: newVersionId(), value: 'three', label: 'mine' };
      expect(await port.put(version)).toBe('written');
      await port.moveLabel(arn, 'mine', { from: version.token, to: first });
      expect(await port.put(version)).toBe('written');
      expect(await port.put({ ...version, value: 'four' })).toBe('exists');
      expect(await port.read(arn, version.token)).toBe('three');
      expect(store.holder(NAME, 'mine')).toBe(first);
    });

    it('that takes its label from whichever version has it', async () => {
      const { store, arn, first, port } = make();
      await port.moveLabel(arn, 'mine', { to: first });
      const token = newVersionId();
      await port.put({ secretArn: arn, token, value: 'three', label: 'mine' });
      expect(store.labels(NAME)).toEqual({ AWSCURRENT: first, mine: token });
    });

    it('by hand without a token, as AWSCURRENT or with the labels that are named', async () => {
      const { store, arn, first, port } = make();
      const third = store.putByHand(NAME, 'three');
      expect(store.labels(NAME)).toEqual({ AWSCURRENT: third, AWSPREVIOUS: first });
      expect(await port.readCurrent(arn)).toEqual({ version: third, text: 'three' });
      const fourth = store.putByHand(NAME, 'four', { labels: ['AWSPENDING', 'mine'] });
      expect(store.labels(NAME)).toMatchObject({ AWSCURRENT: third, AWSPENDING: fourth, mine: fourth });
    });

    it('as the first one of a secret: it is the current one', async () => {
      const { store } = make();
      store.addSecret('empty');
      const only = store.putByHand('empty', 'one', { labels: ['mine'] });
      expect(store.labels('empty')).toEqual({ AWSCURRENT: only, mine: only });
    });

    /*
     * Recorded on AWS on 2022-09-28:
     * https://github.com/localstack/localstack/blob/8181a8e972403fe42c6fba8b1b5c6ae60c7bcf45/tests/aws/services/secretsmanager/test_secretsmanager.snapshot.json,
     * test_update_secret_version_stages_current_pending
     */
    it('as AWSCURRENT, which takes AWSPENDING off the version that was it, or not if so chosen', () => {
      for (const keeps of [false, true]) {
        const { store, first } = make();
        store.keepsPendingOnLosingCurrent = keeps;
        store.move(NAME, 'AWSPENDING', { to: first });
        const third = store.putByHand(NAME, 'three');
        expect(store.labels(NAME)).toEqual({
          AWSCURRENT: third,
          AWSPREVIOUS: first,
          ...(keeps ? { AWSPENDING: first } : {}),
        });
      }
    });

    it('as AWSCURRENT, and leaves AWSPENDING on any other version', () => {
      const { store, first, second } = make();
      store.move(NAME, 'AWSPENDING', { to: second });
      const third = store.putByHand(NAME, 'three');
      expect(store.labels(NAME)).toEqual({ AWSCURRENT: third, AWSPENDING: second, AWSPREVIOUS: first });
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

  describe('carries out late a move that its client gave up', () => {
    const givenUp = async (move: (versions: { first: string; second: string }) => LabelMove) => {
      const made = make();
      made.store.givesUp = (label) => label === 'owner';
      const giving = made.port.moveLabel(made.arn, 'owner', move(made));
      await expect(giving).rejects.toThrow(SecretsManagerUnavailableError);
      expect(made.store.holder(NAME, 'owner')).toBeUndefined();
      return made;
    };

    it('when the test says so, and once', async () => {
      const { store, second } = await givenUp((versions) => ({ to: versions.second }));
      expect(store.carryOutLate()).toEqual([true]);
      expect(store.holder(NAME, 'owner')).toBe(second);
      expect(store.carryOutLate()).toEqual([]);
    });

    it('by the labels of then', async () => {
      const { store, first } = await givenUp((versions) => ({ to: versions.second }));
      store.move(NAME, 'owner', { to: first });
      expect(store.carryOutLate()).toEqual([false]);
      expect(store.holder(NAME, 'owner')).toBe(first);
    });

    it('and tells no one of an error', async () => {
      const { store } = await givenUp(() => ({ to: newVersionId() }));
      expect(store.carryOutLate()).toEqual([false]);
    });

    it('and no other move', async () => {
      const { store, arn, first, port } = await givenUp((versions) => ({ to: versions.second }));
      expect(await port.moveLabel(arn, 'other', { to: first })).toBe(true);
      expect(store.holder(NAME, 'other')).toBe(first);
    });
  });

  /** https://docs.aws.amazon.com/secretsmanager/latest/userguide/troubleshoot.html */
  describe('answers reads with what may be old', () => {
    const oldest = () => 0;
    const newest = () => 0.999;

    it('for so many reads after a change, of all that a read shows', async () => {
      const { store, arn, first, port } = make();
      store.staleReads = { monotonic: false, reads: 4, random: oldest };
      const third = store.putByHand(NAME, 'three');
      await port.setTags(arn, { proven: third });
      expect(await port.describe(arn)).toMatchObject({ versions: { [first]: ['AWSCURRENT'] }, tags: {} });
      expect(await port.read(arn, third)).toBeUndefined();
      expect(await port.readCurrent(arn)).toEqual({ version: first, text: 'one' });
      expect(await port.listVersions(arn)).not.toContain(third);
      expect(await port.readCurrent(arn)).toEqual({ version: third, text: 'three' });
      expect((await port.describe(arn)).tags).toEqual({ proven: third });
    });

    it('for so long after a change', async () => {
      const { store, arn, port } = make();
      const clock = new FakeClock();
      store.staleReads = { monotonic: false, milliseconds: 1000, now: clock.now, random: oldest };
      await port.setTags(arn, { tag: 'new' });
      await clock.sleep(999);
      expect((await port.describe(arn)).tags).toEqual({});
      await clock.sleep(1);
      expect((await port.describe(arn)).tags).toEqual({ tag: 'new' });
    });

    it('or with the truth, if chance will have it', async () => {
      const { store, arn, port } = make();
      store.staleReads = { monotonic: false, reads: 9, random: newest };
      await port.setTags(arn, { tag: 'new' });
      expect((await port.describe(arn)).tags).toEqual({ tag: 'new' });
    });

    it('and writes act on the truth', async () => {
      const { store, arn, first, second, port } = make();
      store.staleReads = { monotonic: true, reads: 9, random: oldest };
      expect(await port.moveLabel(arn, 'owner', { to: first })).toBe(true);
      expect(await port.moveLabel(arn, 'owner', { to: second })).toBe(false);
      expect(store.holder(NAME, 'owner')).toBe(first);
    });

    it('and goes back to older ones for the same process, unless reads are monotonic', async () => {
      for (const monotonic of [false, true]) {
        const { store, arn, port } = make();
        const choices = [0.999, 0, 0];
        store.staleReads = { monotonic, reads: 9, random: () => choices.shift() ?? 0 };
        await port.setTags(arn, { tag: 'new' });
        const tags = async (from = port) => (await from.describe(arn)).tags;
        expect(await tags()).toEqual({ tag: 'new' });
        expect(await tags()).toEqual(monotonic ? { tag: 'new' } : {});
        expect(await tags(store.port())).toEqual({});
      }
    });

    it('the same each time that the switch is set', async () => {
      const { store, arn, port } = make();
      const answers = async () => {
        store.staleReads = { monotonic: false, reads: 1000 };
        const seen: (string | undefined)[] = [];
        for (let time = 0; time < 20; time++) {
          await port.setTags(arn, { time: String(time) });
          seen.push((await port.describe(arn)).tags.time);
        }
        return seen.slice(1);
      };
      await answers();
      const [one, other] = [await answers(), await answers()];
      expect(one).toEqual(other);
      expect(new Set(one).size).toBeGreaterThan(5);
    });

    it('but knows what was there before, and what a test says was always there', async () => {
      const { store, arn, port } = make();
      store.setTag(NAME, 'before', 'known');
      store.staleReads = { monotonic: false, reads: 9, random: oldest };
      const third = store.addVersion(NAME, ['AWSPREVIOUS'], 'three');
      expect((await port.describe(arn)).tags).toEqual({ before: 'known' });
      expect(await port.read(arn, third)).toBe('three');
      await port.setTags(arn, { after: 'unknown' });
      store.staleReads = undefined;
      expect((await port.describe(arn)).tags).toEqual({ before: 'known', after: 'unknown' });
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

  it('lets no one below an administrator change a password, not even the own', async () => {
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

describe('the clock that is none', () => {
  it('lets the time pass at once, and remembers who slept how long', async () => {
    const clock = new FakeClock(5);
    const began = performance.now();
    await clock.sleep(3_600_000);
    clock.advance(1);
    expect(performance.now() - began).toBeLessThan(1000);
    expect(clock.now()).toBe(3_600_006);
    expect(clock.slept).toEqual([3_600_000]);
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
