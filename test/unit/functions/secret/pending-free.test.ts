import { describe, expect, it } from 'vitest';
import { CLAIM } from '../../../../functions/secret/labels.ts';
import { isPendingFree } from '../../../../functions/secret/pending-free.ts';
import type { SecretDescription } from '../../../../functions/secret/secret-store.ts';

const secret = (versions: SecretDescription['versions'], proven = ''): SecretDescription => ({
  arn: 'arn',
  name: 'name',
  versions,
  tags: { 'docdb-rotation:proven': proven },
  markedForDeletion: false,
});

describe('isPendingFree', () => {
  it.each<[string, SecretDescription['versions'], boolean]>([
    ['absent', { one: ['AWSCURRENT'] }, true],
    ['parked on AWSCURRENT', { one: ['AWSCURRENT', 'AWSPENDING'] }, true],
    ['stranded on AWSPREVIOUS', { one: ['AWSCURRENT'], two: ['AWSPREVIOUS', 'AWSPENDING'] }, true],
    ['on a version of its own', { one: ['AWSCURRENT'], own: ['AWSPENDING'] }, true],
    ['on another’s version', { one: ['AWSCURRENT'], two: ['AWSPENDING'] }, false],
    [
      'on another’s version with labels of this project',
      { one: ['AWSCURRENT'], two: ['AWSPENDING', CLAIM] },
      false,
    ],
  ])('%s', (_where, versions, free) => {
    expect(isPendingFree(secret(versions), ['own'])).toBe(free);
  });

  // Two values written by hand after a rotation on demand, where AWS leaves AWSPENDING where it was.
  it.each([
    ['was seen to log in', 'one two', true],
    ['was only written: a rotation may be about to promote it', 'one +two', false],
    ['is being promoted', 'one =+two', false],
    ['is no one’s', 'one', false],
  ])('stranded without another label on a version that %s', (_what, proven, free) => {
    expect(isPendingFree(secret({ one: ['AWSCURRENT'], two: ['AWSPENDING'] }, proven))).toBe(free);
  });

  it('takes nothing for its own that it was not told of', () => {
    expect(isPendingFree(secret({ own: ['AWSPENDING'] }))).toBe(false);
  });
});
