import { Validations } from 'aws-cdk-lib';
import type { IConstruct } from 'constructs';

/**
 * Says why a rule of cdk-nag does not apply here, for apps that check themselves with it. Each finding is named by
 * itself: another wildcard in the same role is found again.
 */
export const acknowledge = (construct: IConstruct, rule: string, reason: string): void =>
  Validations.of(construct).acknowledge({ id: `AwsSolutions-${rule}`, reason });

/** @param actions what AWS does not let be limited to a resource */
export const acknowledgeEveryResource = (construct: IConstruct, actions: string): void =>
  acknowledge(construct, 'IAM5[Resource::*]', `AWS knows no resources for these actions: ${actions}.`);
