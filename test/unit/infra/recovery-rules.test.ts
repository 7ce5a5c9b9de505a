import { Template } from 'aws-cdk-lib/assertions';
import { type IKey, Key } from 'aws-cdk-lib/aws-kms';
import { describe, expect, it } from 'vitest';
import type { ExecutionResult } from '../../../functions/report-outcome/execution-result.ts';
import { startsRecovery } from '../../../functions/report-outcome/starts-recovery.ts';
import { DocDbRotation } from '../../../infra/docdb-rotation.ts';
import { makeStack } from './synthesized.ts';

type Pattern = Readonly<Record<string, readonly unknown[]>>;

interface Rules {
  /** The patterns of the rules that start the recovery. */
  readonly patterns: readonly Pattern[];
  readonly machines: Readonly<Record<string, unknown>>;
}

const rulesWith = (hasKey: boolean): Rules => {
  const stack = makeStack();
  const key = hasKey ? { encryptionKey: new Key(stack, 'Key') as IKey } : {};
  const rotation = new DocDbRotation(stack, 'Rotation', key);
  const machines = {
    rotation: stack.resolve(rotation.stateMachine.stateMachineArn),
    recovery: stack.resolve(rotation.recovery.stateMachineArn),
    retirement: stack.resolve(rotation.retirement.stateMachineArn),
  };
  const rules = Object.values(Template.fromStack(stack).findResources('AWS::Events::Rule'));
  const starting = rules.filter(
    ({ Properties }) => JSON.stringify(Properties.Targets[0].Arn) === JSON.stringify(machines.recovery),
  );
  for (const { Properties } of starting) {
    expect(Properties.EventPattern).toMatchObject({
      source: ['aws.states'],
      'detail-type': ['Step Functions Execution Status Change'],
    });
    expect(Properties.Targets).toMatchObject([{ InputPath: '$.detail' }]);
  }
  return { patterns: starting.map(({ Properties }) => Properties.EventPattern.detail), machines };
};

/** As EventBridge does: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html */
const matches = (pattern: Pattern, event: Readonly<Record<string, unknown>>): boolean =>
  Object.entries(pattern).every(([key, allowed]) => allowed.some((one) => fits(one, event[key])));

const fits = (one: unknown, actual: unknown): boolean => {
  const { prefix } = Object(one);
  if (typeof prefix === 'string') return typeof actual === 'string' && actual.startsWith(prefix);
  return JSON.stringify(one) === JSON.stringify(actual);
};

const MACHINES = ['rotation', 'recovery', 'retirement'];
const ENDS: [ExecutionResult['status'], string | undefined][] = [
  ['SUCCEEDED', undefined],
  ['ABORTED', undefined],
  ['TIMED_OUT', 'States.Timeout'],
  ['FAILED', 'States.Runtime'],
  ['FAILED', 'States.DataLimitExceeded'],
  ['FAILED', 'RotationSupersededError'],
  ['FAILED', 'RotationSupersededErrorOfAnother'],
  ['FAILED', 'RolledBack'],
  ['FAILED', 'RollbackFailed'],
  ['FAILED', 'RecoveryFailed'],
  ['FAILED', 'RetirementFailed'],
  ['FAILED', 'InvalidInputError'],
];
const CASES = MACHINES.flatMap((machine) => ENDS.map(([status, error]) => [machine, status, error] as const));

const started = ({ patterns, machines }: Rules, [machine, status, error]: (typeof CASES)[number]): number =>
  patterns.filter((pattern) => matches(pattern, { stateMachineArn: machines[machine], status, error }))
    .length;

const reported = ([, status, error]: (typeof CASES)[number], input: object = { secretId: 'app' }): boolean =>
  startsRecovery({
    executionArn: 'any',
    stateMachineArn: 'any',
    status,
    error,
    input: { ...input },
    output: {},
  });

describe('The rules that start a recovery', () => {
  it.each(CASES)('agree with what is reported of a %s that ended as %s %s', (...ended) => {
    expect(started(rules, ended)).toBe(reported(ended) ? 1 : 0);
  });

  it.each(CASES)('with a key of yours, miss no %s that ended as %s %s', (...ended) => {
    const byRule = started(rulesWithKey, ended);
    expect(byRule).toBe(ended[1] === 'SUCCEEDED' ? 0 : 1);
    if (reported(ended)) expect(byRule).toBe(1);
  });

  const rules = rulesWith(false);
  const rulesWithKey = rulesWith(true);
});

describe('A recovery is reported as started', () => {
  const aborted = ['rotation', 'ABORTED', undefined] as const;

  it.each([
    ['not for a verification, which changed nothing', { secretId: 'app', mode: 'verify' }, false],
    ['not for a check, which changed nothing either', { secretId: 'app', mode: 'check' }, false],
    ['not where no one knows of which secret', {}, false],
    [
      'for a recovery that the rule started',
      { executionArn: 'x', status: 'ABORTED', input: '{"secretId":"app"}' },
      true,
    ],
    [
      'for such a recovery whose event came without the input',
      { executionArn: 'x', status: 'ABORTED' },
      true,
    ],
    [
      'not for a recovery of a verification',
      { executionArn: 'x', status: 'ABORTED', input: '{"secretId":"app","mode":"verify"}' },
      false,
    ],
  ])('%s', (_what, input, starts) => {
    expect(reported(aborted, input)).toBe(starts);
  });
});
