import { describe, expect, it } from 'vitest';
import { domainOf } from '../../../../functions/secret/cluster-domain.ts';

const DOMAIN = 'abcdefgh1234.eu-central-1.docdb.amazonaws.com';
const IN_CHINA = 'abcdefgh1234.docdb.cn-north-1.amazonaws.com.cn';

describe('the domain of a cluster', () => {
  it.each([DOMAIN, IN_CHINA])('is that of all endpoints of one account in one Region: %s', (domain) => {
    for (const host of [
      `demo.cluster-${domain}`,
      `demo.cluster-ro-${domain}`,
      `demo.cluster-custom-${domain}`,
      `demo-restored.cluster-${domain}`,
      `instance.${domain}`,
      `DEMO.Cluster-${domain}.`,
    ])
      expect(domainOf(host)).toBe(domain);
  });

  it.each([
    'demo.example.com',
    'name.eu-central-1.elb.amazonaws.com',
    'name.abcdefgh1234.eu-central-1.rds.amazonaws.com',
    `more.demo.cluster-${DOMAIN}`,
    DOMAIN,
    `cluster-${DOMAIN}`,
    'eu-central-1.docdb.amazonaws.com',
    'docdb',
    'localhost',
    '10.0.0.1',
  ])('is the host itself where that is no endpoint: %s', (host) => {
    expect(domainOf(host)).toBe(host);
  });

  it('is another one in another account, another Region, and behind a name that ends alike', () => {
    const others = [
      'demo.cluster-bcdefghi1234.eu-central-1.docdb.amazonaws.com',
      'demo.cluster-abcdefgh1234.eu-central-2.docdb.amazonaws.com',
      `demo.cluster-${DOMAIN}.example.com`,
      `demo.cluster-abcdefgh1234.eu-central-1.docdb.example.com`,
    ];
    for (const host of others) expect(domainOf(host)).not.toBe(DOMAIN);
  });
});
