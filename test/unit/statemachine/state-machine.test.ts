import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import validate from 'asl-validator';
import type jsonata from 'jsonata';
import { describe, expect, it } from 'vitest';
import * as errors from '../../../functions/contract/errors.ts';
import { STEPS } from '../../../infra/functions/steps.ts';
import {
  DEFINITIONS,
  definitionOf,
  deployedDefinitionOf,
  placeholdersIn,
  textOf,
} from '../../support/definitions.ts';
import { compiled, expressionIn } from '../../support/expressions.ts';
import type { Retrier, State } from '../../support/state-machine.ts';

/** A step ends itself after that; the state machine has to wait longer, or it would retry a step that still runs. */
const FUNCTION_TIMEOUT_SECONDS = 60;

/**
 * What Lambda answers while it makes a function ready that was idle for weeks, or has no network for it. The first is
 * not documented, but is what comes: https://github.com/boto/boto3/issues/3788
 * https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html#API_Invoke_Errors
 */
const NOT_READY = [
  'Lambda.CodeArtifactUserPendingException',
  'Lambda.ResourceNotReadyException',
  'Lambda.ResourceConflictException',
  'Lambda.EC2ThrottledException',
  'Lambda.EC2UnexpectedException',
  'Lambda.ENILimitReachedException',
  'Lambda.SubnetIPAddressLimitReachedException',
];

/** https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html and https://docs.aws.amazon.com/step-functions/latest/dg/sfn-best-practices.html#bp-lambda-serviceexception */
const ERRORS_OF_AWS = new Set([
  'States.ALL',
  'States.TaskFailed',
  'States.Timeout',
  'Lambda.ServiceException',
  'Lambda.AWSLambdaException',
  'Lambda.SdkClientException',
  'Lambda.ClientExecutionTimeoutException',
  'Lambda.TooManyRequestsException',
  'Lambda.Unknown',
  'Sandbox.Timedout',
  'Runtime.ExitError',
  'Runtime.OutOfMemory',
  'StepFunctions.ExecutionAlreadyExistsException',
  ...NOT_READY,
]);

/** No retry mends these, and no state treats them differently from any other failure: States.ALL catches them. */
const TERMINAL = [
  'AdminSecretMismatchError',
  'AdminSecretRequiredError',
  'CertificateNotTrustedError',
  'ChangeRefusedError',
  'ClusterApiRefusedError',
  'ClusterMismatchError',
  'DatabaseIncompatibleError',
  'InstanceNotTrustedError',
  'InvalidSecretError',
  'NotAuthorizedError',
  'NothingToRevertError',
  'OtherUserNotDisabledError',
  'PendingVersionMismatchError',
  'ResetNotAllowedError',
  'SecretsManagerRefusedError',
  'UnexpectedError',
  'UntrustedVersionError',
  'UserChangedError',
  'UserNameTakenError',
  'UserNotFoundError',
];

/** These never leave the trigger. */
const OF_THE_TRIGGER = ['RotationFailedError', 'RotationStillRunningError', 'StepFunctionsUnavailableError'];

const CLASSES = Object.keys(errors).filter((name) => name !== 'RotationError');

// cfn-lint (E3601) takes a placeholder for a Resource, or an ARN, but no ARN with a placeholder in it.
// https://github.com/aws-cloudformation/cfn-lint/blob/main/docs/rules.md
it.each(DEFINITIONS)('the %s names what a task calls by one placeholder', (name) => {
  const resources = [...textOf(name).matchAll(/"Resource":"([^"]*)"/g)].map(([, resource]) => resource);
  expect(resources).not.toEqual([]);
  for (const resource of resources) expect(resource).toMatch(/^\$\{\w+\}$/);
});

const statesOf = (name: string): [string, State][] => Object.entries(definitionOf(name).States);

const namesCaught = (name: string): string[] =>
  statesOf(name).flatMap(([, { Retry = [], Catch = [] }]) =>
    [...Retry, ...Catch].flatMap(({ ErrorEquals }) => ErrorEquals),
  );

/** By a retrier, a catcher, or the condition of a choice. */
const namesDecidedBy = (name: string): string[] => [
  ...namesCaught(name),
  ...statesOf(name).flatMap(([, { Choices = [] }]) =>
    Choices.flatMap(({ Condition }) =>
      [...Condition.matchAll(/'(\w+Error)'/g)].map(([, error = '']) => error),
    ),
  ),
];

const expressionsOf = (value: unknown): string[] => {
  if (typeof value === 'string') return [expressionIn(value) ?? []].flat();
  if (typeof value !== 'object' || value === null) return [];
  return Object.values(value).flatMap(expressionsOf);
};

/** Seconds, of all its retries together; on the average, where chance shortens them. */
const longestWait = (retrier: Retrier): number => {
  const { IntervalSeconds = 1, BackoffRate = 2, MaxDelaySeconds = Infinity, MaxAttempts = 3 } = retrier;
  const waits = Array.from({ length: MaxAttempts }, (_, retry) =>
    Math.min(MaxDelaySeconds, IntervalSeconds * BackoffRate ** retry),
  );
  const sum = waits.reduce((one, other) => one + other, 0);
  return retrier.JitterStrategy === 'FULL' ? sum / 2 : sum;
};

const nextOf = ({ Next, Default, Choices = [], Catch = [] }: State): string[] =>
  [Next, Default, ...Choices.map((choice) => choice.Next), ...Catch.map((catcher) => catcher.Next)].filter(
    (next) => next !== undefined,
  );

const reachable = (name: string): Set<string> => {
  const { StartAt, States } = definitionOf(name);
  const seen = new Set<string>();
  const queue = [StartAt];
  for (let state = queue.pop(); state !== undefined; state = queue.pop()) {
    if (seen.has(state)) continue;
    seen.add(state);
    queue.push(...nextOf(States[state] ?? { Type: 'none' }));
  }
  return seen;
};

/** Every variable in an expression. */
const variablesIn = (node: unknown): string[] => {
  if (typeof node !== 'object' || node === null) return [];
  const { type, value } = node as jsonata.ExprNode;
  const own = type === 'variable' && value !== '' && value !== '$' ? [String(value)] : [];
  return [...own, ...Object.values(node).flatMap(variablesIn)];
};

/** Those that it makes itself: by `:=`, or as parameters of a function. */
const variablesMadeIn = (node: unknown): string[] => {
  if (typeof node !== 'object' || node === null) return [];
  const { type, lhs, arguments: parameters } = node as { type?: string; lhs?: unknown; arguments?: unknown };
  const own = type === 'bind' ? variablesIn(lhs) : type === 'lambda' ? variablesIn(parameters) : [];
  return [...own, ...Object.values(node).flatMap(variablesMadeIn)];
};

const variablesReadIn = (source: string): string[] => {
  const ast = compiled(source).ast();
  const made = variablesMadeIn(ast);
  return variablesIn(ast).filter((name) => !made.includes(name));
};

const BUILT_IN = new Set(
  'states abs append ceil contains count distinct exists filter floor hash join keys length lowercase match max merge millis min not now parse power replace round string substring substringBefore sum type uppercase uuid'.split(
    ' ',
  ),
);

describe.each(DEFINITIONS)('the state machine %s', (name) => {
  const states = statesOf(name);
  const tasks = states.filter(([, { Type }]) => Type === 'Task');
  const steps = tasks.filter(([, { Resource }]) => Resource?.endsWith('FunctionArn'));

  it('is valid Amazon States Language', () => {
    const { isValid, errorsText } = validate(deployedDefinitionOf(name));
    expect(isValid, errorsText('\n')).toBe(true);
  });

  it('speaks JSONata and comes to an end by itself', () => {
    expect(definitionOf(name)).toMatchObject({
      QueryLanguage: 'JSONata',
      TimeoutSeconds: expect.any(Number),
    });
  });

  // Functions beside those of JSONata, and the one that is left out: https://docs.aws.amazon.com/step-functions/latest/dg/transforming-data.html
  it('evaluates nothing that it made itself', () => {
    expect(expressionsOf(definitionOf(name)).filter((source) => source.includes('$eval'))).toEqual([]);
  });

  it('has only expressions that parse', () => {
    for (const source of expressionsOf(definitionOf(name))) expect(() => compiled(source)).not.toThrow();
  });

  it('reads only variables that some state assigns', () => {
    const assigned = states.flatMap(([, { Assign = {}, Catch = [], Choices = [] }]) =>
      [Assign, ...[...Catch, ...Choices].map((way) => way.Assign ?? {})].flatMap(Object.keys),
    );
    const read = expressionsOf(definitionOf(name)).flatMap(variablesReadIn);
    expect(new Set(read.filter((each) => !BUILT_IN.has(each) && !assigned.includes(each)))).toEqual(
      new Set(),
    );
  });

  it('has a comment on itself and on every state', () => {
    expect(states.filter(([, { Comment }]) => !Comment).map(([state]) => state)).toEqual([]);
    expect(definitionOf(name).Comment).toBeTruthy();
  });

  it('has only states that can be reached, and reaches only states that are there', () => {
    expect([...reachable(name)].sort()).toEqual(states.map(([state]) => state).sort());
  });

  it.each(tasks)(
    '%s has a time limit, is retried, and whatever fails is caught',
    (_state, { TimeoutSeconds, Retry, Catch }) => {
      expect(TimeoutSeconds).toBeGreaterThan(0);
      expect(Retry?.length).toBeGreaterThan(0);
      expect(Catch?.at(-1)?.ErrorEquals).toEqual(['States.ALL']);
    },
  );

  it.each(steps)('%s waits longer than its function may run', (_state, { TimeoutSeconds }) => {
    expect(TimeoutSeconds).toBeGreaterThan(FUNCTION_TIMEOUT_SECONDS);
  });

  it.each(steps)('%s gives Lambda minutes to make its function ready', (_state, { Retry = [] }) => {
    for (const error of NOT_READY) {
      const retrier = Retry.find(({ ErrorEquals }) => ErrorEquals.includes(error));
      expect(retrier && longestWait(retrier), error).toBeGreaterThan(150);
    }
  });

  it('names in Retry and Catch only errors of this project or of AWS', () => {
    const unknown = namesCaught(name).filter((each) => !CLASSES.includes(each) && !ERRORS_OF_AWS.has(each));
    expect(unknown).toEqual([]);
  });

  it('retries no error that is terminal', () => {
    const retried = states.flatMap(([, { Retry = [] }]) => Retry.flatMap(({ ErrorEquals }) => ErrorEquals));
    expect(retried.filter((each) => TERMINAL.includes(each))).toEqual([]);
  });

  it('has only placeholders that the infrastructure fills', () => {
    const folder = join(import.meta.dirname, '..', '..', '..', 'infra');
    const infra = readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts'))
      .map((file) => readFileSync(join(folder, file), 'utf8'))
      .join('\n');
    const steps = Object.keys(STEPS).map((step) => `${step}FunctionArn`);
    const unfilled = placeholdersIn(textOf(name)).filter(
      (each) => !steps.includes(each) && !new RegExp(`\\b${each}:`).test(infra),
    );
    expect(unfilled).toEqual([]);
  });

  it('ends every failure with a cause that names its section of the runbook', () => {
    const failures = states.filter(([, { Type }]) => Type === 'Fail');
    for (const [state, { Cause, Error: error }] of failures) {
      expect(Cause, state).toContain('https://example.com/RUNBOOK.md#');
      expect(error, state).toBeTruthy();
    }
  });
});

// https://docs.aws.amazon.com/step-functions/latest/dg/transforming-data.html: the reference that AWS links to is of 2.0.6
it('the definitions are evaluated by the version of JSONata that Step Functions has', () => {
  const file = join(import.meta.dirname, '..', '..', '..', 'node_modules', 'jsonata', 'package.json');
  expect(JSON.parse(readFileSync(file, 'utf8')).version).toBe('2.0.6');
});

it('every choice of every state machine has a comment', () => {
  const silent = DEFINITIONS.flatMap(statesOf).flatMap(([state, { Choices = [] }]) =>
    Choices.filter(({ Comment }) => !Comment).map(({ Next }) => `${state} → ${Next}`),
  );
  expect(silent).toEqual([]);
});

describe('the errors of this project', () => {
  it('are each named in a state machine, or known to be terminal or the trigger’s own', () => {
    const named = DEFINITIONS.flatMap(namesDecidedBy);
    const known = [...named, ...TERMINAL, ...OF_THE_TRIGGER];
    expect(CLASSES.filter((each) => !known.includes(each))).toEqual([]);
  });

  it('that are terminal are named in none', () => {
    const named = DEFINITIONS.flatMap(namesCaught);
    expect(TERMINAL.filter((each) => named.includes(each))).toEqual([]);
  });

  it('that are listed here exist', () => {
    expect([...TERMINAL, ...OF_THE_TRIGGER].filter((each) => !CLASSES.includes(each))).toEqual([]);
  });
});
