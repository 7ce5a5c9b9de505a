import { setTimeout as sleep } from 'node:timers/promises';
import {
  CloudFormationClient,
  CreateStackCommand,
  DescribeStackEventsCommand,
  DescribeStacksCommand,
} from '@aws-sdk/client-cloudformation';
import { BucketAlreadyOwnedByYou, CreateBucketCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import type { AwsClientConfig } from './client-config.ts';
import { packFunction } from './function-package.ts';
import type { Assembly, FileAsset } from './synthesize.ts';

const DEPLOY_TIMEOUT_MS = 60_000;

/**
 * Deploys a cloud assembly as the CDK's command line does: assets into the bucket, the template to
 * CloudFormation. Without the `cdk bootstrap` that goes before it, which takes longer than all the rest.
 *
 * @returns the stack's outputs
 */
export const deploy = async (
  assembly: Assembly,
  stackName: string,
  clientConfig: AwsClientConfig,
): Promise<Record<string, string>> => {
  const s3 = new S3Client({ ...clientConfig, forcePathStyle: true });
  await upload(assembly.assets, s3);
  // CloudFormation takes no template above 51,200 bytes by itself.
  const template = { Bucket: assembly.assets[0]?.bucket ?? '', Key: `${stackName}.template.json` };
  await s3.send(new PutObjectCommand({ ...template, Body: withoutBootstrapCheck(assembly.template) }));
  const cloudFormation = new CloudFormationClient(clientConfig);
  await cloudFormation.send(
    new CreateStackCommand({
      StackName: stackName,
      TemplateURL: `${clientConfig.endpoint}/${template.Bucket}/${template.Key}`,
      Parameters: Object.entries(assembly.parameters ?? {}).map(([ParameterKey, ParameterValue]) => ({
        ParameterKey,
        ParameterValue,
      })),
      Capabilities: ['CAPABILITY_IAM', 'CAPABILITY_NAMED_IAM'],
    }),
  );
  return outputsOnceCreated(cloudFormation, stackName);
};

const upload = async (assets: readonly FileAsset[], s3: S3Client): Promise<void> => {
  for (const bucket of new Set(assets.map((asset) => asset.bucket))) {
    await s3.send(new CreateBucketCommand({ Bucket: bucket })).catch((error: unknown) => {
      // Of the stack that was deployed before.
      if (!(error instanceof BucketAlreadyOwnedByYou)) throw error;
    });
  }
  await Promise.all(
    assets.map(({ bucket, key, directory }) =>
      s3.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: packFunction(directory) })),
    ),
  );
};

/** The template refuses to be deployed where no `cdk bootstrap` went before. */
const withoutBootstrapCheck = (template: string): string => {
  const { Rules: _rules, Parameters: parameters, ...rest } = JSON.parse(template);
  const { BootstrapVersion: _version, ...others } = parameters ?? {};
  return JSON.stringify({ ...rest, Parameters: others });
};

const outputsOnceCreated = async (
  cloudFormation: CloudFormationClient,
  stackName: string,
): Promise<Record<string, string>> => {
  const deadline = Date.now() + DEPLOY_TIMEOUT_MS;
  while (Date.now() < deadline) {
    const { Stacks } = await cloudFormation.send(new DescribeStacksCommand({ StackName: stackName }));
    const stack = Stacks?.[0];
    if (stack?.StackStatus === 'CREATE_COMPLETE') {
      return Object.fromEntries(
        (stack.Outputs ?? []).map((output) => [output.OutputKey ?? '', output.OutputValue ?? '']),
      );
    }
    if (stack && stack.StackStatus !== 'CREATE_IN_PROGRESS') {
      throw new Error(
        `the stack ended in ${stack.StackStatus}: ${await failureOf(cloudFormation, stackName)}`,
      );
    }
    await sleep(50);
  }
  throw new Error(`the stack was not created in ${DEPLOY_TIMEOUT_MS / 1000} s`);
};

const failureOf = async (cloudFormation: CloudFormationClient, stackName: string): Promise<string> => {
  const { StackEvents } = await cloudFormation.send(new DescribeStackEventsCommand({ StackName: stackName }));
  return (StackEvents ?? [])
    .filter((event) => event.ResourceStatus?.endsWith('_FAILED'))
    .map((event) => `${event.LogicalResourceId} (${event.ResourceType}): ${event.ResourceStatusReason}`)
    .join('; ');
};
