import { Annotations, Stack } from 'aws-cdk-lib';
import { Effect, PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { Construct } from 'constructs';

const SOURCE = 'https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html';

/**
 * Lets CloudWatch Logs of this account encrypt log groups with a key. CDK leaves that to the app; an imported key's
 * policy can't be changed from here, and must say so already.
 *
 * Sources: https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html; the service is named with its Region and the
 * partition's suffix (amazonaws.com.cn in China): https://github.com/aws/aws-cdk/blob/main/packages/aws-cdk-lib/region-info/lib/default.ts
 */
export const grantLogs = (scope: Construct, key: IKey): void => {
  const { partition, region, account, urlSuffix } = Stack.of(scope);
  const service = `logs.${region}.${urlSuffix}`;
  const { statementAdded } = key.addToResourcePolicy(
    new PolicyStatement({
      sid: `LogsOf${region.replaceAll(/[^A-Za-z0-9]/g, '')}`,
      effect: Effect.ALLOW,
      principals: [new ServicePrincipal(service)],
      actions: ['kms:Encrypt*', 'kms:Decrypt*', 'kms:ReEncrypt*', 'kms:GenerateDataKey*', 'kms:Describe*'],
      // In a key's policy this is the key itself.
      resources: ['*'],
      conditions: {
        ArnLike: {
          'kms:EncryptionContext:aws:logs:arn': `arn:${partition}:logs:${region}:${account}:log-group:*`,
        },
      },
    }),
  );
  if (statementAdded) return;
  Annotations.of(scope).addWarningV2(
    'docdb-rotation:importedEncryptionKey',
    `the policy of the imported encryptionKey must let CloudWatch Logs use it: ${service}, see ${SOURCE}. Otherwise the deployment fails at the first log group`,
  );
};
