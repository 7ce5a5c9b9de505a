import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { documentDb } from '../../../../functions/database/document-db.ts';
import { isRefusedLogin, translateLoginError } from '../../../../functions/database/document-db-errors.ts';
import { type DocumentDbStandIn, startDocumentDb } from '../../../local-stack/document-db/index.ts';
import { newPassword } from '../../../support/in-memory-secret-store.ts';

/* The driver itself, against the stand-in: it prepares a password before it sends a proof of it. */

const primaryUser = { name: 'honest', password: newPassword() };
let server: DocumentDbStandIn;
beforeAll(async () => {
  server = await startDocumentDb({ primaryUser, tls: false });
});
afterAll(() => server.stop());

const login = (password: string) =>
  documentDb([]).login({ host: '127.0.0.1', port: server.port, username: 'honest', password, tls: false });

describe('a password that SASLprep refuses', () => {
  it.each([
    ['a line break at its end', `${primaryUser.password}\n`],
    ['a control character', `${newPassword()}\u0007`],
    ['a character that Unicode 3.2 does not know', `${newPassword()}\u{1F600}`],
    ['letters of both directions', `a\u05D0${newPassword()}`],
    ['a letter from right to left that is not at both ends', `\u05D01`],
  ])('as one with %s does not log in: the server is up', async (_what, password) => {
    expect(await login(password)).toBeUndefined();
  });

  it('is beside one that it takes, which logs in', async () => {
    await using session = await login(primaryUser.password);
    expect(session).toBeDefined();
  });
});

it('an error of the same words from elsewhere is no refusal', () => {
  const error = new Error('no route, see https://example.com/rfc4013');
  expect(isRefusedLogin(error)).toBe(false);
  expect(translateLoginError(error, 'logging in').name).toBe('DatabaseUnavailableError');
});
