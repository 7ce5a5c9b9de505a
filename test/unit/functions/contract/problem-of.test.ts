import { describe, expect, it } from 'vitest';
import { AdminSecretMismatchError, InvalidSecretError } from '../../../../functions/contract/errors.ts';
import { problemOf } from '../../../../functions/contract/problem-of.ts';

describe('A problem', () => {
  it('is told apart from its remedy at the first semicolon that is in no parentheses', () => {
    const message =
      'AWSCURRENT: the key "host" is missing or unusable (it has a port in it; write it alone); expected an object; with it';
    expect(problemOf('TestSecret', 'value', new InvalidSecretError(message))).toEqual({
      verdict: 'not-ready',
      topic: 'value',
      step: 'TestSecret',
      what: 'AWSCURRENT: the key "host" is missing or unusable (it has a port in it; write it alone)',
      remedy: 'expected an object; with it',
      section: 'invalidsecreterror',
    });
  });

  it('has the topic that its error is always about, and a remedy where the message has another tail', () => {
    const error = new AdminSecretMismatchError('it is for another cluster; nothing was tried with it');
    expect(problemOf('TestSecret', 'power', error)).toMatchObject({
      topic: 'admin-secret',
      what: 'it is for another cluster',
      remedy: expect.stringMatching(/same host and port/),
    });
  });

  it('without a remedy of its own names the runbook', () => {
    const { remedy } = problemOf('TestSecret', 'value', new InvalidSecretError('it is wrong'));
    expect(remedy).toMatch(/runbook/);
  });
});
