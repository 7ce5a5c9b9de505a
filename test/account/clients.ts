import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { DocDBClient } from '@aws-sdk/client-docdb';
import { IAMClient } from '@aws-sdk/client-iam';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SFNClient } from '@aws-sdk/client-sfn';
import { SQSClient } from '@aws-sdk/client-sqs';
import { clientConfig } from '../local-stack/deployment/client-config.ts';

/** Whom the kit asks, outside the VPC. */
export interface Clients {
  readonly cloudFormation: CloudFormationClient;
  readonly secretsManager: SecretsManagerClient;
  readonly stepFunctions: SFNClient;
  readonly lambda: LambdaClient;
  readonly iam: IAMClient;
  readonly documentDb: DocDBClient;
  readonly sqs: SQSClient;
}

/** Where the services answer that stand in for AWS. */
export interface Endpoints {
  readonly aws: string;
  readonly secretsManager: string;
  readonly documentDbApi: string;
}

/** With the credentials of the one who runs the kit, as the AWS CLI finds them. */
export const clientsOnAws = (region: string): Clients => ({
  cloudFormation: new CloudFormationClient({ region }),
  secretsManager: new SecretsManagerClient({ region }),
  stepFunctions: new SFNClient({ region }),
  lambda: new LambdaClient({ region }),
  iam: new IAMClient({ region }),
  documentDb: new DocDBClient({ region }),
  sqs: new SQSClient({ region }),
});

export const clientsHere = (region: string, endpoints: Endpoints): Clients => {
  const aws = clientConfig(endpoints.aws, region);
  return {
    cloudFormation: new CloudFormationClient(aws),
    secretsManager: new SecretsManagerClient(clientConfig(endpoints.secretsManager, region)),
    stepFunctions: new SFNClient(aws),
    lambda: new LambdaClient(aws),
    iam: new IAMClient(aws),
    documentDb: new DocDBClient(clientConfig(endpoints.documentDbApi, region)),
    sqs: new SQSClient(aws),
  };
};
