import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App, Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { type IVpc, Vpc } from 'aws-cdk-lib/aws-ec2';
import { describe, expect, it } from 'vitest';
import { DocDbRotation, type DocDbRotationProps } from '../../infra/docdb-rotation.ts';
import { bundleOf } from '../../infra/step-bundles.ts';
import { ACCOUNT, makeStack } from './synthesized.ts';

const templateWith = (props: DocDbRotationProps = {}): Template => {
  const stack = makeStack();
  new DocDbRotation(stack, 'Rotation', props);
  return Template.fromStack(stack);
};

describe('The functions', () => {
  it('all run Node.js 24 on arm64, are traced, and log to a group that forgets', () => {
    const template = templateWith();
    template.resourceCountIs('AWS::Lambda::Function', 9);
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
    expect(timeouts.sort((a, b) => a - b)).toEqual([60, 60, 60, 60, 60, 60, 60, 60, 900]);
  });

  it('only Secrets Manager for this account may call the trigger', () => {
    const template = templateWith();
    template.resourceCountIs('AWS::Lambda::Permission', 1);
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
    expect([...new Set(names)].sort()).toEqual(['NODE_OPTIONS', 'STATE_MACHINE_ARN']);
  });

  it('in a VPC they share a security group of their own, and their code can move no network interface', () => {
    const stack = makeStack();
    new DocDbRotation(stack, 'Rotation', { vpc: new Vpc(stack, 'Vpc') as IVpc });
    const template = Template.fromStack(stack);
    template.resourceCountIs('AWS::EC2::SecurityGroup', 1);
    template.allResourcesProperties('AWS::Lambda::Function', {
      VpcConfig: {
        SecurityGroupIds: [{ 'Fn::GetAtt': [Match.stringLikeRegexp('SecurityGroup'), 'GroupId'] }],
      },
    });
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
  it('lies beside the handlers that log in, and no others', () => {
    const directory = mkdtempSync(join(tmpdir(), 'certificate-authority-'));
    const certificateAuthorityFile = join(directory, 'own.pem');
    writeFileSync(certificateAuthorityFile, 'a certificate');
    const app = new App({ outdir: join(directory, 'cdk.out') });
    const stack = new Stack(app, 'Test');
    new DocDbRotation(stack, 'Rotation', { certificateAuthorityFile });

    const functions = Object.values(Template.fromStack(stack).findResources('AWS::Lambda::Function'));
    const told = functions.filter((f) => f.Properties.Environment?.Variables?.CERTIFICATE_AUTHORITY_FILE);
    expect(told).toHaveLength(5);
    for (const { Properties, Metadata } of told) {
      expect(Properties.Environment.Variables.CERTIFICATE_AUTHORITY_FILE).toBe('certificate-authority.pem');
      const asset = join(
        directory,
        'cdk.out',
        Metadata?.['aws:asset:path'] ?? `asset.${Properties.Code.S3Key.replace('.zip', '')}`,
      );
      expect(readFileSync(join(asset, 'certificate-authority.pem'), 'utf8')).toBe('a certificate');
      expect(existsSync(join(asset, 'index.mjs'))).toBe(true);
    }
  });
});
