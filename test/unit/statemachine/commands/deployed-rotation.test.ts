import { App } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { Construct } from 'constructs';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { DocDbRotation } from '../../../../infra/docdb-rotation.ts';
import { readConfig } from '../../../../infra/options/config.ts';
import { RotationStack } from '../../../../infra/rotation-stack.ts';
import { rotationsIn } from '../../../../statemachine/commands/aws/deployed-rotation.ts';
import { makeStack } from '../../infra/synthesized.ts';

// CDK's own check of a template takes long, and other tests do it.
beforeAll(() => void vi.stubEnv('CDK_VALIDATION', 'false'));
afterAll(() => void vi.unstubAllEnvs());

/** What CloudFormation lists once it has made a stack of the template. */
const resourcesOf = (template: Template) =>
  Object.entries<{ Type: string }>(template.toJSON().Resources).map(([LogicalResourceId, { Type }]) => ({
    LogicalResourceId,
    ResourceType: Type,
    PhysicalResourceId: `the ${Type.split(':').at(-1)} ${LogicalResourceId}`,
  }));

const found = (template: Template) =>
  [...rotationsIn('my-stack', resourcesOf(template))].map(([id, { machines, triggerName }]) => [
    id,
    ...[machines.rotation, machines.recovery, machines.retirement, triggerName ?? ''].map((name) =>
      name.slice(0, -8),
    ),
  ]);

const MACHINES_OF = (id: string): string[] => [
  id,
  `the StateMachine ${id}StateMachineWorkflow`,
  `the StateMachine ${id}RecoveryWorkflow`,
  `the StateMachine ${id}Retirement`,
  `the Function ${id}FunctionsTrigger`,
];

describe('the machines of a rotation are found among the resources of its stack', () => {
  it('in the stack of this repository, whose construct the plain template has too', () => {
    const stack = new RotationStack(new App({ context: { 'aws:cdk:disable-asset-staging': true } }), 'Test', {
      config: readConfig({}),
    });
    expect(found(Template.fromStack(stack))).toEqual([MACHINES_OF('Rotation')]);
  });

  it('in an app, wherever the construct is, and beside another one', () => {
    const stack = makeStack();
    new DocDbRotation(new Construct(stack, 'Data'), 'Credentials');
    new DocDbRotation(stack, 'Other');
    expect(found(Template.fromStack(stack))).toEqual([MACHINES_OF('DataCredentials'), MACHINES_OF('Other')]);
  });

  it.each([
    [
      'StateMachine',
      'StateMachineWorkflow',
      'StateMachineRecoveryWorkflow',
      'StateMachineRetirement',
      'StateMachineFunctionsTrigger',
    ],
    [
      'DataRecovery',
      'DataRecoveryStateMachineWorkflow',
      'DataRecoveryWorkflow',
      'DataRecoveryRetirement',
      'DataRecoveryFunctionsTrigger',
    ],
    [
      'Retirement',
      'RetirementStateMachineWorkflow',
      'RetirementRecoveryWorkflow',
      'Retirement',
      'RetirementFunctionsTrigger',
    ],
    [
      'MyFunctions',
      'MyFunctionsStateMachineWorkflow',
      'MyFunctionsRecoveryWorkflow',
      'MyFunctionsRetirement',
      'MyFunctionsTrigger',
    ],
  ])('by an id that CDK makes shorter: %s', (id, rotation, recovery, retirement, trigger) => {
    const stack = makeStack();
    new DocDbRotation(stack, id);
    const machines = [rotation, recovery, retirement].map((name) => `the StateMachine ${name}`);
    expect(found(Template.fromStack(stack))).toEqual([[id, ...machines, `the Function ${trigger}`]]);
  });

  it('and not in a stack without one', () => {
    expect(rotationsIn('my-stack', []).size).toBe(0);
  });
});
