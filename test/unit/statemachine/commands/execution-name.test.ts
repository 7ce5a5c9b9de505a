import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  executionNameBefore02,
  executionName as triggerName,
} from '../../../../functions/secret/execution-name.ts';
import { versionIdOf } from '../../../../functions/secret/version-ids.ts';
import {
  executionName,
  MODES,
  nameIsOf,
  partsOf,
} from '../../../../statemachine/commands/execution/execution-name.ts';

const arnOf = (name: string, ending = 'AbCdEf'): string =>
  `arn:aws:secretsmanager:eu-central-1:111122223333:secret:${name}-${ending}`;
const NOW = new Date('2026-11-28T14:30:00.123Z');
const rotationOf = (name: string) => ({
  secretArn: arnOf(name),
  token: '0123456789abcdef0123456789abcdef',
  day: '20261128',
});

/** https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_CreateSecret.html */
const secretName = fc.string({ unit: fc.constantFrom(...'abcXYZ019/_+=.@-'), minLength: 1, maxLength: 300 });
const mode = fc.constantFrom(...MODES);
const random = fc.string({ unit: fc.constantFrom(...'0123456789abcdef'), minLength: 4, maxLength: 4 });

describe('the name of an execution that the command starts', () => {
  it('says secret, mode and day', () => {
    expect(executionName(arnOf('my/app'), 'revert', NOW, 'ab12')).toBe(
      'my-app-AbCdEf-revert-20261128T143000Z-ab12',
    );
  });

  it('is one that Step Functions takes, however the secret is called', () => {
    fc.assert(
      fc.property(secretName, mode, random, (name, what, end) => {
        expect(executionName(arnOf(name), what, NOW, end)).toMatch(/^[A-Za-z0-9_-]{1,80}$/);
      }),
    );
  });

  it('is none that the trigger gives: they are found by their tokens, and end with the number of an attempt', () => {
    fc.assert(
      fc.property(secretName, mode, random, (name, what, end) => {
        const made = executionName(arnOf(name), what, NOW, end);
        expect(made).not.toMatch(/-\d$|-verify$/);
        expect(partsOf(made)).toMatchObject({ by: 'command', mode: what });
        for (const given of ['rotate', 'check'] as const)
          expect(partsOf(triggerName(given, rotationOf(name), 1))).toMatchObject({
            by: 'Secrets Manager',
            mode: given,
          });
      }),
    );
  });

  it('is told from what the trigger gave before 0.2, where only a lone test says its mode', () => {
    fc.assert(
      fc.property(secretName, (name) => {
        const old = executionNameBefore02(rotationOf(name), 12);
        expect(partsOf(old)).toMatchObject({ by: 'Secrets Manager', mode: 'rotate' });
        expect(partsOf(`${old}-check`)).toMatchObject({ by: 'Secrets Manager', mode: 'check' });
      }),
    );
  });

  // The ids of the versions that an execution writes follow from its ARN: a second one of the day must have others.
  it('is another one in the same second', () => {
    const [one, other] = ['ab12', 'ab13'].map((end) => executionName(arnOf('my/app'), 'rotate', NOW, end));
    expect(one).not.toBe(other);
    expect(versionIdOf(`arn:…:${one}`, 0)).not.toBe(versionIdOf(`arn:…:${other}`, 0));
  });

  it('tells its secret, and where it can’t, does not claim to', () => {
    fc.assert(
      fc.property(secretName, mode, random, (name, what, end) => {
        for (const each of [
          executionName(arnOf(name), what, NOW, end),
          triggerName('rotate', rotationOf(name), 1),
          executionNameBefore02(rotationOf(name), 1),
        ]) {
          expect(nameIsOf(each, arnOf(name))).not.toBe(false);
          // Another secret may begin alike, or be called the same once it was made anew.
          expect(nameIsOf(each, arnOf(name, 'GhIjKl'))).not.toBe(true);
          expect(nameIsOf(each, arnOf(`${name}-2`))).not.toBe(true);
        }
      }),
    );
    expect(nameIsOf('5f0c3a52-0d1c-4d0e-a7c5-6f3a3c1f2b1a', arnOf('my/app'))).toBeUndefined();
  });
});
