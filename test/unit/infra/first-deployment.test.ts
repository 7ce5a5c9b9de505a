import { Duration, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import {
  type CfnDBCluster,
  DatabaseCluster,
  DatabaseSecret,
  type IDatabaseCluster,
} from 'aws-cdk-lib/aws-docdb';
import {
  InstanceType,
  InterfaceVpcEndpointAwsService,
  type IVpc,
  Port,
  SecurityGroup,
  Vpc,
} from 'aws-cdk-lib/aws-ec2';
import { type IKey, Key } from 'aws-cdk-lib/aws-kms';
import type { ISecret } from 'aws-cdk-lib/aws-secretsmanager';
import { describe, expect, it } from 'vitest';
import { DocDbRotation, type DocDbRotationProps } from '../../../infra/docdb-rotation.ts';
import { Strategy } from '../../../infra/options/strategy.ts';
import { makeStack } from './synthesized.ts';

const makeCluster = (stack: Stack): { vpc: Vpc; cluster: DatabaseCluster } => {
  const vpc = new Vpc(stack, 'Vpc');
  const cluster = new DatabaseCluster(stack, 'Cluster', {
    vpc: vpc as IVpc,
    masterUser: { username: 'dbadmin' },
    instanceType: new InstanceType('r6g.large'),
    instances: 2,
  });
  (cluster.node.defaultChild as CfnDBCluster).masterUsername = 'dbadmin';
  return { vpc, cluster };
};

/** What the schedule of the one managed secret waits for, by the type of each. */
const waitsFor = (stack: Stack): Record<string, string[]> => {
  const template = Template.fromStack(stack);
  const { Resources } = template.toJSON();
  const [schedule] = Object.values(template.findResources('AWS::SecretsManager::RotationSchedule'));
  const ids: string[] = schedule?.DependsOn ?? [];
  return Object.fromEntries(
    ids.map((id) => [Resources[id].Type, ids.filter((each) => Resources[each].Type === Resources[id].Type)]),
  );
};

const allOf = (stack: Stack, type: string): string[] =>
  Object.keys(Template.fromStack(stack).findResources(type)).sort();

describe('On the first deployment a secret is tested only after', () => {
  const deployed = (props: Partial<DocDbRotationProps> = {}): Stack => {
    const stack = makeStack();
    const { vpc, cluster } = makeCluster(stack);
    const rotation = new DocDbRotation(stack, 'Rotation', {
      vpc: vpc as IVpc,
      cluster: cluster as IDatabaseCluster,
      ...props,
    });
    rotation.manage(cluster.secret as ISecret, { strategy: Strategy.adminClone() });
    return stack;
  };

  it.each([
    ['the instances of the cluster', 'AWS::DocDB::DBInstance', {}],
    ['the rules that let the functions in', 'AWS::EC2::SecurityGroupIngress', {}],
    ['the route to AWS', 'AWS::EC2::Route', {}],
    ['the endpoints', 'AWS::EC2::VPCEndpoint', { vpcEndpoints: true }],
    ['the rules of the endpoints', 'AWS::EC2::SecurityGroupIngress', { vpcEndpoints: true }],
    ['the attachment of the secret', 'AWS::SecretsManager::SecretTargetAttachment', {}],
  ] satisfies [string, string, Partial<DocDbRotationProps>][])('%s', (_what, type, props) => {
    const stack = deployed(props);
    expect(waitsFor(stack)[type]?.sort()).toEqual(expect.arrayContaining(privateOnly(allOf(stack, type))));
    expect(allOf(stack, type)).not.toEqual([]);
  });

  it('the state machine, and the use of its own key', () => {
    const stack = makeStack();
    const encryptionKey = new Key(stack, 'Key') as IKey;
    const rotation = new DocDbRotation(stack, 'Rotation', { encryptionKey });
    rotation.manage(new DatabaseSecret(stack, 'App', { username: 'app' }) as ISecret);
    const waited = waitsFor(stack);
    expect(waited['AWS::StepFunctions::StateMachine']).toEqual(
      expect.arrayContaining([expect.stringMatching(/^RotationStateMachine/)]),
    );
    expect(waited['AWS::IAM::Policy']).toEqual(
      expect.arrayContaining([expect.stringMatching(/^RotationStateMachineWorkflowOwnKey/)]),
    );
  });

  it('what the app adds after manage()', () => {
    const stack = makeStack();
    const { vpc, cluster } = makeCluster(stack);
    const rotation = new DocDbRotation(stack, 'Rotation', { vpc: vpc as IVpc });
    const secret = new DatabaseSecret(stack, 'App', { username: 'app' });
    rotation.manage(secret as ISecret);
    secret.attach(cluster);
    rotation.connections.allowTo(cluster, Port.tcp(27017));
    const endpoint = vpc.addInterfaceEndpoint('States', {
      service: InterfaceVpcEndpointAwsService.STEP_FUNCTIONS,
    });
    rotation.connections.allowTo(endpoint, Port.tcp(443));

    const waited = waitsFor(stack);

    expect(waited['AWS::SecretsManager::SecretTargetAttachment']).toHaveLength(1);
    expect(waited['AWS::DocDB::DBInstance']).toHaveLength(2);
    expect(waited['AWS::EC2::SecurityGroupIngress']).toHaveLength(2);
    expect(waited['AWS::EC2::VPCEndpoint']).toHaveLength(1);
  });

  it('the rules of a security group that lets nothing out by itself', () => {
    const stack = makeStack();
    const { vpc, cluster } = makeCluster(stack);
    const securityGroup = SecurityGroup.fromSecurityGroupId(stack, 'Functions', 'sg-12345678', {
      allowAllOutbound: false,
    });
    const rotation = new DocDbRotation(stack, 'Rotation', {
      vpc: vpc as IVpc,
      cluster: cluster as IDatabaseCluster,
      securityGroup,
    });
    rotation.manage(cluster.secret as ISecret, { strategy: Strategy.adminClone() });
    expect(waitsFor(stack)['AWS::EC2::SecurityGroupEgress']).toHaveLength(1);
  });

  it('and it waits for nothing of another cluster', () => {
    const stack = deployed();
    const other = new Vpc(stack, 'Other');
    new DatabaseCluster(stack, 'OtherCluster', {
      vpc: other as IVpc,
      masterUser: { username: 'dbadmin' },
      instanceType: new InstanceType('r6g.large'),
    });
    expect(waitsFor(stack)['AWS::DocDB::DBInstance']).toHaveLength(2);
  });

  it('what is in its own stack, where the cluster is in another one', () => {
    const database = makeStack();
    const { vpc, cluster } = makeCluster(database);
    const stack = new Stack(database.node.root as never, 'Rotating', {
      env: { account: database.account, region: database.region },
    });
    const rotation = new DocDbRotation(stack, 'Rotation', {
      vpc: vpc as IVpc,
      cluster: cluster as IDatabaseCluster,
    });
    rotation.manage(cluster.secret as ISecret, {
      strategy: Strategy.adminClone(),
      grace: Duration.hours(2),
    });
    expect(waitsFor(stack)['AWS::EC2::SecurityGroupIngress']).toHaveLength(1);
    expect(stack.dependencies).toContain(database);
    expect(database.dependencies).toEqual([]);
  });
});

/** The public subnets have a route of their own, which no function takes. */
const privateOnly = (ids: readonly string[]): string[] => ids.filter((id) => !/Public/.test(id));
