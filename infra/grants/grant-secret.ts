import { Stack } from 'aws-cdk-lib';
import type { ISecret } from 'aws-cdk-lib/aws-secretsmanager';
import { PROVEN_TAG } from '../../functions/contract/tags.ts';
import type { StepFunction } from '../functions/step-function.ts';
import type { SecretGrant } from '../functions/steps.ts';
import { secretArnForPolicy } from './secret-arn-for-policy.ts';

const READ = ['secretsmanager:DescribeSecret', 'secretsmanager:GetSecretValue'];
const MOVE_LABEL = 'secretsmanager:UpdateSecretVersionStage';

const ACTIONS: Readonly<Record<Exclude<SecretGrant, 'record'>, readonly string[]>> = {
  read: READ,
  write: [...READ, 'secretsmanager:PutSecretValue', MOVE_LABEL],
  'move labels': ['secretsmanager:DescribeSecret', MOVE_LABEL],
  'put AWSPENDING back': [MOVE_LABEL],
  'list versions': ['secretsmanager:ListSecretVersionIds'],
};

/**
 * One tag, and no other: a tag says how a secret is rotated, and with whose power.
 *
 * Source: aws:TagKeys among the condition keys of TagResource in
 * https://docs.aws.amazon.com/service-authorization/latest/reference/list_awssecretsmanager.html, with the operator
 * that https://docs.aws.amazon.com/IAM/latest/UserGuide/access_tags.html#access_tags_control-tag-keys shows
 */
const PROVEN_TAG_ONLY = { 'ForAllValues:StringEquals': { 'aws:TagKeys': [PROVEN_TAG] } };

/** Grants a step what it does with a secret that it rotates. */
export const grantSecret = (step: StepFunction, secret: ISecret, grants: readonly SecretGrant[]): void => {
  const arn = [secretArnForPolicy(secret)];
  const actions = grants.flatMap((grant) => (grant === 'record' ? [] : ACTIONS[grant]));
  step.allow([...new Set(actions)], arn);
  if (grants.includes('record')) step.allow(['secretsmanager:TagResource'], arn, PROVEN_TAG_ONLY);
  if (grants.includes('read') || grants.includes('write')) grantKey(step, secret, 'kms:Decrypt');
  if (grants.includes('write')) grantKey(step, secret, 'kms:GenerateDataKey');
};

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
