import { randomInt } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { type RandomPasswordOptions, randomPassword } from './random-password.ts';

const make = (options: RandomPasswordOptions = {}) => randomPassword(options, (bound) => randomInt(bound));

// https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_GetRandomPassword.html
describe('GetRandomPassword', () => {
  test('returns 32 characters with each type and no space, unless told otherwise', () => {
    const password = make();
    expect(password.length).toBe(32);
    for (const type of [/[a-z]/, /[A-Z]/, /[0-9]/, /[^a-zA-Z0-9]/]) expect(type.test(password)).toBe(true);
    expect(password.includes(' ')).toBe(false);
  });

  test('has each included type even in the shortest password that can', () => {
    for (let time = 0; time < 50; time++) {
      const password = make({ PasswordLength: 3, ExcludePunctuation: true });
      expect([/[a-z]/, /[A-Z]/, /[0-9]/].every((type) => type.test(password))).toBe(true);
    }
  });

  test('has none of the excluded characters and types', () => {
    const password = make({
      PasswordLength: 4096,
      ExcludeCharacters: '/"@\'\\abc',
      ExcludeNumbers: true,
      ExcludeUppercase: true,
    });
    expect(/[/"@'\\abc0-9A-Z ]/.test(password)).toBe(false);
    expect(make({ ExcludeLowercase: true, ExcludePunctuation: true })).toMatch(/^[A-Z0-9]{32}$/);
  });

  test('has a space if it is included', () => {
    expect(make({ IncludeSpace: true }).includes(' ')).toBe(true);
  });

  test('is never the same twice', () => {
    expect(new Set(Array.from({ length: 100 }, () => make())).size).toBe(100);
  });

  test('fails if no character is left, or fewer than the types that are required', () => {
    const nothing = {
      ExcludeLowercase: true,
      ExcludeUppercase: true,
      ExcludeNumbers: true,
      ExcludePunctuation: true,
    };
    expect(() => make(nothing)).toThrow('no character');
    expect(() => make({ PasswordLength: 3 })).toThrow('less than');
    expect(make({ PasswordLength: 3, RequireEachIncludedType: false }).length).toBe(3);
  });
});
