import { readFileSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newPassword as newStackPassword } from '../../local-stack/deployment/demo-secrets.ts';
import { type DocumentDbStandIn, startDocumentDb } from '../../local-stack/document-db/index.ts';
import { connect, newPassword, ownPassword, READ_WRITE, run, user, withUser } from '../questions/steps.ts';
import { newPassword as madeUp } from './known-users.ts';
import { makeProber } from './prober.ts';
import { Outcomes, type Script } from './script.ts';

const SECRET = 'arn:aws:secretsmanager:eu-central-1:111122223333:secret:admin';

describe('the prober', () => {
  const primaryUser = { name: 'dbadmin', password: newStackPassword() };
  const passwords = new Set([primaryUser.password]);
  let documentDb: DocumentDbStandIn;

  beforeAll(async () => {
    documentDb = await startDocumentDb({ primaryUser, instances: 2 });
  });
  afterAll(() => documentDb?.stop());

  const probe = async (steps: Script['steps'], users: Script['users'] = {}) => {
    const prober = makeProber({
      readSecret: async () =>
        JSON.stringify({
          host: documentDb.host,
          port: documentDb.port,
          username: primaryUser.name,
          password: primaryUser.password,
        }),
      secureContext: createSecureContext({ ca: readFileSync(documentDb.caFile) }),
      newPassword: (...wanted) => {
        const password = madeUp(...wanted);
        passwords.add(password);
        return password;
      },
    });
    return Outcomes.parse(await prober({ admin: { secretArn: SECRET }, users, steps }));
  };

  it('answers a refusal as an outcome, and goes on', async () => {
    const outcomes = await probe([
      ...withUser('plain'),
      connect('wrong', 'plain', { password: 'wrong' }),
      connect('right', 'plain', { at: 0 }),
      run('right', { dropUser: user('plain') }),
      run('nowhere', { ping: 1 }),
    ]);
    expect(outcomes.map(({ ok }) => ok)).toEqual([true, true, false, true, false, false]);
    expect(outcomes[2]).toMatchObject({ code: 18, error: 'MongoServerError' });
    expect(outcomes[4]).toMatchObject({ code: 13 });
    expect(outcomes[5]).toMatchObject({ message: 'the script has no connection "nowhere"' });
  });

  it('makes a password the user’s only once the database has taken it', async () => {
    const outcomes = await probe([
      ...withUser('plain'),
      run('admin', { updateUser: user('plain'), pwd: newPassword('plain', { length: 3 }) }),
      connect('as before', 'plain'),
      run('admin', { updateUser: user('plain'), pwd: newPassword('plain') }),
      connect('old', 'plain', { password: 'old' }),
      connect('new', 'plain'),
    ]);
    expect(outcomes.map(({ ok }) => ok)).toEqual([true, true, false, true, true, false, true]);
  });

  it('drops the users that it has made, and no other', async () => {
    const [, created] = await probe([
      ...withUser('plain'),
      // Refused, since that one exists: nothing was made.
      run('admin', { createUser: user('admin'), pwd: ownPassword('admin'), roles: READ_WRITE }),
    ]);
    expect(created?.ok).toBe(true);
    const [, users] = await probe([connect('admin', 'admin'), run('admin', { usersInfo: 1 })]);
    const told = users?.ok ? JSON.stringify(users.reply) : '';
    expect(told).not.toContain('kit_plain');
    expect(told).toContain('dbadmin');
  });

  it('tells no password, where the server tells one either', async () => {
    const outcomes = await probe([
      ...withUser('plain'),
      // The server answers with the name of the collection.
      run('admin', { find: ownPassword('plain'), filter: {} }, 'shop'),
      run('admin', { find: ownPassword('admin'), filter: {} }, 'shop'),
      run('admin', { usersInfo: user('plain'), showCredentials: true }),
    ]);
    const told = JSON.stringify(outcomes);
    expect(outcomes[2]).toMatchObject({ ok: true, reply: { cursor: { ns: 'shop.(a password)' } } });
    expect(passwords.size).toBeGreaterThan(1);
    expect([...passwords].filter((password) => told.includes(password))).toEqual([]);
    expect(told).not.toMatch(/storedKey|serverKey|salt/);
  });

  it('takes no password that is written out', async () => {
    const written = run('admin', { updateUser: user('plain'), pwd: 'written out' });
    await expect(probe([connect('admin', 'admin'), written])).rejects.toThrow(
      'a password is named, never told',
    );
  });
});
