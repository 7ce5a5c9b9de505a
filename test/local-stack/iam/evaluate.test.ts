import { describe, expect, it } from 'vitest';
import { type AccessRequest, evaluate } from './evaluate.ts';
import { PolicyDocument, Statement } from './policy.ts';

const SECRET = 'arn:aws:secretsmanager:eu-central-1:111122223333:secret:app-AbCdEf';
const READ: AccessRequest = { action: 'secretsmanager:GetSecretValue', resource: SECRET };

const allow = (more: Record<string, unknown> = {}) =>
  Statement.parse({ Effect: 'Allow', Action: READ.action, Resource: SECRET, ...more });
const deny = (more: Record<string, unknown> = {}) => allow({ Effect: 'Deny', ...more });

/** https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html */
describe('a request', () => {
  it('is denied if no policy speaks of it', () => {
    expect(evaluate([], READ)).toBe('implicitly denied');
  });

  it('is allowed by one statement that has its action and its resource', () => {
    expect(evaluate([allow()], READ)).toBe('allowed');
    expect(evaluate([allow({ Action: ['secretsmanager:DescribeSecret', READ.action] })], READ)).toBe(
      'allowed',
    );
  });

  it('is not allowed by one statement with its action and another with its resource', () => {
    const elsewhere = `${SECRET.slice(0, -1)}x`;
    const statements = [allow({ Resource: elsewhere }), allow({ Action: 'secretsmanager:DescribeSecret' })];
    expect(evaluate(statements, READ)).toBe('implicitly denied');
  });

  it('is denied by an explicit deny, whatever allows it and in whatever order', () => {
    expect(evaluate([allow(), deny()], READ)).toBe('explicitly denied');
    expect(evaluate([deny({ Resource: '*' }), allow()], READ)).toBe('explicitly denied');
  });
});

/** https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_action.html */
describe('an action', () => {
  it.each([
    ['SecretsManager:getsecretvalue', 'allowed'],
    ['secretsmanager:Get*', 'allowed'],
    ['secretsmanager:GetSecretValu?', 'allowed'],
    ['*', 'allowed'],
    ['secretsmanager:GetSecret', 'implicitly denied'],
    ['secretsmanager:GetSecretValue?', 'implicitly denied'],
  ])('is covered or not by %s', (pattern, verdict) => {
    expect(evaluate([allow({ Action: pattern })], READ)).toBe(verdict);
  });
});

/** https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html */
describe('a resource', () => {
  it.each([
    ['*', 'allowed'],
    [SECRET.replace('AbCdEf', '??????'), 'allowed'],
    [SECRET.replace('app-AbCdEf', '*'), 'allowed'],
    [SECRET.replace('AbCdEf', '?????'), 'implicitly denied'],
    [SECRET.toLowerCase(), 'implicitly denied'],
    [SECRET.replace('app', '.pp'), 'implicitly denied'],
    [SECRET.replace('secret:app-AbCdEf', ''), 'implicitly denied'],
    ['arn:aws:secretsmanager:*:secret:app-AbCdEf', 'implicitly denied'],
    ['arn:aws:secretsmanager', 'implicitly denied'],
  ])('is covered or not by %s', (pattern, verdict) => {
    expect(evaluate([allow({ Resource: pattern })], READ)).toBe(verdict);
  });

  it('may have colons in its last part, which a wildcard covers', () => {
    const machine = 'arn:aws:states:eu-central-1:111122223333:execution:rotation';
    const request = { action: 'states:DescribeExecution', resource: `${machine}:app-1` };
    expect(evaluate([allow({ Action: request.action, Resource: `${machine}:*` })], request)).toBe('allowed');
    const other = { ...request, resource: `${machine}-other:app-1` };
    expect(evaluate([allow({ Action: request.action, Resource: `${machine}:*` })], other)).toBe(
      'implicitly denied',
    );
  });

  it('that does not exist is named as the caller named it, and no ARN covers that', () => {
    expect(evaluate([allow()], { ...READ, resource: 'app' })).toBe('implicitly denied');
  });
});

/** https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html */
describe('a condition', () => {
  const events = (Condition: object, keys?: Record<string, string>) => {
    const request = { action: 'events:PutEvents', resource: '*', ...(keys ? { keys } : {}) };
    return evaluate([allow({ Action: 'events:PutEvents', Resource: '*', Condition })], request);
  };
  const source = { StringEquals: { 'events:source': 'docdb-rotation' } };

  it('StringEquals holds for the same text, in the same case', () => {
    expect(events(source, { 'events:source': 'docdb-rotation' })).toBe('allowed');
    expect(events(source, { 'events:source': 'Docdb-Rotation' })).toBe('implicitly denied');
    expect(events(source, { 'events:source': 'aws.states' })).toBe('implicitly denied');
  });

  it('does not hold if the request has no such key', () => {
    expect(events(source)).toBe('implicitly denied');
  });

  it('does not mind the case of the key', () => {
    expect(events(source, { 'Events:Source': 'docdb-rotation' })).toBe('allowed');
  });

  /** https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-logic-multiple-context-keys-or-values.html */
  it('holds for one of several values, and for all keys and operators only', () => {
    const both = {
      StringEquals: { 'events:source': ['docdb-rotation', 'other'], 'events:detail-type': 'Ended' },
      ArnLike: { 'aws:SourceArn': 'arn:aws:lambda:*:111122223333:function:*' },
    };
    const keys = {
      'events:source': 'other',
      'events:detail-type': 'Ended',
      'aws:SourceArn': 'arn:aws:lambda:eu-central-1:111122223333:function:report',
    };
    expect(events(both, keys)).toBe('allowed');
    for (const key of Object.keys(keys)) {
      expect(events(both, { ...keys, [key]: 'something else' })).toBe('implicitly denied');
    }
  });

  it('ArnLike compares each part of the ARN by itself', () => {
    const like = { ArnLike: { 'aws:SourceArn': 'arn:aws:lambda:*:function:report' } };
    const arn = 'arn:aws:lambda:eu-central-1:111122223333:function:report';
    expect(events(like, { 'aws:SourceArn': arn })).toBe('implicitly denied');
  });

  describe('on a key that may have several values', () => {
    const tagging = (Condition: object, tagKeys?: string[]) => {
      const action = 'secretsmanager:TagResource';
      const keys = tagKeys === undefined ? {} : { 'aws:TagKeys': tagKeys };
      return evaluate([allow({ Action: action, Condition })], { action, resource: SECRET, keys });
    };
    const onlyProven = { 'ForAllValues:StringEquals': { 'aws:TagKeys': ['docdb-rotation:proven'] } };

    /** https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html */
    it('holds with ForAllValues if each value of the request is one of the policy', () => {
      expect(tagging(onlyProven, ['docdb-rotation:proven'])).toBe('allowed');
      expect(tagging(onlyProven, ['docdb-rotation:Proven'])).toBe('implicitly denied');
      expect(tagging(onlyProven, ['docdb-rotation:proven', 'team'])).toBe('implicitly denied');
      expect(tagging(onlyProven, ['team'])).toBe('implicitly denied');
    });

    /** https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition_examples-multi-valued-context-keys.html */
    it('holds with ForAllValues if the request has no such key or no value of it', () => {
      expect(tagging(onlyProven)).toBe('allowed');
      expect(tagging(onlyProven, [])).toBe('allowed');
    });

    /** https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html#Conditions_Null */
    it('holds with Null by whether the request has a value of it', () => {
      const present = { Null: { 'aws:TagKeys': 'false' } };
      const absent = { Null: { 'aws:TagKeys': 'true' } };
      expect(tagging({ ...onlyProven, ...present }, ['docdb-rotation:proven'])).toBe('allowed');
      expect(tagging({ ...onlyProven, ...present })).toBe('implicitly denied');
      expect(tagging({ ...onlyProven, ...present }, [])).toBe('implicitly denied');
      expect(tagging(absent)).toBe('allowed');
      expect(tagging(absent, ['team'])).toBe('implicitly denied');
    });

    it('without a set operator is an error, and never a yes', () => {
      const condition = { StringEquals: { 'aws:TagKeys': 'team' } };
      expect(() => tagging(condition, ['team'])).toThrow('not for a key with several values');
    });
  });

  it('with an operator that is not known here is an error, and never a yes', () => {
    for (const operator of ['StringLike', 'ForAllValues:StringLike', 'ForAnyValue:StringEquals'])
      expect(() => events({ [operator]: { 'events:source': '*' } }, {})).toThrow('is not known here');
  });
});

/** https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements.html */
describe('a policy', () => {
  it('may have one statement without a list', () => {
    const { Statement: statements } = PolicyDocument.parse({ Version: '2012-10-17', Statement: allow() });
    expect(evaluate(statements, READ)).toBe('allowed');
  });

  it.each(['NotAction', 'NotResource', 'Principal'])(
    'with %s is refused: it is not known here',
    (element) => {
      const statement = { ...allow(), [element]: '*' };
      expect(PolicyDocument.safeParse({ Version: '2012-10-17', Statement: [statement] }).success).toBe(false);
    },
  );
});
