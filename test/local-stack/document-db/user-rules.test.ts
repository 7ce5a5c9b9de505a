import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type DocumentDbStandIn, startDocumentDb } from './index.ts';
import { type Credential, command, logIn, newCredential, newPassword } from './test-client.ts';
import { passwordProblem, primaryNameProblem } from './user-rules.ts';

const MANAGING_USERS =
  'https://docs.aws.amazon.com/documentdb/latest/developerguide/security.managing-users.html';
const CLUSTER_SETTINGS =
  'https://docs.aws.amazon.com/documentdb/latest/developerguide/db-cluster-parameters.html';

let primaryUser = newCredential('docdbadmin');
let database: DocumentDbStandIn;
let user: Credential;

const asPrimary = (body: Record<string, unknown>) => command(database, primaryUser, body);

beforeAll(async () => {
  database = await startDocumentDb({ primaryUser });
}, 60_000);
beforeEach(async () => {
  user = newCredential();
  await asPrimary({ createUser: user.name, pwd: user.password, roles: ['readWriteAnyDatabase'] });
});
afterAll(() => database.stop());

describe(`the primary user (${MANAGING_USERS})`, () => {
  test.each([
    ['dropped', () => ({ dropUser: primaryUser.name })],
    ['dropped with all others', () => ({ dropAllUsersFromDatabase: 1 })],
    ['stripped of root', () => ({ revokeRolesFromUser: primaryUser.name, roles: ['root'] })],
    ['given other roles only', () => ({ updateUser: primaryUser.name, roles: ['readAnyDatabase'] })],
  ])("can't be %s", async (_, body) => {
    await expect(asPrimary(body())).rejects.toMatchObject({ code: 13 });
    expect(await database.admin.users()).toContainEqual({ name: primaryUser.name, roles: ['root'] });
  });

  test('can have its password changed, even by itself, and its old one is refused at once', async () => {
    const next = { ...primaryUser, password: newPassword() };
    await asPrimary({ updateUser: next.name, pwd: next.password });
    expect(await logIn(database, primaryUser)).toBe(18);
    expect(await logIn(database, next)).toBe('accepted');
    primaryUser = next;
  });

  test('serviceadmin can be neither made nor changed nor dropped', async () => {
    const pwd = newPassword();
    for (const body of [
      { createUser: 'serviceadmin', pwd, roles: ['root'] },
      { updateUser: 'serviceadmin', pwd },
      { dropUser: 'serviceadmin' },
    ]) {
      await expect(asPrimary(body)).rejects.toMatchObject({ code: 13 });
    }
  });
});

describe(`other users (${MANAGING_USERS})`, () => {
  test('may not change their own password', async () => {
    await expect(
      command(database, user, { updateUser: user.name, pwd: newPassword() }),
    ).rejects.toMatchObject({ code: 13 });
    expect(await logIn(database, user)).toBe('accepted');
  });

  test('belong to admin, whatever database the command is sent to', async () => {
    const { withClient } = await import('./test-client.ts');
    const made = newCredential();
    await withClient(database, primaryUser, (client) =>
      client.db('app').command({ createUser: made.name, pwd: made.password, roles: [] }),
    );
    expect(await logIn(database, made)).toBe('accepted');
  });

  test('can be dropped, and are then refused', async () => {
    await asPrimary({ dropUser: user.name });
    expect(await logIn(database, user)).toBe(18);
  });
});

describe(`passwords (${CLUSTER_SETTINGS})`, () => {
  const long = (length: number): string => newPassword().repeat(4).slice(0, length);

  test.each([8, 100])('may have %i characters', (length) => {
    expect(passwordProblem(long(length))).toBeUndefined();
  });

  test.each([
    ['7 characters', () => long(7)],
    ['101 characters', () => long(101)],
    ['a slash', () => `${long(10)}/`],
    ['a double quote', () => `${long(10)}"`],
    ['an at sign', () => `${long(10)}@`],
    ['a letter beyond ASCII', () => `${long(10)}é`],
    ['a control character', () => `${long(10)}\n`],
  ])('fails with %s, and the old one stays', async (_, password) => {
    await expect(asPrimary({ updateUser: user.name, pwd: password() })).rejects.toMatchObject({ code: 2 });
    await expect(
      asPrimary({ createUser: newCredential().name, pwd: password(), roles: [] }),
    ).rejects.toMatchObject({ code: 2 });
    expect(await logIn(database, user)).toBe('accepted');
  });

  test('the refusal does not repeat the password', async () => {
    const bad = `${newPassword()}@`;
    const refusal = asPrimary({ updateUser: user.name, pwd: bad });
    await expect(refusal).rejects.toSatisfy((error) => !String(error).includes(bad));
  });
});

describe(`names (${CLUSTER_SETTINGS})`, () => {
  test.each(['1admin', 'doc_db', '', 'a'.repeat(64), 'admin', 'serviceadmin'])(
    'fails to make a cluster for a primary user %j',
    (name) => expect(primaryNameProblem(name)).toBeDefined(),
  );

  test.each(['d', 'docdbadmin', 'a'.repeat(63)])('makes one for %j', (name) => {
    expect(primaryNameProblem(name)).toBeUndefined();
  });

  test.each(['1user', '', 'u'.repeat(64)])('fails to create the user %j', async (name) => {
    await expect(asPrimary({ createUser: name, pwd: newPassword(), roles: [] })).rejects.toMatchObject({
      code: 2,
    });
  });
});
