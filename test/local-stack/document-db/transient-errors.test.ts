import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { DatabaseIncompatibleError, DatabaseUnavailableError } from '../../../functions/contract/errors.ts';
import { documentDb } from '../../../functions/database/document-db.ts';
import type { Login } from '../../../functions/secret/secret-value.ts';
import { type DocumentDbStandIn, startDocumentDb } from './index.ts';
import { type Credential, newCredential, newPassword } from './test-client.ts';

/** Transient errors as they come over the wire, through the driver, to the functions. */
const primaryUser = newCredential('docdbadmin');
let stand: DocumentDbStandIn;
let user: Credential;

const database = documentDb([]);
const loginOf = ({ name, password }: Credential): Login => ({
  host: stand.host,
  port: stand.port,
  username: name,
  password,
  tls: false,
});
const isAccepted = async (credential: Credential): Promise<boolean> => {
  await using session = await database.login(loginOf(credential));
  return session !== undefined;
};
const changePassword = async (password: string): Promise<void> => {
  await using session = await database.login(loginOf(primaryUser));
  await session?.updateUser(user.name, { password });
};

beforeAll(async () => {
  stand = await startDocumentDb({ primaryUser, tls: false });
}, 60_000);
beforeEach(async () => {
  user = newCredential();
  await stand.admin.putUser(user.name, user.password, ['readAnyDatabase']);
});
afterEach(() => stand.faults.clear());
afterAll(() => stand.stop());

describe('a change', () => {
  test.each([24, 112, 11601])('meets the transient error %i', async (code) => {
    const next = { ...user, password: newPassword() };
    stand.faults.add({ kind: 'refuse', command: 'updateUser', code });
    await expect(changePassword(next.password)).rejects.toThrow(DatabaseUnavailableError);
    expect([await isAccepted(user), await isAccepted(next)]).toEqual([true, false]);
    await changePassword(next.password);
    expect([await isAccepted(user), await isAccepted(next)]).toEqual([false, true]);
  });

  test('is made, and a majority has not confirmed it', async () => {
    const next = { ...user, password: newPassword() };
    stand.faults.add({ kind: 'write-concern-error', command: 'updateUser', code: 64 });
    const failure = expect(changePassword(next.password)).rejects;
    await failure.toThrow(DatabaseUnavailableError);
    expect([await isAccepted(user), await isAccepted(next)]).toEqual([false, true]);
  });
});

describe('a login', () => {
  test.each(
    ['saslStart', 'saslContinue'].flatMap((step) => [24, 91, 112, 11600].map((code) => ({ step, code }))),
  )('meets the transient error $code at $step', async ({ step, code }) => {
    stand.faults.add({ kind: 'refuse', command: step, code, user: user.name });
    await expect(isAccepted(user)).rejects.toThrow(DatabaseUnavailableError);
    expect(await isAccepted(user)).toBe(true);
  });

  test.each([303, -301])('is not refused by DocumentDB’s %i', async (code) => {
    stand.faults.add({ kind: 'refuse', command: 'saslStart', code, user: user.name });
    await expect(isAccepted(user)).rejects.toThrow(DatabaseIncompatibleError);
  });

  test('is refused by the code for it', async () => {
    expect(await isAccepted({ ...user, password: newPassword() })).toBe(false);
  });
});

test('the instances are asked for by isMaster where hello is not supported', async () => {
  await using session = await database.login(loginOf(primaryUser));
  const fault = stand.faults.add({ kind: 'refuse', command: 'hello', code: 303 });
  expect(await session?.instances()).toHaveLength(1);
  expect(fault.hits).toBe(1);
});
