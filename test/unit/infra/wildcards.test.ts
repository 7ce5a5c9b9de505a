import { Template } from 'aws-cdk-lib/assertions';
import { type IVpc, Vpc } from 'aws-cdk-lib/aws-ec2';
import { type IKey, Key } from 'aws-cdk-lib/aws-kms';
import { beforeAll, describe, expect, it } from 'vitest';
import { DocDbRotation } from '../../../infra/docdb-rotation.ts';
import { Strategy } from '../../../infra/options/strategy.ts';
import { makeStack, newSecret, type Statement } from './synthesized.ts';

/** Every action that may be done to everything, and why it can't be narrower. */
const TO_EVERYTHING: Readonly<Record<string, string>> = {
  'secretsmanager:GetRandomPassword': 'touches no secret, and knows no resource',
  'xray:PutTraceSegments': 'traces are not resources',
  'xray:PutTelemetryRecords': 'traces are not resources',
  'xray:GetSamplingRules': 'sampling rules are those of the account',
  'xray:GetSamplingTargets': 'sampling rules are those of the account',
  'logs:CreateLogDelivery': 'a delivery has no ARN before it is made',
  'logs:GetLogDelivery': 'a delivery is known by an id only',
  'logs:UpdateLogDelivery': 'a delivery is known by an id only',
  'logs:DeleteLogDelivery': 'a delivery is known by an id only',
  'logs:ListLogDeliveries': 'a list has no resource',
  'logs:PutResourcePolicy': 'the policies of CloudWatch Logs are those of the account',
  'logs:DescribeResourcePolicies': 'the policies of CloudWatch Logs are those of the account',
  'logs:DescribeLogGroups': 'a list has no resource',
  'ec2:AssignPrivateIpAddresses': 'Lambda makes the interfaces; denied to the code',
  'ec2:CreateNetworkInterface': 'Lambda makes the interfaces; denied to the code',
  'ec2:DeleteNetworkInterface': 'Lambda makes the interfaces; denied to the code',
  'ec2:DescribeNetworkInterfaces': 'Lambda makes the interfaces; denied to the code',
  'ec2:DescribeSubnets': 'Lambda makes the interfaces; denied to the code',
  'ec2:UnassignPrivateIpAddresses': 'Lambda makes the interfaces; denied to the code',
};

/** Resources that are patterns, and why. */
const PATTERNS: readonly { readonly pattern: RegExp; readonly why: string }[] = [
  { pattern: /:states:.*:execution:.*:\*/, why: 'executions of these machines are named when they start' },
];

const many = <T>(value: T | readonly T[]): readonly T[] => (Array.isArray(value) ? value : [value as T]);

describe('The policies of all roles', () => {
  let allowed: Statement[];
  beforeAll(() => {
    const stack = makeStack();
    const rotation = new DocDbRotation(stack, 'Rotation', {
      vpc: new Vpc(stack, 'Vpc') as IVpc,
      vpcEndpoints: { kms: true, rds: true },
      encryptionKey: new Key(stack, 'Key') as IKey,
    });
    const key = new Key(stack, 'SecretKey') as IKey;
    const admin = newSecret(stack, 'Admin', { encryptionKey: key });
    rotation.manage(newSecret(stack, 'App', { encryptionKey: key }), {
      strategy: Strategy.alternatingUsers(admin),
    });
    rotation.manage(admin, { resetThroughCluster: 'my-cluster' });
    const template = Template.fromStack(stack);
    const roles = Object.values(template.findResources('AWS::IAM::Role'));
    const inline = roles.flatMap(({ Properties }) => Properties.Policies ?? []);
    const policies = Object.values(template.findResources('AWS::IAM::Policy')).map((one) => one.Properties);
    allowed = [...inline, ...policies]
      .flatMap(({ PolicyDocument }) => PolicyDocument.Statement as Statement[])
      .filter(({ Effect }) => Effect === 'Allow');
    expect(roles.flatMap(({ Properties }) => Properties.ManagedPolicyArns ?? [])).toEqual([]);
    expect(allowed.length).toBeGreaterThan(30);
  });

  it('permit on everything only what knows no resources, each for a reason', () => {
    const actions = allowed
      .filter(({ Resource }) => many(Resource).includes('*'))
      .flatMap(({ Action }) => many(Action as string));
    expect(actions.filter((action) => !(action in TO_EVERYTHING))).toEqual([]);
    expect(Object.keys(TO_EVERYTHING).filter((action) => !actions.includes(action))).toEqual([]);
  });

  it('name resources in full, but for a few patterns that each have a reason', () => {
    const resources = allowed
      .flatMap(({ Resource }) => many(Resource))
      .filter((resource) => resource !== '*')
      .map((resource) => JSON.stringify(resource))
      .filter((resource) => resource.includes('*'));
    const unexplained = resources.filter((text) => !PATTERNS.some(({ pattern }) => pattern.test(text)));
    expect(unexplained).toEqual([]);
  });

  it('name actions in full', () => {
    const actions = allowed.flatMap(({ Action }) => many(Action as string));
    expect(actions.filter((action) => action.includes('*'))).toEqual([]);
  });
});
