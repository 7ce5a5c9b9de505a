import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { type DocumentDbStandIn, startDocumentDb } from './index.ts';
import { type Credential, command, logIn, newCredential, newPassword, withClient } from './test-client.ts';

// "Reads from Amazon DocumentDB replicas are eventually consistent", usually within 100 ms:
// https://docs.aws.amazon.com/documentdb/latest/developerguide/how-it-works.html
const primaryUser = newCredential('docdbadmin');
let database: DocumentDbStandIn;
let user: Credential;

const asPrimary = (body: Record<string, unknown>) => command(database, primaryUser, body);
const logInOn = (instance: number, credential: Credential) =>
  logIn(database, credential, database.instances[instance]);

beforeAll(async () => {
  database = await startDocumentDb({ primaryUser, instances: 2 });
}, 60_000);
beforeEach(async () => {
  await database.setPropagationDelay(1, 0);
  user = newCredential();
  await asPrimary({ createUser: user.name, pwd: user.password, roles: ['readAnyDatabase'] });
  await database.setPropagationDelay(1, Number.POSITIVE_INFINITY);
});
afterAll(() => database.stop());

describe('an instance that lags', () => {
  test('accepts the old password and refuses the new one, until it learns', async () => {
    const next = { ...user, password: newPassword() };
    await asPrimary({ updateUser: user.name, pwd: next.password });
    expect(await logInOn(0, user)).toBe(18);
    expect(await logInOn(0, next)).toBe('accepted');
    expect(await logInOn(1, user)).toBe('accepted');
    expect(await logInOn(1, next)).toBe(18);

    await database.setPropagationDelay(1, 0);
    expect(await logInOn(1, user)).toBe(18);
    expect(await logInOn(1, next)).toBe('accepted');
  });

  test('does not know a new user yet', async () => {
    const made = newCredential();
    await asPrimary({ createUser: made.name, pwd: made.password, roles: [] });
    expect(await logInOn(0, made)).toBe('accepted');
    expect(await logInOn(1, made)).toBe(18);
    await database.setPropagationDelay(1, 0);
    expect(await logInOn(1, made)).toBe('accepted');
  });

  test('still knows a dropped user', async () => {
    await asPrimary({ dropUser: user.name });
    expect(await logInOn(0, user)).toBe(18);
    expect(await logInOn(1, user)).toBe('accepted');
    await database.setPropagationDelay(1, 0);
    expect(await logInOn(1, user)).toBe(18);
  });

  test('gives the old roles at login', async () => {
    const rolesOn = (instance: number) =>
      withClient(
        database,
        user,
        async (client) => {
          const status = await client.db('admin').command({ connectionStatus: 1 });
          return status.authInfo.authenticatedUserRoles.map(({ role }: { role: string }) => role);
        },
        { at: database.instances[instance] ?? database },
      );
    await asPrimary({ updateUser: user.name, roles: [] });
    expect(await rolesOn(0)).toEqual([]);
    expect(await rolesOn(1)).toEqual(['readAnyDatabase']);
  });

  test('stays at what it knew over several changes', async () => {
    const [second, third] = [newPassword(), newPassword()];
    await asPrimary({ updateUser: user.name, pwd: second });
    await asPrimary({ updateUser: user.name, pwd: third });
    expect(await logInOn(1, user)).toBe('accepted');
    expect(await logInOn(1, { ...user, password: second })).toBe(18);
  });

  test('does not forget what it had learnt before it began to lag', async () => {
    await database.setPropagationDelay(1, 0);
    const next = { ...user, password: newPassword() };
    await asPrimary({ updateUser: user.name, pwd: next.password });
    await database.setPropagationDelay(1, Number.POSITIVE_INFINITY);
    expect(await logInOn(1, next)).toBe('accepted');
    expect(await logInOn(1, user)).toBe(18);
  });

  test('learns by itself when its time is over', async () => {
    await database.setPropagationDelay(1, 500);
    const next = { ...user, password: newPassword() };
    await asPrimary({ updateUser: user.name, pwd: next.password });
    expect(await logInOn(1, next)).toBe(18);
    await vi.waitFor(async () => expect(await logInOn(1, next)).toBe('accepted'), { timeout: 5_000 });
  });
});
