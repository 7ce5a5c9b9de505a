import { CfnOutput, type Stack } from 'aws-cdk-lib';
import type { DocDbRotation } from './docdb-rotation.ts';

/** What people look up in a stack that is there for one rotation. */
export const addOutputs = (stack: Stack, rotation: DocDbRotation): void => {
  new CfnOutput(stack, 'StateMachineArn', { value: rotation.stateMachine.stateMachineArn });
  new CfnOutput(stack, 'RecoveryStateMachineArn', { value: rotation.recovery.stateMachineArn });
  new CfnOutput(stack, 'RetirementStateMachineArn', { value: rotation.retirement.stateMachineArn });
  new CfnOutput(stack, 'TriggerFunctionName', { value: rotation.trigger.functionName });
  new CfnOutput(stack, 'TriggerFunctionArn', { value: rotation.trigger.functionArn });
  new CfnOutput(stack, 'OperatorsTopicArn', { value: rotation.operatorsTopic.topicArn });
};
