import { describe, expect, it } from 'vitest';
import { UntrustedVersionError } from '../../../../functions/contract/errors.ts';
import { CLUSTER_TAG } from '../../../../functions/contract/tags.ts';
import {
  assertAtItsCluster,
  isAtItsCluster,
  tellingCluster,
  tellsCluster,
} from '../../../../functions/secret/cluster-on-record.ts';
import { CLUSTER } from '../../../support/in-memory-database.ts';

const RESTORED = CLUSTER.replace('demo', 'restored');
const ELSEWHERE = CLUSTER.replace('abcdefgh', 'bcdefghi');

const tagged = (value?: string) => ({ tags: value === undefined ? {} : { [CLUSTER_TAG]: value } });

describe('the cluster on record', () => {
  it('is any, as long as none is', () => {
    expect(isAtItsCluster(tagged(), { host: ELSEWHERE })).toBe(true);
  });

  it.each([CLUSTER, `${CLUSTER}:27017`, `${CLUSTER}:27018`])(
    'has a domain, in which any may be: %s',
    (tag) => {
      expect(isAtItsCluster(tagged(tag), { host: CLUSTER })).toBe(true);
      expect(isAtItsCluster(tagged(tag), { host: RESTORED })).toBe(true);
      expect(isAtItsCluster(tagged(tag), { host: ELSEWHERE })).toBe(false);
    },
  );

  it('is no other host, where that is an address or any name', () => {
    expect(isAtItsCluster(tagged('10.0.0.1:27017'), { host: '10.0.0.1' })).toBe(true);
    expect(isAtItsCluster(tagged('10.0.0.1:27017'), { host: '10.0.0.2' })).toBe(false);
    expect(isAtItsCluster(tagged('db.example.org:27017'), { host: 'evil.example.org' })).toBe(false);
  });

  it.each(['', 'no host at all', ':27017'])('lets no one in by a tag that says nothing: %j', (tag) => {
    expect(isAtItsCluster(tagged(tag), { host: CLUSTER })).toBe(false);
  });

  it('is named in what is refused, with the remedy', () => {
    const refused = () =>
      assertAtItsCluster({ name: 'shop/app', ...tagged(CLUSTER) }, 'AWSCURRENT', {
        host: ELSEWHERE,
        port: 27018,
      });
    expect(refused).toThrow(UntrustedVersionError);
    expect(refused).toThrow(`is for ${ELSEWHERE}:27018, and the secret for the cluster at ${CLUSTER}`);
    expect(refused).toThrow(`untag-resource --secret-id shop/app --tag-keys ${CLUSTER_TAG}`);
  });
});

describe('what is left on record', () => {
  const host = `${CLUSTER}:27017`;

  it('is told by a rotation where nothing is, and where the cluster has another name', () => {
    expect(tellsCluster(tagged(), { host, mode: 'rotate' })).toBe(true);
    expect(tellsCluster(tagged(), { host, mode: 'revert' })).toBe(false);
    expect(tellsCluster(tagged(`${RESTORED}:27017`), { host, mode: 'revert' })).toBe(true);
    expect(tellsCluster(tagged(host), { host, mode: 'rotate' })).toBe(false);
  });

  it('leads nowhere else by an execution that ends late', () => {
    const plan = { host, tellsCluster: true };
    expect(tellingCluster(plan, {})).toEqual({ [CLUSTER_TAG]: host });
    expect(tellingCluster(plan, tagged(RESTORED).tags)).toEqual({ [CLUSTER_TAG]: host });
    expect(tellingCluster(plan, tagged(ELSEWHERE).tags)).toEqual({});
    expect(tellingCluster({ host }, {})).toEqual({});
  });

  it('is nothing where a tag can’t hold it', () => {
    for (const long of ['[::1]:27017', `${'x'.repeat(253)}:27017`])
      expect(tellingCluster({ host: long, tellsCluster: true }, {})).toEqual({});
  });
});
