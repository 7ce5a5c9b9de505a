import { Template } from 'aws-cdk-lib/assertions';
import { beforeAll, describe, expect, it } from 'vitest';
import { DocDbRotation } from '../../../infra/docdb-rotation.ts';
import { readConfig } from '../../../infra/options/config.ts';
import { makeStack } from './synthesized.ts';

/** The longest that Lambda gives a function to start: https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html */
const INIT_SECONDS = 10;

interface Task {
  readonly name: string;
  readonly TimeoutSeconds: number;
  /** The time-out of the function that it calls. */
  readonly functionSeconds: number;
}

interface Machine {
  readonly id: string;
  readonly tasks: readonly Task[];
  readonly drainSeconds: number | undefined;
}

/** The machines as they are deployed, and the functions that each of their tasks calls. */
const deployedMachines = (): Machine[] => {
  const stack = makeStack();
  new DocDbRotation(stack, 'Rotation');
  const template = Template.fromStack(stack);
  const functions = template.findResources('AWS::Lambda::Function');
  const machines = Object.entries(template.findResources('AWS::StepFunctions::StateMachine'));
  return machines.map(([id, { Properties }]) => {
    const substitutions = Properties.DefinitionSubstitutions;
    const states: [string, { Resource?: string; TimeoutSeconds: number }][] = Object.entries(
      JSON.parse(Properties.DefinitionString).States,
    );
    const tasks = states.flatMap(([name, { Resource = '', TimeoutSeconds }]) => {
      const [, placeholder = ''] = /^\$\{(\w+FunctionArn)\}$/.exec(Resource) ?? [];
      if (placeholder === '') return [];
      const functionSeconds = functions[substitutions[placeholder]['Fn::GetAtt'][0]]?.Properties.Timeout;
      return [{ name, TimeoutSeconds, functionSeconds }];
    });
    const { DrainSeconds } = substitutions;
    return {
      id,
      tasks,
      drainSeconds: DrainSeconds === undefined ? undefined : Number(DrainSeconds),
    };
  });
};

describe('The time-outs', () => {
  let machines: Machine[];
  beforeAll(() => {
    machines = deployedMachines();
    expect(machines.map(({ tasks }) => tasks.length).sort((one, other) => one - other)).toEqual([1, 4, 12]);
  });

  it('a state waits longer for its function than Lambda lets it start and run', () => {
    const tasks = machines.flatMap(({ id, tasks }) => tasks.map((task) => ({ ...task, id })));
    const tooShort = tasks.filter(
      ({ TimeoutSeconds, functionSeconds }) => !(TimeoutSeconds > functionSeconds + INIT_SECONDS),
    );
    expect(tooShort).toEqual([]);
  });

  it('the drain ends after every function that was running, with twenty seconds to spare', () => {
    const longest = Math.max(...machines.flatMap(({ tasks }) => tasks.map((task) => task.functionSeconds)));
    const drains = machines.flatMap(({ drainSeconds }) => drainSeconds ?? []);
    expect(drains).toHaveLength(2);
    for (const drain of [...drains, readConfig({}).drainSeconds])
      expect(drain).toBeGreaterThanOrEqual(longest + INIT_SECONDS + 20);
  });
});
