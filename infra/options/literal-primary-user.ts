import { Stack } from 'aws-cdk-lib';
import { CfnDBCluster } from 'aws-cdk-lib/aws-docdb';
import type { ISecret } from 'aws-cdk-lib/aws-secretsmanager';
import { idsOf } from './names-of-secret.ts';

/**
 * The clusters of the app whose primary user is named by reference to the secret of a pair. After a rotation the secret has the
 * other name; CloudFormation resolves the reference at the next update of the cluster, and replaces it.
 *
 * Sources: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/dynamic-references-secretsmanager.html, and MasterUsername in
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-docdb-dbcluster.html
 *
 * @returns a sentence for each
 */
export const referencesToPair = (secret: ISecret): string[] => {
  const ids = idsOf(secret);
  const clusters = secret.node.root.node.findAll().filter((each) => each instanceof CfnDBCluster);
  return clusters
    .filter((cluster) => {
      const stack = Stack.of(cluster);
      const text = JSON.stringify(stack.resolve((cluster as CfnDBCluster).masterUsername) ?? '');
      const inText = (id: string): string => JSON.stringify(stack.resolve(id)).replace(/^"|"$/g, '');
      return text.includes('{{resolve:secretsmanager:') && ids.some((id) => text.includes(inText(id)));
    })
    .map(
      ({ node }) =>
        `MasterUsername of ${node.path} refers to ${secret.node.path}, whose user changes with each rotation: CloudFormation would replace the cluster, with all its data. Give it the literal name: (cluster.node.defaultChild as CfnDBCluster).masterUsername = 'the name'`,
    );
};
