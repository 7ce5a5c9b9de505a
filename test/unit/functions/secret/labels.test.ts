import { describe, expect, it } from 'vitest';
import {
  CLAIM,
  hasLabel,
  holderOf,
  isOldLabel,
  isPendingFree,
  lockHolder,
  OWNER,
} from '../../../../functions/secret/labels.ts';
import type { SecretDescription } from '../../../../functions/secret/secret-store.ts';
import { versionIdOf } from '../../../../functions/secret/version-ids.ts';

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
    ['is no one’s', 'one', false],
  ])('stranded without another label on a version that %s', (_what, proven, free) => {
    expect(isPendingFree(secret({ one: ['AWSCURRENT'], two: ['AWSPENDING'] }, proven))).toBe(free);
  });

  it('takes nothing for its own that it was not told of', () => {
    expect(isPendingFree(secret({ own: ['AWSPENDING'] }))).toBe(false);
  });
});

describe('lockHolder', () => {
  it.each([
    ['none', 'one', []],
    ['this execution', versionIdOf('arn', 0), [OWNER]],
    ['this execution', versionIdOf('arn', 39), [OWNER, 'AWSPENDING']],
    ['another', versionIdOf('arn', 40), [OWNER]],
    ['another', versionIdOf('another arn', 0), [OWNER]],
    ['none', versionIdOf('another arn', 0), [CLAIM]],
  ] as const)('is %s', (who, version, labels) => {
    expect(lockHolder(secret({ [version]: labels }), 'arn')).toBe(who);
  });
});

describe('labels', () => {
  const two = secret({ one: ['AWSCURRENT', 'a'], two: ['AWSPREVIOUS'] });

  it('are found on the version that has them', () => {
    expect(holderOf(two, 'a')).toBe('one');
    expect(holderOf(two, 'AWSPENDING')).toBeUndefined();
    expect(hasLabel(two, 'two', 'AWSPREVIOUS')).toBe(true);
    expect(hasLabel(two, 'two', 'AWSCURRENT')).toBe(false);
    expect(hasLabel(two, 'three', 'AWSCURRENT')).toBe(false);
  });

  it.each([
    ['docdb-rotation-0123', true],
    ['docdb-rotation-stop-0123', true],
    [OWNER, false],
    [CLAIM, false],
    ['AWSPENDING', false],
    ['someone-else’s', false],
  ])('%s was one of a rotation before 0.2: %s', (label, old) => {
    expect(isOldLabel(label)).toBe(old);
  });
});
