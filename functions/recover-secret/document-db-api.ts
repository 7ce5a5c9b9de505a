import {
  type DBCluster,
  DBClusterNotFoundFault,
  DescribeDBClustersCommand,
  type DocDBClient,
  InvalidDBClusterStateFault,
  InvalidDBInstanceStateFault,
  ModifyDBClusterCommand,
} from '@aws-sdk/client-docdb';
import { ClusterApiRefusedError, ClusterApiUnavailableError } from '../contract/errors.ts';
import { awsFailure } from '../runtime/aws-failure.ts';
import type { ClusterDescription, Clusters } from './clusters.ts';

/**
 * DocumentDB's clusters as AWS manages them.
 * Source: https://docs.aws.amazon.com/documentdb/latest/developerguide/API_ModifyDBCluster.html
 */
export const documentDbApi = (client: DocDBClient): Clusters => ({
  describe: async (cluster) => {
    try {
      const answer = await client.send(new DescribeDBClustersCommand({ DBClusterIdentifier: cluster }));
      return answer.DBClusters?.map(describe)[0];
    } catch (error) {
      if (error instanceof DBClusterNotFoundFault) return undefined;
      throw translate(error, `describing the cluster ${cluster}`);
    }
  },

  askForPassword: async (cluster, password) => {
    try {
      await client.send(
        new ModifyDBClusterCommand({
          DBClusterIdentifier: cluster,
          MasterUserPassword: password,
          // Otherwise it would wait for the maintenance window.
          ApplyImmediately: true,
        }),
      );
      return true;
    } catch (error) {
      if (error instanceof InvalidDBClusterStateFault || error instanceof InvalidDBInstanceStateFault)
        return false;
      throw translate(error, `setting the password of the primary user of ${cluster}`);
    }
  },
});

const describe = (cluster: DBCluster): ClusterDescription => ({
  engine: cluster.Engine,
  status: cluster.Status,
  host: cluster.Endpoint,
  port: cluster.Port,
  primaryUser: cluster.MasterUsername,
  passwordManaged: cluster.MasterUserSecret !== undefined,
});

/** Leaves out the SDK's message, which may quote the request. */
const translate = (error: unknown, doing: string): Error => {
  const { name, kind } = awsFailure(error);
  const refused = kind === 'refused';
  if (refused && name.startsWith('InvalidParameter')) {
    return new ClusterApiRefusedError(
      `${doing}: ${name}; a password has 8 to 100 printable ASCII characters without / " and @`,
    );
  }
  if (refused) {
    return new ClusterApiRefusedError(`${doing}: ${name}; see the permissions of this function's role`);
  }
  return new ClusterApiUnavailableError(
    `${doing}: ${name}; is there a route to the API of Amazon RDS, which is DocumentDB's too, from this VPC?`,
  );
};
