import { Stack } from 'aws-cdk-lib';
import { CfnDBInstance, type IDatabaseCluster } from 'aws-cdk-lib/aws-docdb';
import {
  CfnSecurityGroupEgress,
  CfnSecurityGroupIngress,
  type ISecurityGroup,
  type IVpc,
  type SubnetSelection,
  VpcEndpoint,
} from 'aws-cdk-lib/aws-ec2';
import { CfnSecretTargetAttachment, type ISecret } from 'aws-cdk-lib/aws-secretsmanager';
import { Dependable, type IConstruct, type IDependable } from 'constructs';
import { secretResource } from '../options/secret-tags.ts';

export interface NeededByTestProps {
  /** @default - the functions run outside any VPC */
  readonly vpc?: IVpc | undefined;
  readonly vpcSubnets?: SubnetSelection | undefined;
  readonly securityGroups: readonly ISecurityGroup[];
  /** The managed secret, and its admin secret if there is one. */
  readonly secrets: readonly ISecret[];
  /** The clusters that are known without a secret that is attached to them. */
  readonly clusters: readonly IDatabaseCluster[];
}

/**
 * What has to be deployed before a schedule, which makes Secrets Manager test the secret at once: the way of the functions to AWS
 * and to the database, the instances, and the values that say where these are. What is in another stack is deployed before or after all of this
 * one: there only the order of the stacks helps.
 *
 * It is asked for at synthesis: the app may allow connections, attach secrets and add instances after `manage()`.
 *
 * Sources: https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_RotateSecret.html, and DependsOn in
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-secretsmanager-rotationschedule.html
 */
export const neededByTest = (schedule: IConstruct, props: NeededByTestProps): IDependable => {
  const stack = Stack.of(schedule);
  const needed: IDependable = {};
  Dependable.implement(needed, {
    get dependencyRoots() {
      const here = stack.node.findAll().filter((construct) => Stack.of(construct) === stack);
      return [
        ...rulesOf(here, props.securityGroups),
        ...attachmentsAndInstances(here, props),
        ...waysToAws(here, props),
      ];
    },
  });
  return needed;
};

/** The rules that let the functions out, and in at the cluster or an endpoint. */
const rulesOf = (here: readonly IConstruct[], groups: readonly ISecurityGroup[]): IConstruct[] => {
  const ids = groups.map((group) => group.securityGroupId);
  const isTheirs = (id: string | undefined): boolean => id !== undefined && ids.includes(id);
  return here.filter(
    (rule) =>
      (rule instanceof CfnSecurityGroupIngress && isTheirs(rule.sourceSecurityGroupId)) ||
      (rule instanceof CfnSecurityGroupEgress && isTheirs(rule.groupId)),
  );
};

const attachmentsAndInstances = (
  here: readonly IConstruct[],
  { secrets, clusters }: NeededByTestProps,
): IConstruct[] => {
  const resources = secrets.flatMap((secret) => secretResource(secret)?.node.scope ?? []);
  const attachments = resources
    .flatMap(({ node }) => node.findAll())
    .filter((construct) => construct instanceof CfnSecretTargetAttachment)
    .filter((attachment) => here.includes(attachment));
  const identifiers = [
    ...clusters.map((cluster) => cluster.clusterIdentifier),
    ...attachments.map((attachment) => attachment.targetId),
  ];
  const instances = here.filter(
    (construct) => construct instanceof CfnDBInstance && identifiers.includes(construct.dbClusterIdentifier),
  );
  return [...attachments, ...instances];
};

/** The route out of the subnets, and endpoints of the app, which stand below its VPC. The construct's own it waits for as a whole. */
const waysToAws = (here: readonly IConstruct[], { vpc, vpcSubnets }: NeededByTestProps): IConstruct[] => {
  if (!vpc) return [];
  const { internetConnectivityEstablished } = vpc.selectSubnets(vpcSubnets);
  const routes = Dependable.of(internetConnectivityEstablished).dependencyRoots;
  const endpoints = vpc.node.findAll().filter((construct) => construct instanceof VpcEndpoint);
  return [...routes, ...endpoints].filter((construct) => here.includes(construct));
};
