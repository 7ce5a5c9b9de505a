import { describe, expect, it } from 'vitest';
import { definitionOf } from '../../support/definitions.ts';
import { type Ending, StateMachine } from '../../support/state-machine.ts';

/* What an execution may be started with, and what an operator is told who started it with anything else. */

const token = 't'.repeat(32);
const SECRET = { secretId: 'shop/app' };

/** No function is there, so it gets no further than to the first that it calls. */
const begin = (name: string, input: unknown): Promise<Ending> =>
  new StateMachine(definitionOf(name), {}).run('arn:of:the:execution', input);

type Refused = readonly [input: unknown, words: RegExp];

/** Refused by both machines, for the same reason. */
const NO_SECRET: readonly Refused[] = [
  [{}, /: secretId is missing, or is not the name or ARN of a secret\./],
  [[], /: the input is no object; it has secretId /],
  [[SECRET], /: the input is no object/],
  ['shop/app', /: the input is no object/],
  [7, /: the input is no object/],
  [null, /: the input is no object/],
  [{ secretId: '' }, /: secretId is missing/],
  [{ secretId: 7 }, /: secretId is missing/],
  [{ secretId: null }, /: secretId is missing/],
  [{ secretId: ['shop/app'] }, /: secretId is missing/],
  [{ secretId: 's'.repeat(2049) }, /: secretId is missing/],
  [{ SecretId: 'shop/app' }, /: unknown key SecretId; known are secretId, /],
  [{ ...SECRET, force: true }, /: unknown key force; known are secretId, /],
  [{ ...SECRET, force: true, hurry: 1 }, /: unknown key force, hurry; /],
];

const expectRefused = async (name: string, [input, words]: Refused): Promise<void> => {
  const { path, error, cause = '' } = await begin(name, input);
  expect(path).toEqual(['Begin', 'CheckInput', 'Refused']);
  expect(error).toBe('InvalidInputError');
  expect(cause).toMatch(words);
  expect(cause).toMatch(
    /^CheckInput failed with InvalidInputError: .*\. Nothing was changed\. See .*#invalidinputerror$/,
  );
};

describe('a rotation', () => {
  it.each([
    [SECRET, 'CreateSecret'],
    [{ ...SECRET, mode: 'rotate' }, 'CreateSecret'],
    [{ ...SECRET, mode: 'revert' }, 'CreateSecret'],
    [{ ...SECRET, mode: 'verify' }, 'Verify'],
    [{ ...SECRET, token }, 'CreateSecret'],
    [{ ...SECRET, token: 't'.repeat(64), mode: 'rotate' }, 'CreateSecret'],
    [{ ...SECRET, token, mode: 'verify' }, 'Verify'],
    [{ ...SECRET, mode: 'check' }, 'Check'],
    [{ ...SECRET, token, mode: 'check' }, 'Check'],
    [{ secretId: 's'.repeat(2048) }, 'CreateSecret'],
  ])('begins with %j, by %s', async (input, state) => {
    expect((await begin('rotation', input)).path[2]).toBe(state);
  });

  it.each([
    ...NO_SECRET,
    [{ ...SECRET, mode: 'dance' }, /: unknown mode dance; known are rotate, verify, revert, check\./],
    [{ ...SECRET, mode: 'Rotate' }, /: unknown mode Rotate; /],
    [{ ...SECRET, mode: null }, /: unknown mode null; /],
    [{ ...SECRET, mode: ['rotate', 'dance'] }, /: unknown mode \["rotate","dance"\]; /],
    [{ ...SECRET, mode: ['rotate'] }, /: unknown mode \["rotate"\]; /],
    [{ ...SECRET, mode: '' }, /: unknown mode ; /],
    [{ ...SECRET, mode: 'm'.repeat(500) }, /: unknown mode m{100}; /],
    [{ ...SECRET, token: 'short' }, /: token is not the id of a version; leave it out\./],
    [{ ...SECRET, token: 't'.repeat(65) }, /: token is not /],
    [{ ...SECRET, token: 7 }, /: token is not /],
    [{ ...SECRET, token: null }, /: token is not /],
    [{ ...SECRET, token, mode: 'revert' }, /: a revert takes no token; leave it out\./],
    [
      { ...SECRET, mode: 'rollback' },
      /: mode rollback is called revert since 0\.2: start again with "mode": "revert"\./,
    ],
    [{ ...SECRET, [`k${'e'.repeat(500)}`]: 1 }, /: unknown key ke{199}; /],
    // What the recovery was before it was a machine of its own.
    [
      { ...SECRET, mode: 'recover' },
      /: mode recover is a state machine of its own: start the recovery machine with \{"secretId": "…"\}\./,
    ],
    [
      { ...SECRET, mode: 'recover', resetThroughAdmin: true },
      /: unknown key resetThroughAdmin; .* A reset belongs to the recovery machine\./,
    ],
    [{ ...SECRET, resetThroughCluster: false }, /: unknown key resetThroughCluster; /],
    [{ executionArn: 'arn:of:it', status: 'ABORTED' }, /: unknown key executionArn, status; /],
  ] as Refused[])('does not begin with %j', async (...refused) => {
    await expectRefused('rotation', refused);
  });
});

describe('a recovery by hand', () => {
  it.each([
    [SECRET],
    [{ ...SECRET, resetThroughAdmin: true }],
    [{ ...SECRET, resetThroughAdmin: false }],
    [{ ...SECRET, resetThroughCluster: true }],
    [{ ...SECRET, resetThroughCluster: true, resetThroughAdmin: false }],
    [{ ...SECRET, resetThroughCluster: false, resetThroughAdmin: true }],
    [{ secretId: 's'.repeat(2048) }],
  ])('begins with %j', async (input) => {
    expect((await begin('recovery', input)).path[2]).toBe('TakeLock');
  });

  it.each([
    ...NO_SECRET,
    [
      { ...SECRET, mode: 'recover' },
      /: unknown key mode; known are secretId, resetThroughAdmin, resetThroughCluster\./,
    ],
    [{ ...SECRET, token }, /: unknown key token; /],
    // Without a status it is no event.
    [{ executionArn: 'arn:of:it' }, /: unknown key executionArn; /],
    [{ executionArn: 7, status: 'ABORTED' }, /: unknown key executionArn, status; /],
    [
      { ...SECRET, resetThroughAdmin: 'true' },
      /: resetThroughAdmin and resetThroughCluster are true or false\./,
    ],
    [
      { ...SECRET, resetThroughAdmin: null },
      /: resetThroughAdmin and resetThroughCluster are true or false\./,
    ],
    [
      { ...SECRET, resetThroughCluster: 'my-cluster' },
      /: resetThroughAdmin and resetThroughCluster are true or false\./,
    ],
    [
      { ...SECRET, resetThroughAdmin: true, resetThroughCluster: true },
      /: resetThroughAdmin and resetThroughCluster are two ways to one end; choose one\./,
    ],
  ] as Refused[])('does not begin with %j', async (...refused) => {
    await expectRefused('recovery', refused);
  });
});

interface Stopped {
  readonly input: unknown;
  readonly error?: string;
}

interface Recovery {
  readonly ending: Ending;
  /** What TakeLock was told. */
  readonly taken: unknown;
  readonly notices: unknown[];
}

/** Step Functions knows what an execution was started with, and its error, whether or not an event has them. */
const recover = async (known: Readonly<Record<string, Stopped>>, event: object): Promise<Recovery> => {
  const notices: unknown[] = [];
  let taken: unknown;
  const tasks = {
    'arn:aws:states:::aws-sdk:sfn:describeExecution': async (request: unknown) => {
      const stopped = known[(request as { ExecutionArn: string }).ExecutionArn];
      if (stopped === undefined)
        throw Object.assign(new Error('the key lets no one in'), { name: 'Sfn.KmsAccessDeniedException' });
      const { input, error } = stopped;
      return { Input: JSON.stringify(input), ...(error === undefined ? {} : { Error: error }) };
    },
    RecoverSecretFunctionArn: async (input: unknown) => {
      taken = input;
      throw Object.assign(new Error('enough'), { name: 'NothingToRecoverError' });
    },
    'arn:aws:states:::sns:publish': async (notice: unknown) => void notices.push(notice),
  };
  const ending = await new StateMachine(definitionOf('recovery'), tasks).run('arn:of:r', event);
  return { ending, taken, notices };
};

const eventOf = (executionArn: string, more: object = { status: 'ABORTED' }): object => ({
  executionArn,
  ...more,
});

describe('a recovery by the rule', () => {
  it.each([
    [SECRET],
    [{ ...SECRET, mode: 'rotate' }],
    [{ ...SECRET, mode: 'revert' }],
    [{ ...SECRET, version: token, predecessor: 'app', graceSeconds: 0 }],
  ])('takes the lock from what was stopped with %j, and from no other', async (input) => {
    const { taken } = await recover({ S: { input } }, eventOf('S', { status: 'TIMED_OUT' }));
    expect(taken).toEqual({ action: 'take-lock', execution: 'arn:of:r', ...SECRET, stopped: ['S'] });
  });

  it('tells the version that Secrets Manager’s rotation was for', async () => {
    const { taken } = await recover({ S: { input: { ...SECRET, token } } }, eventOf('S'));
    expect(taken).toMatchObject({ stopped: ['S'], token });
  });

  it('resets no password, whatever the stopped one was to do', async () => {
    const { ending } = await recover({ S: { input: { ...SECRET, resetThroughAdmin: true } } }, eventOf('S'));
    expect(ending.trail.at(-1)).toMatchObject({ resetThroughAdmin: false, resetThroughCluster: false });
  });

  it.each([
    [{ ...SECRET, mode: 'verify' }],
    [{ ...SECRET, mode: 'check' }],
    [{}],
    [[]],
    [7],
    [{ secretId: 7 }],
  ])('has nothing to recover after the input %j', async (input) => {
    const { ending, taken } = await recover({ S: { input } }, eventOf('S'));
    expect(ending).toMatchObject({ status: 'SUCCEEDED' });
    expect(ending.path.at(-1)).toBe('NothingToRecover');
    expect(taken).toBeUndefined();
  });

  it.each([
    ['of Step Functions', { error: 'States.DataLimitExceeded' }, undefined, true],
    ['of Step Functions that only it knows', { error: null }, 'States.Runtime', true],
    ['that no one knows', {}, undefined, true],
    ['that says that no one answers', { error: 'RotationSupersededError' }, undefined, true],
    ['of its own that only Step Functions knows', {}, 'RolledBack', false],
    ['of its own', { error: 'RolledBack' }, undefined, false],
    ['after which the lock stays for an operator', { error: 'RollbackFailed' }, undefined, false],
  ])('after an error %s', async (_whose, event, error, follows) => {
    const stopped = { input: SECRET, ...(error === undefined ? {} : { error }) };
    const { taken } = await recover({ S: stopped }, eventOf('S', { status: 'FAILED', ...event }));
    expect(taken !== undefined).toBe(follows);
  });

  it('tells the operators where Step Functions does not say what was stopped', async () => {
    const { ending, notices } = await recover({}, eventOf('S'));
    expect(ending).toMatchObject({ status: 'FAILED', error: 'RecoveryFailed' });
    expect(ending.cause).toMatch(
      /^DescribeStoppedExecution failed with Sfn.KmsAccessDeniedException: the key lets no one in\. Manual action required: AWSCURRENT of unknown may not log in, and the lock may still be held\. Fix the cause above, then start this machine with \{"secretId": "…"\}\. See .*#recoveryfailed$/,
    );
    expect(notices).toHaveLength(1);
  });
});

/** R1 was the recovery of S, R2 that of R1, and so on. */
const chainOf = (length: number, first: Stopped = { input: SECRET }): Record<string, Stopped> =>
  Object.fromEntries([
    ['S', first],
    ...Array.from({ length }, (_, index): [string, Stopped] => [
      `R${index + 1}`,
      { input: eventOf(index === 0 ? 'S' : `R${index}`) },
    ]),
  ]);

describe('the recovery of a stopped recovery', () => {
  it('takes the lock from each execution of the chain', async () => {
    const { taken } = await recover(chainOf(1), eventOf('R1'));
    expect(taken).toMatchObject({ ...SECRET, stopped: ['R1', 'S'] });
  });

  it('knows whose version the first of them was for', async () => {
    const { taken } = await recover(chainOf(2, { input: { ...SECRET, token } }), eventOf('R2'));
    expect(taken).toMatchObject({ ...SECRET, stopped: ['R2', 'R1', 'S'], token });
  });

  it('follows whatever the first of them ended with: a stopped recovery answered for it', async () => {
    const { taken } = await recover(chainOf(1, { input: SECRET, error: 'RolledBack' }), eventOf('R1'));
    expect(taken).toMatchObject({ stopped: ['R1', 'S'] });
  });

  it('leaves alone what a recovery by its own failure left to the operators', async () => {
    const { ending } = await recover(
      chainOf(1),
      eventOf('R1', { status: 'FAILED', error: 'RecoveryFailed' }),
    );
    expect(ending.path.at(-1)).toBe('NothingToRecover');
  });

  it('of an operator takes the lock from that one', async () => {
    const { taken } = await recover({ R: { input: { ...SECRET, resetThroughCluster: true } } }, eventOf('R'));
    expect(taken).toMatchObject({ ...SECRET, stopped: ['R'] });
  });

  it('goes along four stopped recoveries', async () => {
    const { taken } = await recover(chainOf(4), eventOf('R4'));
    expect(taken).toMatchObject({ ...SECRET, stopped: ['R4', 'R3', 'R2', 'R1', 'S'] });
  });

  it('ends at the fifth, and tells the operators why', async () => {
    const { ending, taken, notices } = await recover(chainOf(6), eventOf('R6'));
    expect(taken).toBeUndefined();
    expect(ending.path.filter((state) => state === 'DescribeStoppedExecution')).toHaveLength(5);
    expect(ending.error).toBe('RecoveryFailed');
    expect(ending.cause).toMatch(
      /^ChooseSubject failed with TooManyStoppedRecoveries: five recoveries were stopped, each while it recovered the one before; the last that was looked up is R2\. Manual action required/,
    );
    expect(JSON.stringify(notices)).toMatch(
      /TooManyStoppedRecoveries: five recoveries .* the lock may still be held/,
    );
  });
});

describe('a retirement that is started by hand says which key is wrong', () => {
  const RIGHT = {
    secretId: 'shop/app',
    version: 'v',
    strategy: 'admin-clone',
    predecessor: 'boss',
    policy: 'lock',
    graceSeconds: 0,
  };

  it.each([
    ['the input is no object', 7],
    ['unknown key secret', { ...RIGHT, secret: 'x' }],
    ['secretId is missing', { ...RIGHT, secretId: undefined }],
    ['version is missing', { ...RIGHT, version: 1 }],
    ['predecessor is missing', { ...RIGHT, predecessor: null }],
    ['strategy is missing, or is another one', { ...RIGHT, strategy: 'single-user' }],
    ['policy is missing, or is another one', { ...RIGHT, policy: 'keep' }],
    ['graceSeconds is missing, or is no whole number', { ...RIGHT, graceSeconds: '0' }],
    // In JSONata what is missing is neither equal to a text nor not equal to it: these once went on, and broke.
    ...['version', 'predecessor', 'strategy', 'policy', 'graceSeconds'].map((key): [string, object] => [
      `${key} is missing`,
      { ...RIGHT, [key]: undefined },
    ]),
  ])('%s', async (wrong, input) => {
    const ending = await new StateMachine(definitionOf('retirement'), {}).run('arn:of:it', plainInput(input));
    expect(ending).toMatchObject({ error: 'InvalidInputError' });
    expect(ending.cause).toContain(`CheckInput failed with InvalidInputError: ${wrong}`);
    expect(ending.cause).toContain('Nothing was done');
  });
});

/** As JSON carries it. */
const plainInput = (input: unknown): unknown => JSON.parse(JSON.stringify(input));
