import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { secretsManager } from '../../../functions/secret/secrets-manager.ts';
import { startTestStandIn, type TestStandIn } from './test-stand-in.ts';

/** What the product asks of GetRandomPassword, answered by what the stand-in knows of it. */
describe('a password that a rotation makes', () => {
  let test: TestStandIn;
  let passwords: string[];
  beforeAll(async () => {
    test = await startTestStandIn();
    const { newPassword } = secretsManager(test.client);
    passwords = await Promise.all(Array.from({ length: 400 }, newPassword));
  });
  afterAll(async () => {
    await test?.stop();
  });

  it('needs no quoting in a URI', () => {
    expect(passwords.filter((password) => encodeURIComponent(password) !== password)).toEqual([]);
  });

  it('needs no quoting in a shell', () => {
    expect(passwords.filter((password) => !/^[A-Za-z0-9._~-]+$/.test(password))).toEqual([]);
  });

  it('is long, of every kind of character, and never the same', () => {
    expect(new Set(passwords).size).toBe(400);
    for (const kind of [/^.{32}$/, /[a-z]/, /[A-Z]/, /\d/])
      expect(passwords.filter((password) => !kind.test(password))).toEqual([]);
  });
});
