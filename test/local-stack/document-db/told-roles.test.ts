import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Session } from '../../../functions/database/database.ts';
import { documentDb } from '../../../functions/database/document-db.ts';
import { type DocumentDbStandIn, startDocumentDb } from './index.ts';
import { type Credential, newCredential } from './test-client.ts';

/** Both ways in which DocumentDB may tell a connection its roles, over the wire: AWS documents neither. */
const primaryUser = newCredential('docdbadmin');
let stand: DocumentDbStandIn;
let user: Credential;

const as = async <T>({ name, password }: Credential, ask: (session: Session) => Promise<T>): Promise<T> => {
  const login = { host: stand.host, port: stand.port, username: name, password, tls: false };
  await using session = await documentDb([]).login(login);
  if (session === undefined) throw new Error(`${name} is refused`);
  return await ask(session);
};
const ownRoles = (credential: Credential) => as(credential, (session) => session.ownRoles());

beforeAll(async () => {
  stand = await startDocumentDb({ primaryUser, tls: false });
}, 60_000);
beforeEach(async () => {
  user = newCredential();
  await stand.admin.putUser(user.name, user.password, ['readAnyDatabase']);
});
afterEach(() => {
  stand.rolesInStatus = 'told';
  stand.faults.clear();
});
afterAll(() => stand.stop());

const READ = [{ role: 'readAnyDatabase', db: 'admin' }];

test('connectionStatus tells them: usersInfo is not asked', async () => {
  stand.observed.splice(0);
  expect(await ownRoles(user)).toEqual(READ);
  expect(stand.observed.map(({ command }) => command)).not.toContain('usersInfo');
});

describe.each(['empty', 'absent'] as const)('in connectionStatus they are %s', (roles) => {
  beforeEach(() => {
    stand.rolesInStatus = roles;
  });

  test('and usersInfo tells them, to who may ask', async () => {
    expect(await ownRoles(primaryUser)).toEqual([{ role: 'root', db: 'admin' }]);
  });

  test('and usersInfo is refused: they are not known, which is not none', async () => {
    expect(await ownRoles(user)).toBeUndefined();
  });

  test('and usersInfo agrees that there are none', async () => {
    await as(primaryUser, (session) => session.updateUser(user.name, { roles: [] }));
    await stand.admin.putUser(user.name, user.password, ['userAdminAnyDatabase']);
    const asked = await as(user, async (session) => {
      // From now on it has none; the connection keeps the power to ask.
      await stand.admin.putUser(user.name, user.password, []);
      return await session.ownRoles();
    });
    expect(asked).toEqual([]);
  });
});
