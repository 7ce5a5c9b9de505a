import { describe, expect, it } from 'vitest';
import { definitionOf } from '../../support/definitions.ts';
import { type Ending, StateMachine, TaskError, type Tasks } from '../../support/state-machine.ts';

/*
 * Lambda writes a Cause as JSON, which Step Functions may cut off; other services write what they like. An execution that
 * could not read one would end with States.QueryEvaluationError, and leave everything as it was at that moment.
 */

/** https://docs.aws.amazon.com/step-functions/latest/apireference/API_DescribeExecution.html */
const LONGEST_CAUSE = 32_768;

const LONG = 'x'.repeat(LONGEST_CAUSE);

/** Each \" may be read in one way only: a pattern that can read it in two tries all of their combinations. */
const MANY_QUOTES = `{"errorType":"Boom","errorMessage":"${'the user \\"app\\" '.repeat(500)}`;

const CAUSES: readonly (readonly [what: string, cause: string | null | undefined, reason: string])[] = [
  ['of a function', '{"errorType":"Boom","errorMessage":"it broke","trace":["at it"]}', 'it broke'],
  [
    'with quotes in it',
    '{"errorType":"Boom","errorMessage":"the user \\"app\\" is gone"}',
    'the user "app" is gone',
  ],
  ['with an empty sentence', '{"errorType":"Boom","errorMessage":"","trace":[]}', ''],
  ['cut off behind its sentence', '{"errorType":"Boom","errorMessage":"it broke","trace":["at i', 'it broke'],
  [
    'cut off within its sentence',
    '{"errorType":"Boom","errorMessage":"it bro',
    '{"errorType":"Boom","errorMessage":"it bro',
  ],
  ['cut off behind a backslash', '{"errorMessage":"it bro\\', '{"errorMessage":"it bro\\'],
  ['cut off within a sentence of many quotes', MANY_QUOTES, MANY_QUOTES.slice(0, 100)],
  ['that is no JSON', 'Sandbox.Timedout: ended after 60 seconds', 'Sandbox.Timedout: ended after 60 seconds'],
  ['that is long', LONG, LONG.slice(0, 100)],
  ['that is empty', '', 'no cause was given'],
  ['that is missing', undefined, 'no cause was given'],
  ['that is null', null, 'no cause was given'],
];

const fails = (cause: string | null | undefined) => async () => {
  throw new TaskError('Boom', cause);
};

interface Case {
  readonly machine: string;
  readonly input: object;
  readonly tasks: (cause: string | null | undefined, notices: unknown[]) => Tasks;
  readonly ends: string;
  readonly words: string;
}

const plan = {
  secretArn: 'arn:of:it',
  secretName: 'shop/app',
  strategy: 'single-user',
  pendingVersion: 'p',
};

const topic = (notices: unknown[]) => async (notice: unknown) => void notices.push(notice);

const CASES: readonly Case[] = [
  {
    machine: 'rotation',
    input: { secretId: 'shop/app' },
    tasks: (cause) => ({
      CreateSecretFunctionArn: fails(cause),
      ReleaseLockFunctionArn: async () => ({ outcome: 'nothing-to-release' }),
    }),
    ends: 'Refused',
    words: 'CreateSecret failed with Boom: ',
  },
  {
    machine: 'rotation',
    input: { secretId: 'shop/app', mode: 'verify' },
    tasks: (cause) => ({ TestSecretFunctionArn: fails(cause) }),
    ends: 'Refused',
    words: 'Verify failed with Boom: ',
  },
  {
    machine: 'rotation',
    input: { secretId: 'shop/app' },
    tasks: (cause, notices) => ({
      CreateSecretFunctionArn: async () => plan,
      TestSecretFunctionArn: async () => ({ roles: [], instances: 1, username: 'app' }),
      SetSecretFunctionArn: fails(cause),
      RestoreCredentialFunctionArn: fails(cause),
      'arn:aws:states:::sns:publish': topic(notices),
    }),
    ends: 'RollbackFailed',
    words: 'RestoreCredential failed with Boom: ',
  },
  {
    machine: 'recovery',
    input: { secretId: 'shop/app' },
    tasks: (cause, notices) => ({
      RecoverSecretFunctionArn: fails(cause),
      'arn:aws:states:::sns:publish': topic(notices),
    }),
    ends: 'RecoveryFailed',
    words: 'TakeLock failed with Boom: ',
  },
  {
    machine: 'retirement',
    input: {
      secretId: 'shop/app',
      version: 'v',
      strategy: 'admin-clone',
      predecessor: 'app',
      policy: 'lock',
      graceSeconds: 0,
    },
    tasks: (cause, notices) => ({
      RetireUserFunctionArn: fails(cause),
      'arn:aws:states:::sns:publish': topic(notices),
    }),
    ends: 'RetirementFailed',
    words: 'The user app of shop/app could not be retired: Boom: ',
  },
];

describe.each(CASES)('the $machine that ends as $ends', ({ machine, input, tasks, ends, words }) => {
  it.each(CAUSES)('reads a cause %s', { timeout: 5000 }, async (_what, cause, reason) => {
    const notices: unknown[] = [];
    const ending: Ending = await new StateMachine(definitionOf(machine), tasks(cause, notices)).run(
      'arn:of:the:execution',
      input,
    );
    expect(ending.path.at(-1)).toBe(ends);
    expect(ending.cause?.length).toBeLessThan(LONGEST_CAUSE);
    expect(ending.cause?.startsWith(`${words}${reason}`), ending.cause?.slice(0, 300)).toBe(true);
    for (const notice of notices) expect((notice as { Message: string }).Message).toContain(reason);
  });
});
