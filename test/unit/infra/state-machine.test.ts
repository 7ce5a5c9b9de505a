import { Duration } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { type IKey, Key } from 'aws-cdk-lib/aws-kms';
import { describe, expect, it } from 'vitest';
import { DocDbRotation, type DocDbRotationProps } from '../../../infra/docdb-rotation.ts';
import { definitionText as definition } from '../../../infra/workflows/definition-text.ts';
import { readDefinition } from '../../../statemachine/definition.ts';
import { makeStack } from './synthesized.ts';

const PLACEHOLDER = /\$\{([^}]+)\}/g;

const templateWith = (props: DocDbRotationProps = {}): Template => {
  const stack = makeStack();
  new DocDbRotation(stack, 'Rotation', props);
  return Template.fromStack(stack);
};

const machineOf = (template: Template, name = 'rotation') => {
  const machines = Object.values(template.findResources('AWS::StepFunctions::StateMachine'));
  return machines.find((machine) => machine.Properties.DefinitionString === definition(name))?.Properties;
};

describe.each(['rotation', 'recovery', 'retirement'])('The state machine of the %s', (name) => {
  it('is in the template as it is in its source, with a line for each key, so that a diff shows it', () => {
    const { DefinitionString: text } = machineOf(templateWith(), name) ?? {};
    expect(JSON.parse(text)).toEqual(readDefinition(name));
    expect(text.split('\n')).toContain('  "QueryLanguage": "JSONata",');
  });

  it('has every placeholder of its definition filled', () => {
    const placeholders = [...definition(name).matchAll(PLACEHOLDER)].map(([, placeholder]) => placeholder);
    expect(Object.keys(machineOf(templateWith(), name)?.DefinitionSubstitutions)).toEqual(
      expect.arrayContaining(placeholders),
    );
  });

  it('logs errors without what the states hold, and is traced', () => {
    expect(machineOf(templateWith(), name)).toMatchObject({
      LoggingConfiguration: { Level: 'ERROR', IncludeExecutionData: false },
      TracingConfiguration: { Enabled: true },
    });
  });

  it('has its data under a key of yours if there is one, which it may use by its whole ARN', () => {
    const stack = makeStack();
    new DocDbRotation(stack, 'Rotation', { encryptionKey: new Key(stack, 'Key') as IKey });
    const template = Template.fromStack(stack);
    const key = { 'Fn::GetAtt': [Match.stringLikeRegexp('^Key'), 'Arn'] };
    template.hasResourceProperties('AWS::StepFunctions::StateMachine', {
      DefinitionString: definition(name),
      EncryptionConfiguration: { Type: 'CUSTOMER_MANAGED_KMS_KEY', KmsKeyId: key },
    });
    const [machine = ''] = Object.keys(
      template.findResources('AWS::StepFunctions::StateMachine', {
        Properties: { DefinitionString: definition(name) },
      }),
    );
    const { Properties } = template.findResources('AWS::StepFunctions::StateMachine')[machine] ?? {};
    template.hasResourceProperties('AWS::IAM::Policy', {
      Roles: [{ Ref: Properties?.RoleArn['Fn::GetAtt'][0] }],
      PolicyDocument: {
        Statement: [
          {
            Action: ['kms:Decrypt', 'kms:GenerateDataKey'],
            Effect: 'Allow',
            Resource: key,
            Condition: {
              StringEquals: { 'kms:EncryptionContext:aws:states:stateMachineArn': { Ref: machine } },
            },
          },
        ],
      },
    });
  });
});

describe('The state machine of the rotation', () => {
  it('gives a rotation ten minutes, and a step 90 seconds to end by itself, unless told otherwise', () => {
    expect(machineOf(templateWith()).DefinitionSubstitutions).toMatchObject({
      PropagationTimeoutSeconds: '600',
      DrainSeconds: '90',
      RunbookUrl: 'docdb-rotation/statemachine/RUNBOOK.md',
    });
    const own = {
      propagationTimeout: Duration.minutes(2),
      drain: Duration.seconds(120),
      runbookUrl: 'https://example.com',
    };
    expect(machineOf(templateWith(own)).DefinitionSubstitutions).toMatchObject({
      PropagationTimeoutSeconds: '120',
      DrainSeconds: '120',
      RunbookUrl: 'https://example.com',
    });
    expect(machineOf(templateWith(own), 'recovery').DefinitionSubstitutions).toMatchObject({
      DrainSeconds: '120',
    });
  });

  it('may invoke its seven steps, tell the operators and start a retirement, and nothing else', () => {
    templateWith().hasResourceProperties('AWS::IAM::Policy', {
      Roles: [{ Ref: Match.stringLikeRegexp('^RotationStateMachineWorkflowRole') }],
      PolicyDocument: {
        Statement: [
          // Neither the delivery of logs nor X-Ray knows resources.
          Match.objectLike({ Action: Match.arrayWith(['logs:CreateLogDelivery']), Resource: '*' }),
          Match.objectLike({ Action: Match.arrayWith(['xray:PutTraceSegments']), Resource: '*' }),
          {
            Action: 'lambda:InvokeFunction',
            Effect: 'Allow',
            Resource: [
              'CreateSecret',
              'SetSecret',
              'TestSecret',
              'FinishSecret',
              'RestoreCredential',
              'RestoreLabels',
              'ReleaseLock',
            ].map((step) => ({
              'Fn::GetAtt': [Match.stringLikeRegexp(`^RotationFunctions${step}[0-9A-F]{8}$`), 'Arn'],
            })),
          },
          { Action: 'sns:Publish', Effect: 'Allow', Resource: { Ref: Match.stringLikeRegexp('Operators') } },
          {
            Action: 'states:StartExecution',
            Effect: 'Allow',
            Resource: { Ref: Match.stringLikeRegexp('^RotationRetirement') },
          },
        ],
      },
    });
  });
});

describe('The state machine of the recovery', () => {
  it('may invoke its two functions, tell the operators and look at executions, and nothing else', () => {
    const template = templateWith();
    const policies = template.findResources('AWS::IAM::Policy', {
      Properties: { Roles: [{ Ref: Match.stringLikeRegexp('^RotationRecoveryWorkflowRole') }] },
    });
    const statements = Object.values(policies).flatMap(
      ({ Properties }) => Properties.PolicyDocument.Statement as { Action: string | string[] }[],
    );
    const actions = statements.flatMap(({ Action }) => Action);
    expect([...new Set(actions.filter((action) => !/^(logs|xray):/.test(action)))].sort()).toEqual([
      'lambda:InvokeFunction',
      'sns:Publish',
      'states:DescribeExecution',
    ]);
    template.hasResourceProperties('AWS::IAM::Policy', {
      PolicyDocument: {
        Statement: Match.arrayWith([
          {
            Action: 'lambda:InvokeFunction',
            Effect: 'Allow',
            Resource: ['TestSecret', 'RecoverSecret'].map((step) => ({
              'Fn::GetAtt': [Match.stringLikeRegexp(`^RotationFunctions${step}[0-9A-F]{8}$`), 'Arn'],
            })),
          },
        ]),
      },
    });
  });
});
