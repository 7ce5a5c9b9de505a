import { describe, expect, it } from 'vitest';
import { InvalidSecretError } from '../../../../functions/contract/errors.ts';
import { areOfOnePair, otherUserOf } from '../../../../functions/secret/user-pair.ts';

describe('the two users of a pair', () => {
  it('take turns', () => {
    expect(otherUserOf('app')).toBe('app_clone');
    expect(otherUserOf('app_clone')).toBe('app');
    expect(areOfOnePair('app', 'app_clone')).toBe(true);
    expect(areOfOnePair('app_clone', 'app')).toBe(true);
  });

  it.each([
    ['app', 'app2'],
    ['app', 'App_clone'],
    ['app_clone', 'app_clone_clone'],
    ['app_clone_clone', 'app_clone'],
  ])('are not %s and %s', (one, other) => {
    expect(areOfOnePair(one, other)).toBe(false);
  });

  it('are told for no clone of a clone: it would be half of two pairs', () => {
    expect(() => otherUserOf('app_clone_clone')).toThrow(InvalidSecretError);
  });

  it('are told for no clone of no one: the other would be a clone’s clone, from which no rotation leads back', () => {
    expect(() => otherUserOf('_clone')).toThrow(InvalidSecretError);
    expect(() => otherUserOf('_clone')).toThrow(/the user's name is "_clone".+use another name/);
  });
});
