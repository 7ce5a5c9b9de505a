import { CfnResource } from 'aws-cdk-lib';
import type { IConstruct } from 'constructs';

/** Takes resources of these CloudFormation types out, for a target that does not know them. */
export const leaveOut = (root: IConstruct, types: readonly string[]): void => {
  for (const construct of root.node.findAll()) {
    if (CfnResource.isCfnResource(construct) && types.includes(construct.cfnResourceType)) {
      construct.node.scope?.node.tryRemoveChild(construct.node.id);
    }
  }
};
