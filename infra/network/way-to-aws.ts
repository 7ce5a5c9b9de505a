import { CfnVPCEndpoint, type IVpc, type SubnetSelection } from 'aws-cdk-lib/aws-ec2';
import type { IConstruct } from 'constructs';

export interface WayToAws {
  readonly vpc: IVpc;
  readonly vpcSubnets: SubnetSelection | undefined;
  /** Whether a recovery asks the API of the clusters. */
  readonly usesClusterApi: boolean;
}

/** By the last part of the names of their endpoints: https://docs.aws.amazon.com/vpc/latest/privatelink/aws-services-privatelink-support.html */
const SERVICES = { secretsmanager: 'secretsManager', states: 'stepFunctions', rds: 'rds' };
type Service = keyof typeof SERVICES;

/**
 * What is missing where the functions' subnets have no route out of the VPC: they would wait for their time-out at each call of AWS.
 * Endpoints of the whole app count. Others can't be seen from here, so `vpcEndpoints: false` is how to say that there is a way.
 *
 * @returns one sentence, or none
 */
export const missingWayToAws = ({ vpc, vpcSubnets, usesClusterApi }: WayToAws): string[] => {
  const isolated = new Set(vpc.isolatedSubnets);
  const shut = vpc.selectSubnets(vpcSubnets).subnets.filter((subnet) => isolated.has(subnet));
  if (shut.length === 0) return [];
  const needed: Service[] = ['secretsmanager', 'states', ...(usesClusterApi ? (['rds'] as const) : [])];
  const there = endpointsOf(vpc);
  const missing = needed.filter((service) => !there.some((name) => isNamed(service, name)));
  if (missing.length === 0) return [];
  const options = missing.map((service) => `${SERVICES[service]}: true`).join(', ');
  return [
    `the functions' subnets (${shut.map(({ node }) => node.path).join(', ')}) have no route out of the VPC, which has no endpoint of ${missing.join(', ')}: give vpcEndpoints: { ${options} }, or vpcSubnets with a NAT gateway. If they have another way to AWS, as a transit gateway or endpoints that this app does not know, say vpcEndpoints: false`,
  ];
};

const isNamed = (service: Service, name: string): boolean =>
  name.includes(`.${service}"`) || name.includes(`.${service}-fips"`);

/** The Region in the middle of a name may be known at deployment only, so that it is no text yet. */
const endpointsOf = (vpc: IVpc): string[] => {
  const root: IConstruct = vpc.node.root;
  return root.node
    .findAll()
    .filter((construct) => construct instanceof CfnVPCEndpoint)
    .filter((endpoint) => endpoint.vpcId === vpc.vpcId)
    .map((endpoint) => JSON.stringify(endpoint.stack.resolve(endpoint.serviceName)));
};
