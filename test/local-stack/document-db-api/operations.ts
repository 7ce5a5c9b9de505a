import { ApiError } from './api-error.ts';
import type { ManagedCluster } from './managed-cluster.ts';
import type { Xml } from './xml.ts';

/** One operation of the API, on the parameters of its request. */
type Operation = (clusters: Clusters, parameters: Parameters) => Xml;

export type Parameters = ReadonlyMap<string, string>;
export type Clusters = ReadonlyMap<string, ManagedCluster>;

const KNOWN_TO_MODIFY = new Set([
  'Action',
  'Version',
  'DBClusterIdentifier',
  'MasterUserPassword',
  'ApplyImmediately',
]);

const describeClusters: Operation = (clusters, parameters) => {
  const identifier = parameters.get('DBClusterIdentifier');
  const found = identifier === undefined ? [...clusters.values()] : [clusterNamed(clusters, identifier)];
  return { DBClusters: found.map((cluster) => ({ DBCluster: description(cluster) })) };
};

const modifyCluster: Operation = (clusters, parameters) => {
  const unknown = [...parameters.keys()].filter((name) => !KNOWN_TO_MODIFY.has(name));
  if (unknown.length > 0)
    throw new ApiError('InvalidParameterCombination', `the stand-in knows no ${unknown.join(', ')}`);
  const identifier = parameters.get('DBClusterIdentifier');
  if (identifier === undefined)
    throw new ApiError('MissingParameter', 'The parameter DBClusterIdentifier is required.');
  const cluster = clusterNamed(clusters, identifier);
  const password = parameters.get('MasterUserPassword');
  const before = description(cluster);
  cluster.modify({
    ...(password === undefined ? {} : { password }),
    applyImmediately: parameters.get('ApplyImmediately') === 'true',
  });
  return { DBCluster: before };
};

export const OPERATIONS: ReadonlyMap<string, Operation> = new Map([
  ['DescribeDBClusters', describeClusters],
  ['ModifyDBCluster', modifyCluster],
]);

/** The identifier is not case sensitive. */
const clusterNamed = (clusters: Clusters, identifier: string): ManagedCluster => {
  const cluster = clusters.get(identifier.toLowerCase());
  if (cluster === undefined)
    throw new ApiError('DBClusterNotFoundFault', `DBCluster ${identifier} not found.`, 404);
  return cluster;
};

const description = (cluster: ManagedCluster): Xml => ({
  DBClusterIdentifier: cluster.identifier,
  Engine: cluster.engine,
  Status: cluster.status,
  Endpoint: cluster.endpoint,
  Port: String(cluster.port),
  MasterUsername: cluster.primaryUser,
  ...(cluster.managedSecretArn === undefined
    ? {}
    : { MasterUserSecret: { SecretArn: cluster.managedSecretArn, SecretStatus: 'active' } }),
});
