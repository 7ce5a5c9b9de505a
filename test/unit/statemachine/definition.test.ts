import { readFileSync } from 'node:fs';
import validate from 'asl-validator';
import { describe, expect, it } from 'vitest';
import { isAlias, isScalar, isSeq, parseDocument, visit } from 'yaml';
import { definitionNames, readDefinition, sourceOf } from '../../../statemachine/definition.ts';
import { definitionOf, deployedDefinitionOf } from '../../support/definitions.ts';
import type { Retrier, State } from '../../support/state-machine.ts';

/** Every key and every text of a definition. */
const keysOf = (value: unknown): string[] => {
  if (typeof value !== 'object' || value === null) return [];
  const inside = Object.values(value).flatMap(keysOf);
  return Array.isArray(value) ? inside : [...Object.keys(value), ...inside];
};

const textsOf = (value: unknown): string[] => {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsOf) : [];
};

describe.each(definitionNames())('the JSON of the %s', (name) => {
  const definition = readDefinition(name);

  it('is valid Amazon States Language', () => {
    const { isValid, errorsText } = validate(deployedDefinitionOf(name));
    expect(isValid, errorsText('\n')).toBe(true);
  });

  it('is all that was read: nothing that only YAML can say', () => {
    expect(JSON.parse(JSON.stringify(definition))).toStrictEqual(definition);
  });

  it('has no key for anchors, and no merge that was not done', () => {
    expect(keysOf(definition).filter((key) => /^x-|^<</.test(key))).toEqual([]);
  });

  // A line break in a JSONata text is one that folding has kept by mistake: its line begins further to the right.
  it('has no text that still is an anchor or an alias, or is broken into lines', () => {
    expect(textsOf(definition).filter((text) => /^[*&]|\n/.test(text))).toEqual([]);
  });
});

describe.each(definitionNames())('the source of the %s', (name) => {
  const source = parseDocument(readFileSync(sourceOf(name), 'utf8'), { merge: true });

  it('is read without a warning', () => {
    expect([...source.errors, ...source.warnings]).toEqual([]);
  });

  it('has its policies by name in every state', () => {
    const retries: unknown[] = [];
    visit(source, {
      Pair: (_key, { key, value }) => {
        if (isScalar(key) && key.value === 'Retry') retries.push(value);
      },
    });
    expect(retries).not.toEqual([]);
    for (const retry of retries) expect(isSeq(retry) && retry.items.every(isAlias), String(retry)).toBe(true);
  });

  it('has no anchor that nothing refers to', () => {
    const [anchors, aliases] = [new Set<string>(), new Set<string>()];
    visit(source, {
      Alias: (_key, { source: anchor }) => void aliases.add(anchor),
      Value: (_key, { anchor }) => void (anchor && anchors.add(anchor)),
    });
    expect([...anchors].filter((anchor) => !aliases.has(anchor))).toEqual([]);
  });

  it('says why, for every policy', () => {
    const lines = (
      /^x-policies:\n(?: .*\n|\n)+/m.exec(readFileSync(sourceOf(name), 'utf8'))?.[0] ?? ''
    ).split('\n');
    const policies = lines.flatMap((line, index) => (/^ {2}(?:-|[\w-]+:) &/.test(line) ? [index] : []));
    expect(policies.length).toBeGreaterThan(1);
    expect(policies.filter((index) => !/^ {2}# /.test(lines[index - 1] ?? ''))).toEqual([]);
  });
});

/** Steps that may give up soon, since what they leave is put back. */
const FORWARD = [
  'CreateSecret',
  'CheckBefore',
  'SetSecret',
  'TestSecret',
  'FinishSecret',
  'CheckAfter',
  'Verify',
];

/** Steps that clear up after a change, for hours if need be. */
const RETRIED_FOR_HOURS = [
  'RestoreCurrentLabel',
  'RestoreCredential',
  'RestoreLabels',
  'CheckRestored',
  'ReleaseLock',
  'TakeLock',
  'RecoverSecret',
  'CheckRecovered',
];

/** What a task waits for, without what only some of its kind wait for. */
const kindOf = (state: string, { Resource = '' }: State): string => {
  if (!Resource.endsWith('FunctionArn')) return Resource;
  if (FORWARD.includes(state)) return 'forward';
  // It changes a user and releases the lock in one call, so that it waits for the drain before it is called again.
  if (state === 'RetireUser') return 'a change and the release';
  return RETRIED_FOR_HOURS.includes(state) ? 'retried for hours' : `${state} is of no kind`;
};

/** How many policies every task of a kind begins with. */
const SHARED: Readonly<Record<string, number>> = { forward: 2 };

it('a retirement is called again when what it had sent has come: after the drain, and no sooner by chance', () => {
  const [first] = definitionOf('retirement').States.RetireUser?.Retry ?? [];
  expect(first).toMatchObject({ IntervalSeconds: 90, JitterStrategy: 'NONE' });
  expect(first?.ErrorEquals).toEqual(definitionOf('recovery').States.RecoverSecret?.Retry?.[0]?.ErrorEquals);
});

describe('the policies of every machine', () => {
  const tasks = definitionNames()
    .flatMap((name) => Object.entries(definitionOf(name).States))
    .filter(([, { Type }]) => Type === 'Task');
  const kinds = Map.groupBy(tasks, ([name, state]) => kindOf(name, state));

  it('are those of some kind of task', () => {
    expect([...kinds.keys()].sort()).toEqual([
      'a change and the release',
      'arn:aws:states:::aws-sdk:sfn:describeExecution',
      'arn:aws:states:::lambda:invoke',
      'arn:aws:states:::sns:publish',
      'arn:aws:states:::states:startExecution',
      'forward',
      'retried for hours',
    ]);
  });

  it.each([...kinds])('are the same for every task of the kind %s', (kind, ofKind) => {
    const shared = ofKind.map(([, { Retry = [] }]) => Retry.slice(0, SHARED[kind] ?? 1));
    for (const policies of shared) expect(policies).toEqual(shared[0]);
  });

  // A recovery waits for a label that moves at that moment, a retirement for a whole execution, and after each change for the drain.
  it('differ for the same errors only in how long they are kept up, but where the lock is waited for', () => {
    const own = tasks
      .filter(([name, { Resource }]) => Resource?.endsWith('FunctionArn') && name !== 'RetireUser')
      .flatMap(([, { Retry = [] }]) => Retry)
      .filter(({ ErrorEquals }) => ErrorEquals.join() !== 'RotationInProgressError');
    const byErrors = Map.groupBy(own, ({ ErrorEquals }) => ErrorEquals.join());
    for (const [errors, retriers] of byErrors) {
      const paces = retriers.map(({ MaxAttempts: _, ...pace }: Retrier) => pace);
      for (const pace of paces) expect(pace, errors).toEqual(paces[0]);
    }
  });
});
