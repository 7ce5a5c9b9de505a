import { Template } from 'aws-cdk-lib/assertions';
import { describe, expect, it } from 'vitest';
import { DocDbRotation } from '../../../infra/docdb-rotation.ts';
import { makeStack } from './synthesized.ts';

const STACK = 'x'.repeat(128);
const STACK_ID = `arn:aws:cloudformation:eu-central-1:111122223333:stack/${STACK}/0f1e2d3c-aaaa-bbbb-cccc-000000000000`;

/** What CloudFormation makes of a name. */
const resolved = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(resolved);
  if (typeof value !== 'object' || value === null) return value;
  const [[key, inner] = []] = Object.entries(value);
  if (key === 'Ref') return inner === 'AWS::StackId' ? STACK_ID : STACK;
  const [first, second] = resolved(inner) as [string, string & string[]];
  if (key === 'Fn::Split') return second.split(first);
  return key === 'Fn::Select' ? second[Number(first)] : second.join(first);
};

/** The names of the log groups of the machines of two rotations in one stack. */
const namesOfMachines = (): unknown[] => {
  const stack = makeStack();
  for (const id of ['One', 'Two']) new DocDbRotation(stack, id);
  const template = Template.fromStack(stack);
  const groups = template.findResources('AWS::Logs::LogGroup');
  const machines = Object.values(template.findResources('AWS::StepFunctions::StateMachine'));
  return machines.map(({ Properties }) => {
    const [{ CloudWatchLogsLogGroup }] = Properties.LoggingConfiguration.Destinations;
    return groups[CloudWatchLogsLogGroup.LogGroupArn['Fn::GetAtt'][0]]?.Properties.LogGroupName;
  });
};

describe('The log group of a state machine', () => {
  const names = namesOfMachines().map((name) => String(resolved(name)));

  it('takes no place in the resource policy of the account', () => {
    expect(names).toHaveLength(6);
    for (const name of names) expect(name).toMatch(/^\/aws\/vendedlogs\/states\//);
  });

  it('has a name of its own, in each stack and for each rotation', () => {
    expect(new Set(names).size).toBe(6);
    for (const name of names) expect(name).toContain(`${STACK}-0f1e2d3c-`);
  });

  it('has an ARN that a state machine takes, also in a stack with a long name', () => {
    for (const name of names) {
      expect(name).toMatch(/^[\w./#-]+$/);
      const arn = `arn:aws-us-gov:logs:us-gov-west-1:111122223333:log-group:${name}:*`;
      expect(arn.length).toBeLessThanOrEqual(256);
    }
  });
});
