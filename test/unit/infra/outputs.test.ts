import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { App, type Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { describe, expect, it } from 'vitest';
import { DocDbRotation } from '../../../infra/docdb-rotation.ts';
import { readConfig } from '../../../infra/options/config.ts';
import { RotationStack } from '../../../infra/rotation-stack.ts';
import { makeStack } from './synthesized.ts';

const RUNBOOK = readFileSync(join(import.meta.dirname, '../../../statemachine/RUNBOOK.md'), 'utf8');

/** What the runbook's commands look up, as the variables that they set. */
const lookups = [
  ...RUNBOOK.matchAll(/^([A-Z]+)=\$\(aws cloudformation describe-stacks [\s\S]+?\[\?(\w+)=='([^']+)'\]/gm),
].map(([, variable = '', key = '', value = '']) => ({ variable, key, value }));

interface Output {
  readonly Description?: string;
  readonly Value: unknown;
}

const found = (stack: Stack, { key, value }: { key: string; value: string }): unknown[] => {
  const outputs = Object.entries<Output>(Template.fromStack(stack).toJSON().Outputs);
  return outputs
    .filter(([OutputKey, { Description }]) => ({ OutputKey, Description })[key] === value)
    .map(([, { Value }]) => Value);
};

describe('The first commands of the runbook, pasted', () => {
  it.each([
    [
      'with the construct in an app, whatever its id',
      () => {
        const stack = makeStack();
        return { stack, rotation: new DocDbRotation(stack, 'Credentials') };
      },
    ],
    [
      'with the stack of this repository',
      () => {
        const stack = new RotationStack(new App(), 'Test', { config: readConfig({}) });
        return { stack, rotation: stack.node.findChild('Rotation') as DocDbRotation };
      },
    ],
  ])('find what they look for %s', (_where, make) => {
    const { stack, rotation } = make();
    const wanted: Record<string, unknown> = {
      MACHINE: rotation.stateMachine.stateMachineArn,
      RECOVERY: rotation.recovery.stateMachineArn,
      RETIREMENT: rotation.retirement.stateMachineArn,
      TRIGGER: rotation.trigger.functionName,
    };
    expect(lookups.map(({ variable }) => variable)).toEqual(Object.keys(wanted));
    for (const lookup of lookups)
      expect(found(stack, lookup), lookup.variable).toEqual([stack.resolve(wanted[lookup.variable])]);
  });
});
