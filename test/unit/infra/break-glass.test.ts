import { App } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { DatabaseCluster, type IDatabaseCluster } from 'aws-cdk-lib/aws-docdb';
import { InstanceClass, InstanceSize, InstanceType, type IVpc, Vpc } from 'aws-cdk-lib/aws-ec2';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { describe, expect, it } from 'vitest';
import { DocDbRotation } from '../../../infra/docdb-rotation.ts';
import { readConfig } from '../../../infra/options/config.ts';
import type { ManageOptions } from '../../../infra/options/manage-options.ts';
import { RotationStack } from '../../../infra/rotation-stack.ts';
import { ACCOUNT, grantsOf, makeStack, newSecret, REGION } from './synthesized.ts';

/** What the deployment allows a recovery to do to a cluster: only where it is told so, and only to that one. */

const ADMIN = `arn:aws:secretsmanager:${REGION}:${ACCOUNT}:secret:admin-GhIjKl`;
const ARN_OF_CLUSTER = `{Fn::Join:[,[arn:,{Ref:AWS::Partition},:rds:${REGION}:${ACCOUNT}:cluster:my-cluster]]}`;

const managing = (options: ManageOptions): Template => {
  const stack = makeStack();
  const rotation = new DocDbRotation(stack, 'Rotation');
  rotation.manage(Secret.fromSecretCompleteArn(stack, 'Admin', ADMIN), options);
  return Template.fromStack(stack);
};

const functionsWith = (template: Template, variable: string): [string, unknown][] =>
  Object.entries(template.findResources('AWS::Lambda::Function')).flatMap(([id, { Properties }]) => {
    const value: unknown = Properties.Environment?.Variables?.[variable];
    return value === undefined ? [] : [[id.replace(/.*Functions/, '').slice(0, 13), value]];
  });

const everyAction = (template: Template): string[] =>
  Object.values(template.findResources('AWS::IAM::Policy'))
    .flatMap(({ Properties }) => Properties.PolicyDocument.Statement)
    .flatMap(({ Action }) => Action);

describe('The reset through the cluster', () => {
  it('is allowed to no one by default', () => {
    const template = managing({});
    expect(everyAction(template).filter((action) => action.startsWith('rds:'))).toEqual([]);
    expect(functionsWith(template, 'RESET_THROUGH_CLUSTER')).toEqual([]);
  });

  // Both actions take the ARN of a cluster: https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonrds.html
  it('lets RecoverSecret, and no other function, describe and modify that cluster, and no other', () => {
    const template = managing({ resetThroughCluster: 'my-cluster' });
    expect(grantsOf(template, 'RecoverSecret').filter((grant) => grant.includes('rds:'))).toEqual([
      `Allow rds:DescribeDBClusters on ${ARN_OF_CLUSTER}`,
      `Allow rds:ModifyDBCluster on ${ARN_OF_CLUSTER}`,
    ]);
    expect(everyAction(template).filter((action) => action.startsWith('rds:'))).toHaveLength(2);
  });

  it('tells RecoverSecret alone which cluster is which secret’s, where no one but a deployment can write', () => {
    const template = managing({ resetThroughCluster: 'my-cluster' });
    expect(functionsWith(template, 'RESET_THROUGH_CLUSTER')).toEqual([
      ['RecoverSecret', JSON.stringify({ [ADMIN]: 'my-cluster' })],
    ]);
  });

  it('takes a cluster and a secret that are made in the app', () => {
    const stack = makeStack();
    const cluster = new DatabaseCluster(stack, 'Cluster', {
      masterUser: { username: 'dbadmin' },
      instanceType: InstanceType.of(InstanceClass.R6G, InstanceSize.LARGE),
      vpc: new Vpc(stack, 'Vpc') as IVpc,
    });
    const rotation = new DocDbRotation(stack, 'Rotation');
    rotation.manage(newSecret(stack, 'Admin'), { resetThroughCluster: cluster as IDatabaseCluster });
    const template = Template.fromStack(stack);
    const [[, told] = []] = functionsWith(template, 'RESET_THROUGH_CLUSTER');
    expect(told).toEqual({
      'Fn::Join': [
        '',
        [
          '{"',
          { Ref: expect.stringMatching(/^Admin/) },
          '":"',
          { Ref: expect.stringMatching(/^Cluster/) },
          '"}',
        ],
      ],
    });
    expect(grantsOf(template, 'RecoverSecret').find((grant) => grant.includes('Modify'))).toMatch(
      /ModifyDBCluster on .*:cluster:,\{Ref:Cluster/,
    );
  });

  it('knows several secrets, one that is known by its name only among them', () => {
    const stack = makeStack();
    const rotation = new DocDbRotation(stack, 'Rotation');
    rotation.manage(Secret.fromSecretCompleteArn(stack, 'One', ADMIN), { resetThroughCluster: 'one' });
    rotation.manage(Secret.fromSecretNameV2(stack, 'Two', 'by-name'), { resetThroughCluster: 'two' });
    rotation.manage(newSecret(stack, 'Three'));
    const [[, told] = []] = functionsWith(Template.fromStack(stack), 'RESET_THROUGH_CLUSTER');
    expect(JSON.stringify(told)).toContain(`{\\"${ADMIN}\\":\\"one\\",\\"arn:`);
    expect(JSON.stringify(told)).toContain(`:secret:by-name-??????\\":\\"two\\"}`);
  });

  it.each([
    'arn:aws:rds:eu-central-1:111122223333:cluster:one',
    'one.cluster-abc.docdb.amazonaws.com',
    'One',
    'a--b',
    'a-',
    '1a',
    'a'.repeat(64),
  ])('refuses %s, and says what it takes', (identifier) => {
    expect(() => managing({ resetThroughCluster: identifier })).toThrow(/takes the identifier of a cluster/);
  });

  it('is configured in CDK’s context by the identifier of the cluster', () => {
    const config = readConfig({
      'docdb-rotation:secrets': [{ arn: ADMIN, resetThroughCluster: 'my-cluster' }],
    });
    const template = Template.fromStack(new RotationStack(new App(), 'Test', { config }));
    expect(functionsWith(template, 'RESET_THROUGH_CLUSTER')).toEqual([
      ['RecoverSecret', JSON.stringify({ [ADMIN]: 'my-cluster' })],
    ]);
  });
});

describe('The API of RDS', () => {
  const endpoints = (vpcEndpoints: true | { rds: boolean }): string => {
    const stack = makeStack();
    new DocDbRotation(stack, 'Rotation', { vpc: new Vpc(stack, 'Vpc') as IVpc, vpcEndpoints });
    return JSON.stringify(Template.fromStack(stack).findResources('AWS::EC2::VPCEndpoint'));
  };

  it('gets an endpoint in the VPC on request only', () => {
    expect(endpoints(true)).not.toContain(`com.amazonaws.${REGION}.rds`);
    expect(endpoints({ rds: true })).toContain(`com.amazonaws.${REGION}.rds`);
  });
});

describe('The reset through the admin secret', () => {
  it('is allowed for no one by default', () => {
    expect(functionsWith(managing({}), 'RESET_THROUGH_ADMIN')).toEqual([]);
  });

  it('tells RecoverSecret alone which user is which secret’s, and permits nothing more', () => {
    const template = managing({ resetThroughAdmin: 'app' });
    expect(functionsWith(template, 'RESET_THROUGH_ADMIN')).toEqual([
      ['RecoverSecret', JSON.stringify({ [ADMIN]: 'app' })],
    ]);
    expect(everyAction(template)).toEqual(everyAction(managing({})));
  });
});
