import { CfnOutput } from 'aws-cdk-lib';
import type { DocDbRotation } from './docdb-rotation.ts';

/**
 * What people look up. The commands of the runbook find each by its description: its key begins with the id that the
 * construct has in an app.
 */
export const addOutputs = (rotation: DocDbRotation): void => {
  const values = {
    StateMachineArn: rotation.stateMachine.stateMachineArn,
    RecoveryStateMachineArn: rotation.recovery.stateMachineArn,
    RetirementStateMachineArn: rotation.retirement.stateMachineArn,
    TriggerFunctionName: rotation.trigger.functionName,
    TriggerFunctionArn: rotation.trigger.functionArn,
    OperatorsTopicArn: rotation.operatorsTopic.topicArn,
  };
  for (const [name, value] of Object.entries(values))
    new CfnOutput(rotation, name, { value, description: `docdb-rotation: ${name}` });
};

/** In a stack that is there for one rotation the keys are their names alone. */
export const nameOutputs = (rotation: DocDbRotation): void => {
  for (const output of rotation.node.children)
    if (output instanceof CfnOutput) output.overrideLogicalId(output.node.id);
};
