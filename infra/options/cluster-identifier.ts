import { Token } from 'aws-cdk-lib';
import type { IDatabaseCluster } from 'aws-cdk-lib/aws-docdb';
import { ConfigurationError } from './configuration-error.ts';

/** As AWS stores it, and as it is in the cluster's ARN: https://docs.aws.amazon.com/documentdb/latest/developerguide/db-cluster-parameters.html */
const IDENTIFIER = /^(?=.{1,63}$)[a-z][a-z0-9]*(-[a-z0-9]+)*$/;

/** @throws ConfigurationError if it can't be the identifier of a cluster: an ARN or an endpoint, for example */
export const clusterIdentifierOf = (cluster: IDatabaseCluster | string): string => {
  const identifier = typeof cluster === 'string' ? cluster : cluster.clusterIdentifier;
  if (Token.isUnresolved(identifier) || IDENTIFIER.test(identifier)) return identifier;
  throw new ConfigurationError(
    `resetThroughCluster is "${identifier}"; it takes the identifier of a cluster, as in its ARN: at most 63 lower-case letters, digits and single hyphens, and a letter first`,
  );
};
