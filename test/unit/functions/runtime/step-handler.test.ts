import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import {
  DatabaseUnavailableError,
  InvalidInputError,
  UnexpectedError,
} from '../../../../functions/contract/errors.ts';
import { stepHandler, toRotationError } from '../../../../functions/runtime/step-handler.ts';
import { newPassword } from '../../../support/in-memory-secret-store.ts';

const Input = z.strictObject({
  execution: z.string().optional(),
  secretId: z.string(),
  token: z.string().optional(),
});

/** What the logger writes, whichever way it goes out. */
const lines: string[] = [];

beforeEach(() => {
  lines.length = 0;
  vi.stubEnv('POWERTOOLS_DEV', 'true');
  for (const method of ['info', 'error', 'warn', 'debug', 'log'] as const) {
    vi.spyOn(console, method).mockImplementation((...words) => void lines.push(words.join(' ')));
  }
});

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

describe('a step', () => {
  it('gets its parsed input, with the execution that calls', async () => {
    const run = vi.fn(async () => ({ outcome: 'done' }));
    await stepHandler('Step', Input, run)({ secretId: 'shop/app', execution: 'arn:of:it' });
    expect(run).toHaveBeenCalledExactlyOnceWith({ secretId: 'shop/app', execution: 'arn:of:it' });
  });

  it('answers at once when it is only to be kept ready', async () => {
    const run = vi.fn(async () => ({}));
    expect(await stepHandler('Step', Input, run)({ keepActive: true })).toBeUndefined();
    expect(run).not.toHaveBeenCalled();
    expect(lines).toEqual([]);
  });

  it('answers the question of a check in place of its work, also where it would take it for an old execution', async () => {
    const run = vi.fn(async () => ({}));
    const answer = vi.fn(async () => ({ step: 'RestoreLabels', findings: [] }));
    const question = { execution: 'arn:of:it', check: 'readiness', secretId: 'shop/app', askedAt: 7 };
    expect(await stepHandler('RestoreLabels', Input, run, answer)(question)).toEqual({
      step: 'RestoreLabels',
      findings: [],
    });
    expect(answer).toHaveBeenCalledExactlyOnceWith(question);
    expect(run).not.toHaveBeenCalled();
  });

  it.each([
    ['that it does not understand', { secretId: 7 }],
    ['without a clock', { askedAt: undefined }],
  ])('refuses a question %s', async (_what, wrong) => {
    const question = {
      execution: 'arn:of:it',
      check: 'readiness',
      secretId: 'shop/app',
      askedAt: 7,
      ...wrong,
    };
    const handler = stepHandler('Step', Input, vi.fn(), vi.fn());
    await expect(handler(question)).rejects.toThrow(InvalidInputError);
  });

  it('writes one line, with its outcome, its execution and its secret', async () => {
    await stepHandler('Step', Input, async () => ({ outcome: 'done' }))({
      secretId: 'shop/app',
      execution: 'arn:of:it',
    });
    expect(lines).toHaveLength(1);
    for (const word of ['Step', 'done', 'shop/app', 'arn:of:it']) expect(lines[0]).toContain(word);
  });

  it('writes which secret and which version it is about, where both are in a plan', async () => {
    const about = { secretArn: 'arn:of:the:secret', pendingVersion: 'v'.repeat(32) };
    const schema = z.strictObject({ plan: z.object({ secretArn: z.string(), pendingVersion: z.string() }) });
    await stepHandler('Step', schema, async () => ({ outcome: 'done' }))({
      plan: { lockVersion: 'l', ...about },
    });
    for (const word of Object.values(about)) expect(lines[0]).toContain(word);
  });

  it('logs nothing of its output but the outcome', async () => {
    const password = newPassword();
    await stepHandler('Step', Input, async () => ({ outcome: 'done', password }))({ secretId: 'shop/app' });
    expect(lines.join()).not.toContain(password);
  });

  it('logs nothing of an input that it does not know', async () => {
    const password = newPassword();
    await stepHandler('Step', Input, async () => ({}))({ secretId: 'shop/app', password }).catch(
      () => undefined,
    );
    expect(lines.join()).not.toContain(password);
  });

  it.each([
    [undefined],
    [null],
    [7],
    ['text'],
    [[]],
    [{}],
    [{ keepActive: 'true' }],
    [{ secretId: 7 }],
    [{ secretId: 'a', extra: 1 }],
  ])('fails for the input %j, and does nothing', async (input) => {
    const run = vi.fn(async () => ({}));
    await expect(stepHandler('Step', Input, run)(input)).rejects.toThrow(InvalidInputError);
    expect(run).not.toHaveBeenCalled();
  });

  it('names what it does not understand, never a value', async () => {
    const value = newPassword();
    const failure = stepHandler('Step', Input, async () => ({}))({ secretId: { value }, token: [value] });
    await expect(failure).rejects.toThrow(/secretId.*token/);
    await expect(failure).rejects.not.toThrow(new RegExp(value));
  });

  it('fails with an error of this project as it is, and logs its name and reason', async () => {
    const error = new DatabaseUnavailableError('no answer; is it up?');
    const failing = stepHandler('Step', Input, () => Promise.reject(error));
    await expect(failing({ secretId: 'shop/app' })).rejects.toBe(error);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain('DatabaseUnavailableError');
  });
});

describe('an error that no one foresaw', () => {
  const uri = (password: string) => `failed: mongodb://app:${password}@host:27017/?tls=true`;

  it.each([
    ['in its message', (password: string) => new Error(uri(password))],
    ['in its cause', (password: string) => new Error('failed', { cause: new Error(uri(password)) })],
    [
      'in a field of it',
      (password: string) => Object.assign(new Error('failed'), { command: { pwd: password } }),
    ],
    ['that is a text', (password: string) => uri(password)],
    ['that is an object', (password: string) => ({ pwd: password })],
    [
      'that is a list of errors',
      (password: string) => new AggregateError([new Error(uri(password))], uri(password)),
    ],
    ['in a message of several lines', (password: string) => new Error(`failed\n${uri(password)}`)],
    ['in a line like that of a stack', (password: string) => new Error(`failed\n    at ${uri(password)}`)],
  ])('and that holds a password %s, is replaced', async (_where, make) => {
    const password = newPassword();
    const failing = stepHandler('Step', Input, () => Promise.reject(make(password)));
    const error = await failing({ secretId: 'shop/app' }).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(UnexpectedError);
    const { message, stack, cause } = error as Error;
    expect(`${message} ${stack} ${cause} ${JSON.stringify(error)} ${lines.join()}`).not.toContain(password);
  });

  it('keeps its kind and its place, by which it can be found', () => {
    const { message } = toRotationError('Step', new TypeError('x is not a function'));
    expect(message).toMatch(/Step .* TypeError at .*step-handler\.test/);
  });

  it.each([[undefined], [null], [7], [Symbol('x')], [Object.create(null)]])(
    'is an error even if %s was thrown',
    (thrown) => {
      expect(toRotationError('Step', thrown)).toBeInstanceOf(UnexpectedError);
    },
  );
});
