import { describe, expect, it } from 'vitest';
import {
  CLAIM,
  hasLabel,
  holderOf,
  isOldLabel,
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
