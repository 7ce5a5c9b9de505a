import { CfnResource, Tags } from 'aws-cdk-lib';
import type { ISecret } from 'aws-cdk-lib/aws-secretsmanager';
import type { Node } from 'constructs';
import {
  ADMIN_SECRET_TAG,
  GRACE_TAG,
  RETIREMENT_POLICY_TAG,
  STRATEGY_TAG,
} from '../../functions/contract/tags.ts';
import type { ManageOptions } from './manage-options.ts';
import { Strategy } from './strategy.ts';

/** The tags by which a secret tells the rotation how it is rotated. */
export const tagsFor = (options: ManageOptions): Record<string, string> => {
  const strategy = options.strategy ?? Strategy.singleUser();
  return {
    [STRATEGY_TAG]: strategy.name,
    ...(strategy.adminSecret ? { [ADMIN_SECRET_TAG]: strategy.adminSecret.secretArn } : {}),
    ...(options.retirementPolicy ? { [RETIREMENT_POLICY_TAG]: options.retirementPolicy } : {}),
    ...(options.grace ? { [GRACE_TAG]: String(options.grace.toSeconds()) } : {}),
  };
};

/**
 * Tags a secret that is made in this app.
 *
 * @returns false for an imported one, which CloudFormation can't tag
 */
export const tagSecret = (secret: ISecret, tags: Record<string, string>): boolean => {
  const resource = secretResource(secret);
  if (!resource) return false;
  for (const [key, value] of Object.entries(tags)) Tags.of(resource).add(key, value);
  return true;
};

/** The secret itself, if it is made in this app: the attachment of a secret to a cluster has it as its parent. */
export const secretResource = ({ node }: ISecret): CfnResource | undefined =>
  resourceOf(node) ?? (node.scope && resourceOf(node.scope.node));

const resourceOf = (node: Node): CfnResource | undefined => {
  const child = node.defaultChild;
  if (!child || !CfnResource.isCfnResource(child)) return undefined;
  return child.cfnResourceType === 'AWS::SecretsManager::Secret' ? child : undefined;
};
