import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Template } from 'aws-cdk-lib/assertions';
import { type IVpc, Vpc } from 'aws-cdk-lib/aws-ec2';
import { type IKey, Key } from 'aws-cdk-lib/aws-kms';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { describe, expect, it, test } from 'vitest';
import { DocDbRotation } from '../../../infra/docdb-rotation.ts';
import { Strategy } from '../../../infra/options/strategy.ts';
import { makeStack, newSecret } from '../../unit/infra/synthesized.ts';
import { excessGrants, POLICIES } from './excess-grants.ts';
import { expectedGrants } from './expected-grants.ts';
import { NOT_SEEN_LOCALLY } from './permission-table.ts';
import { table, written } from './readme.ts';
import { grantsOf, PermissionsTemplate } from './template-grants.ts';

/** With all that gives a permission: a VPC, keys, an admin secret. */
const synthesize = (): PermissionsTemplate => {
  const stack = makeStack();
  const rotation = new DocDbRotation(stack, 'Rotation', {
    vpc: new Vpc(stack, 'Vpc') as IVpc,
    vpcEndpoints: { kms: true, rds: true },
    encryptionKey: new Key(stack, 'LogKey') as IKey,
  });
  const admin = newSecret(stack, 'Admin', { encryptionKey: new Key(stack, 'AdminKey') as IKey });
  const app = newSecret(stack, 'App', { encryptionKey: new Key(stack, 'AppKey') as IKey });
  rotation.manage(app, {
    strategy: Strategy.alternatingUsers(admin),
    resetThroughCluster: 'my-cluster',
  });
  return PermissionsTemplate.parse(Template.fromStack(stack).toJSON());
};

const template = synthesize();
/** Several secrets, or a read and a write of one, may give the same permission twice. */
const distinct = (grants: readonly string[]): string[] => [...new Set(grants)];
const EXPECTED = expectedGrants();

describe('The permissions in the template', () => {
  it('are those of the table, to the letter', () => {
    expect(distinct(grantsOf(template))).toEqual(distinct(EXPECTED));
  });

  it.each(excessGrants(template))('are refused when %s', (_what, widened) => {
    expect(distinct(grantsOf(widened))).not.toEqual(distinct(EXPECTED));
  });

  it('name a secret that is known by its name only together with its random suffix', () => {
    const stack = makeStack();
    new DocDbRotation(stack, 'Rotation').manage(Secret.fromSecretNameV2(stack, 'Named', 'by-name'));
    const grants = grantsOf(PermissionsTemplate.parse(Template.fromStack(stack).toJSON()));
    const reading = grants.filter((grant) => grant.includes('secretsmanager:GetSecretValue'));
    expect(reading).toHaveLength(7);
    for (const grant of reading) expect(grant).toMatch(/:secret:by-name-\?{6}\]\]\}$/);
  });

  it('are widened in every policy that there is', () => {
    const policies = Object.entries(template.Resources).filter(([, { Type }]) => POLICIES.test(Type));
    const widened = new Set(excessGrants(template).map(([what]) => what.split(':')[0]));
    expect(policies.map(([id]) => id)).toEqual(policies.map(([id]) => id).filter((id) => widened.has(id)));
    expect(policies.length).toBeGreaterThan(30);
  });
});

describe('The table in infra/README.md', () => {
  it('is that table; if not: node test/e2e/permissions/readme.ts', () => {
    expect(written()).toBe(table());
  });
});

test.each(Object.entries(NOT_SEEN_LOCALLY))(
  'What no run shows of %s is told in test/README.md',
  (service, why) => {
    const readme = readFileSync(join(import.meta.dirname, '..', '..', 'README.md'), 'utf8');
    expect(readme).toContain(`| \`${service}\` | ${why} |`);
  },
);
