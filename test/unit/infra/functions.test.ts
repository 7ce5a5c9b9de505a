import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App, Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { type IVpc, Vpc } from 'aws-cdk-lib/aws-ec2';
import { describe, expect, it } from 'vitest';
import { bundleOf } from '../../../infra/build/step-bundles.ts';
import { DocDbRotation, type DocDbRotationProps } from '../../../infra/docdb-rotation.ts';
import { ACCOUNT, makeStack } from './synthesized.ts';

const templateWith = (props: DocDbRotationProps = {}): Template => {
  const stack = makeStack();
  new DocDbRotation(stack, 'Rotation', props);
  return Template.fromStack(stack);
};

const stepOf = (logicalId: string): string =>
  logicalId.replace(/^Rotation(Functions|OutcomeReporter|CredentialCheck)(.+?)[0-9A-F]{8}$/, '$2');

describe('The functions', () => {
  it('all run Node.js 24 on arm64, are traced, and log to a group that forgets', () => {
    const template = templateWith();
    template.resourceCountIs('AWS::Lambda::Function', 12);
    template.allResourcesProperties('AWS::Lambda::Function', {
      Runtime: 'nodejs24.x',
      Architectures: ['arm64'],
      TracingConfig: { Mode: 'Active' },
      LoggingConfig: Match.objectLike({ LogFormat: 'JSON', LogGroup: Match.anyValue() }),
    });
    template.allResourcesProperties('AWS::Logs::LogGroup', { RetentionInDays: 90 });
  });

  it('a step has a minute, and the trigger as long as Lambda lets it wait', () => {
    const template = templateWith();
    const timeouts = Object.values(template.findResources('AWS::Lambda::Function')).map(
      (resource) => resource.Properties.Timeout,
    );
    expect(timeouts.sort((a, b) => a - b)).toEqual([...Array(11).fill(60), 900]);
  });

  it('one that has the database driver has memory for the largest messages of a server', () => {
    const functions = Object.entries(templateWith().findResources('AWS::Lambda::Function'));
    const large = functions.filter(([, { Properties }]) => Properties.MemorySize === 1024).map(([id]) => id);
    const small = functions.filter(([, { Properties }]) => Properties.MemorySize === 256).map(([id]) => id);
    expect(large.map(stepOf).sort()).toEqual([
      'CheckCredentials',
      'RecoverSecret',
      'RestoreCredential',
      'RetireUser',
      'SetSecret',
      'TestSecret',
    ]);
    expect(large.length + small.length).toBe(functions.length);
  });

  it('all but those that only watch are called every day, so that none becomes inactive', () => {
    const template = templateWith();
    const targets = Object.values(template.findResources('AWS::Events::Rule'))
      .filter(({ Properties }) => Properties.ScheduleExpression === 'rate(1 day)')
      .flatMap(({ Properties }) => Properties.Targets as { Arn: unknown; Input: string }[])
      .filter(({ Input }) => Input === '{"keepActive":true}')
      .map(({ Arn }) => /Functions(\w+?)[0-9A-F]{8}/.exec(JSON.stringify(Arn))?.[1]);
    expect(targets.sort()).toEqual([
      'CreateSecret',
      'FinishSecret',
      'RecoverSecret',
      'ReleaseLock',
      'RestoreCredential',
      'RestoreLabels',
      'RetireUser',
      'SetSecret',
      'TestSecret',
      'Trigger',
    ]);
  });

  it('FinishSecret is started as soon as a rotation begins, so that nothing starts in the outage window', () => {
    const template = templateWith();
    const [rule, ...others] = Object.values(template.findResources('AWS::Events::Rule')).filter(
      ({ Properties }) => JSON.stringify(Properties.EventPattern ?? {}).includes('RUNNING'),
    );
    expect(others).toEqual([]);
    expect(rule?.Properties.EventPattern.detail.stateMachineArn).toEqual([
      { Ref: expect.stringMatching(/^RotationStateMachine/) },
    ]);
    const [target, ...rest] = rule?.Properties.Targets ?? [];
    expect(rest).toEqual([]);
    expect(target.Input).toBe('{"keepActive":true}');
    expect(JSON.stringify(target.Arn)).toContain('FunctionsFinishSecret');
  });

  it('only Secrets Manager for this account may call the trigger', () => {
    const template = templateWith();
    const callersOf = (id: string) =>
      Object.values(template.findResources('AWS::Lambda::Permission'))
        .filter(({ Properties }) => JSON.stringify(Properties.FunctionName).includes(id))
        .map(({ Properties }) => Properties.Principal);
    // The one who else may call a function is a rule of this stack: here to keep it ready.
    expect(callersOf('FunctionsTrigger').sort()).toEqual([
      'events.amazonaws.com',
      'secretsmanager.amazonaws.com',
    ]);
    template.resourcePropertiesCountIs('AWS::Lambda::Permission', { Principal: 'events.amazonaws.com' }, 12);
    template.resourceCountIs('AWS::Lambda::Permission', 13);
    template.hasResourceProperties('AWS::Lambda::Permission', {
      Action: 'lambda:InvokeFunction',
      Principal: 'secretsmanager.amazonaws.com',
      SourceAccount: ACCOUNT,
      FunctionName: { 'Fn::GetAtt': [Match.stringLikeRegexp('FunctionsTrigger'), 'Arn'] },
    });
  });

  it('no function carries a password or a secret name in its environment', () => {
    const functions = Object.values(templateWith().findResources('AWS::Lambda::Function'));
    const names = functions.flatMap((resource) =>
      Object.keys(resource.Properties.Environment?.Variables ?? {}),
    );
    expect([...new Set(names)].sort()).toEqual([
      'OPERATORS_TOPIC_ARN',
      'RECOVERY_STATE_MACHINE_ARN',
      'RETIREMENT_STATE_MACHINE_ARN',
      'RUNBOOK_URL',
      'STATE_MACHINE_ARN',
      'STATE_MACHINE_ARNS',
      'STATE_MACHINE_NAME',
    ]);
  });

  it('in a VPC they share a security group of their own, and their code can move no network interface', () => {
    const stack = makeStack();
    new DocDbRotation(stack, 'Rotation', { vpc: new Vpc(stack, 'Vpc') as IVpc });
    const template = Template.fromStack(stack);
    template.resourceCountIs('AWS::EC2::SecurityGroup', 1);
    const inside = {
      VpcConfig: {
        SecurityGroupIds: [{ 'Fn::GetAtt': [Match.stringLikeRegexp('SecurityGroup'), 'GroupId'] }],
      },
    };
    // All but the one that reports ends: it needs nothing in the VPC, and no endpoint has to be paid for it.
    template.resourceCountIs('AWS::Lambda::Function', 12);
    template.resourcePropertiesCountIs('AWS::Lambda::Function', inside, 11);
    template.hasResourceProperties('AWS::IAM::Policy', {
      PolicyDocument: {
        Statement: Match.arrayWith([
          Match.objectLike({
            Effect: 'Deny',
            Action: Match.arrayWith(['ec2:CreateNetworkInterface']),
            Condition: { ArnLike: { 'lambda:SourceFunctionArn': Match.anyValue() } },
          }),
        ]),
      },
    });
  });

  it('fails with what to do when a bundle was not built', () => {
    expect(() => bundleOf('no-such-function')).toThrow(
      /bundle of no-such-function is missing from .*npm run bundle/,
    );
  });
});

describe('A certificate authority of the database', () => {
  it('lies beside the handlers that log in and the daily check, and no others', () => {
    const directory = mkdtempSync(join(tmpdir(), 'certificate-authority-'));
    const certificateAuthorityFile = join(directory, 'own.pem');
    const authority = '-----BEGIN CERTIFICATE-----\n';
    writeFileSync(certificateAuthorityFile, authority);
    const app = new App({ outdir: join(directory, 'cdk.out') });
    const stack = new Stack(app, 'Test');
    new DocDbRotation(stack, 'Rotation', { certificateAuthorityFile });

    const functions = Object.values(Template.fromStack(stack).findResources('AWS::Lambda::Function'));
    const told = functions.filter((f) => f.Properties.Environment?.Variables?.CERTIFICATE_AUTHORITY_FILE);
    expect(told).toHaveLength(6);
    for (const { Properties, Metadata } of told) {
      expect(Properties.Environment.Variables.CERTIFICATE_AUTHORITY_FILE).toBe('certificate-authority.pem');
      const asset = join(
        directory,
        'cdk.out',
        Metadata?.['aws:asset:path'] ?? `asset.${Properties.Code.S3Key.replace('.zip', '')}`,
      );
      expect(readFileSync(join(asset, 'certificate-authority.pem'), 'utf8')).toBe(authority);
      expect(existsSync(join(asset, 'index.mjs'))).toBe(true);
    }
  });
});
