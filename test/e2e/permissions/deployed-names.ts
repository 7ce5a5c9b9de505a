import { CloudFormationClient, DescribeStackResourcesCommand } from '@aws-sdk/client-cloudformation';
import { clientConfig } from '../../local-stack/deployment/client-config.ts';
import type { LocalStack } from '../../local-stack/deployment/index.ts';
import { FUNCTION_NAMES, type FunctionName } from './permission-table.ts';

/** What the deployment has named one of the functions, and its role. */
export interface DeployedNames {
  readonly functionName: string;
  readonly roleName: string;
}

/** By logical ids: names that were made of them are cut off. */
export const deployedNames = async (stack: LocalStack): Promise<Map<FunctionName, DeployedNames>> => {
  const client = new CloudFormationClient(clientConfig(stack.awsEndpointUrl, stack.region));
  const { StackResources = [] } = await client.send(
    new DescribeStackResourcesCommand({ StackName: 'docdb-rotation' }),
  );
  const physical = (type: string, logicalId: RegExp): string => {
    const found = StackResources.find(
      ({ ResourceType, LogicalResourceId = '' }) =>
        ResourceType === type && logicalId.test(LogicalResourceId),
    );
    if (!found?.PhysicalResourceId) throw new Error(`the stack has no ${type} ${logicalId}`);
    return found.PhysicalResourceId;
  };
  return new Map(
    FUNCTION_NAMES.map((name) => [
      name,
      {
        functionName: physical('AWS::Lambda::Function', new RegExp(`${name}[0-9A-F]{8}$`)),
        roleName: physical('AWS::IAM::Role', new RegExp(`${name}Role[0-9A-F]{8}$`)),
      },
    ]),
  );
};
