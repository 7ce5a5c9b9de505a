import { App, CfnResource, Stack } from 'aws-cdk-lib';
import { Annotations, Match, Template } from 'aws-cdk-lib/assertions';
import { describe, expect, it } from 'vitest';
import { leaveOut } from '../../../infra/build/leave-out.ts';
import { readConfig } from '../../../infra/options/config.ts';
import { RotationStack } from '../../../infra/rotation-stack.ts';

const ARN = 'arn:aws:secretsmanager:eu-central-1:111122223333:secret:app-AbCdEf';

describe('The configuration in the context', () => {
  it('has a default for everything', () => {
    expect(readConfig({ 'aws:cdk:anything': 1 })).toMatchObject({
      secrets: [],
      propagationTimeoutSeconds: 600,
      leaveOut: [],
    });
  });

  it('understands text of the command line as well as values of cdk.json', () => {
    const secrets = [{ arn: ARN, strategy: 'admin-clone' }];
    const fromText = readConfig({
      'docdb-rotation:secrets': JSON.stringify(secrets),
      'docdb-rotation:propagationTimeoutSeconds': '30',
    });
    const fromValues = readConfig({
      'docdb-rotation:secrets': secrets,
      'docdb-rotation:propagationTimeoutSeconds': 30,
    });
    expect(fromText).toEqual(fromValues);
  });

  it.each([
    ['a misspelt key', { 'docdb-rotation:secret': [] }, /secret/],
    ['a secret that is no whole ARN', { 'docdb-rotation:secrets': [{ arn: 'app' }] }, /whole ARN/],
    [
      'a strategy that does not exist',
      { 'docdb-rotation:secrets': [{ arn: ARN, strategy: 'x' }] },
      /single-user/,
    ],
    [
      'no admin for alternating users',
      { 'docdb-rotation:secrets': [{ arn: ARN, strategy: 'alternating-users' }] },
      /adminSecretArn/,
    ],
    [
      'a key that is no whole ARN',
      { 'docdb-rotation:secrets': [{ arn: ARN, keyArn: 'alias/mine' }] },
      /whole ARN of a key/,
    ],
    [
      'a key of before 0.2',
      { 'docdb-rotation:stragglerSeconds': 9 },
      /stragglerSeconds is called drainSeconds/,
    ],
    [
      'a key of a secret of before 0.2',
      { 'docdb-rotation:secrets': [{ arn: ARN, predecessor: 'lock' }] },
      /predecessor is called retirementPolicy/,
    ],
    ['a number that is none', { 'docdb-rotation:drainSeconds': 'soon' }, /drainSeconds/],
  ])('fails on %s and says which', (_what, context, message) => {
    expect(() => readConfig(context)).toThrow(message);
  });
});

describe('The stack', () => {
  const stackWith = (context: Record<string, unknown>): Stack =>
    new RotationStack(new App(), 'Test', { config: readConfig(context) });

  it('manages the secrets that it is told of, and tells where its parts are', () => {
    const other = ARN.replace('app', 'other');
    const template = Template.fromStack(
      stackWith({
        'docdb-rotation:secrets': [
          { arn: ARN, adminSecretArn: other },
          { arn: other, strategy: 'admin-clone' },
        ],
      }),
    );
    template.resourceCountIs('AWS::SecretsManager::RotationSchedule', 2);
    expect(Object.keys(template.toJSON().Outputs).sort()).toEqual([
      'OperatorsTopicArn',
      'RecoveryStateMachineArn',
      'RetirementStateMachineArn',
      'StateMachineArn',
      'TriggerFunctionArn',
      'TriggerFunctionName',
    ]);
  });

  it('lets the functions use the keys of the secrets that have their own', () => {
    const key = (name: string) => `arn:aws:kms:eu-central-1:111122223333:key/${name}`;
    const other = ARN.replace('app', 'other');
    const template = Template.fromStack(
      stackWith({
        'docdb-rotation:secrets': [
          { arn: other, strategy: 'admin-clone', keyArn: key('of-other') },
          { arn: ARN, adminSecretArn: other, keyArn: key('of-app') },
        ],
      }),
    );
    const policies = JSON.stringify(template.findResources('AWS::IAM::Policy'));
    for (const name of ['of-other', 'of-app']) expect(policies).toContain(key(name));
  });

  it('warns that no cluster can be reached when no VPC is configured', () => {
    Annotations.fromStack(stackWith({})).hasWarning('*', Match.stringLikeRegexp('no vpcId is configured'));
  });

  it('leaves out what the target does not know, and only that', () => {
    const stack = new Stack(new App(), 'Test');
    new CfnResource(stack, 'Known', { type: 'AWS::SNS::Topic' });
    new CfnResource(stack, 'Unknown', { type: 'AWS::SecretsManager::RotationSchedule' });
    leaveOut(stack, ['AWS::SecretsManager::RotationSchedule']);
    expect(Object.keys(Template.fromStack(stack).toJSON().Resources)).toEqual(['Known']);
  });
});
