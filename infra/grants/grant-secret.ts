import { Stack } from 'aws-cdk-lib';
import type { ISecret } from 'aws-cdk-lib/aws-secretsmanager';
import { BEGUN_TAG, CLUSTER_TAG, DROPPED_TAG, PROVEN_TAG, USER_TAG } from '../../functions/contract/tags.ts';
import type { StepFunction } from '../functions/step-function.ts';
import type { SecretGrant } from '../functions/steps.ts';
import { secretArnForPolicy } from './secret-arn-for-policy.ts';

const READ = ['secretsmanager:DescribeSecret', 'secretsmanager:GetSecretValue'];
const MOVE_LABEL = 'secretsmanager:UpdateSecretVersionStage';

/** What stands in which tag. */
const TAGS_OF = {
  'record proven': [PROVEN_TAG],
  'record promoted': [PROVEN_TAG, USER_TAG, CLUSTER_TAG],
  'record begun': [PROVEN_TAG, BEGUN_TAG],
  'record dropped': [PROVEN_TAG, DROPPED_TAG],
};

const ACTIONS: Readonly<Record<Exclude<SecretGrant, keyof typeof TAGS_OF>, readonly string[]>> = {
  read: READ,
  write: [...READ, 'secretsmanager:PutSecretValue', MOVE_LABEL],
  'move labels': ['secretsmanager:DescribeSecret', MOVE_LABEL],
  'put AWSPENDING back': [MOVE_LABEL],
  'list versions': ['secretsmanager:ListSecretVersionIds'],
};

/**
 * These tags, and no other: a tag says how a secret is rotated, and with whose power.
 *
 * Source: aws:TagKeys among the condition keys of TagResource in
 * https://docs.aws.amazon.com/service-authorization/latest/reference/list_awssecretsmanager.html, with the operator
 * that https://docs.aws.amazon.com/IAM/latest/UserGuide/access_tags.html#access_tags_control-tag-keys shows
 */
const only = (tags: readonly string[]) => ({ 'ForAllValues:StringEquals': { 'aws:TagKeys': tags } });

/** Grants a step what it does with a secret that it rotates. */
export const grantSecret = (step: StepFunction, secret: ISecret, grants: readonly SecretGrant[]): void => {
  const arn = [secretArnForPolicy(secret)];
  const actions = grants.flatMap((grant) => (isOfTag(grant) ? [] : ACTIONS[grant]));
  step.allow([...new Set(actions)], arn);
  for (const grant of grants.filter(isOfTag))
    step.allow(['secretsmanager:TagResource'], arn, only(TAGS_OF[grant]));
  if (grants.includes('read') || grants.includes('write')) grantKey(step, secret, 'kms:Decrypt');
  if (grants.includes('write')) grantKey(step, secret, 'kms:GenerateDataKey');
};

const isOfTag = (grant: SecretGrant): grant is keyof typeof TAGS_OF => grant in TAGS_OF;

/** Grants a step the reading of the secret by whose power it changes users. */
export const grantReadAdminSecret = (step: StepFunction, secret: ISecret): void => {
  step.allow(READ, [secretArnForPolicy(secret)]);
  grantKey(step, secret, 'kms:Decrypt');
};

/**
 * Grants the use of the secret's key, through Secrets Manager only. In the role, not in the key's policy
 * as CDK's own grants: an imported key's policy can't be changed from here.
 */
const grantKey = (step: StepFunction, { encryptionKey }: ISecret, action: string): void => {
  if (!encryptionKey) return;
  step.allow([action], [encryptionKey.keyArn], {
    StringEquals: { 'kms:ViaService': `secretsmanager.${Stack.of(step).region}.amazonaws.com` },
  });
};
