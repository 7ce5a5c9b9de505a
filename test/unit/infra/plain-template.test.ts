import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { unzipSync } from 'fflate';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { buildTemplate } from '../../../infra/build/build-template.ts';
import { bundleOf } from '../../../infra/build/step-bundles.ts';
import { readConfig } from '../../../infra/options/config.ts';
import { RotationStack } from '../../../infra/rotation-stack.ts';
import { statementsOf } from './synthesized.ts';

type Resources = Record<string, { Type: string; Condition?: string; Properties: Record<string, never> }>;

/** What `npm run template` writes. */
let directory: string;
let template: Template;
let text: string;
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'plain-template-'));
  // CDK's own check of the template takes long; test/package has cfn-lint check it.
  vi.stubEnv('CDK_VALIDATION', 'false');
  await buildTemplate(directory);
  text = readFileSync(join(directory, 'docdb-rotation.template.json'), 'utf8');
  template = Template.fromString(text);
}, 180_000);
afterAll(() => {
  vi.unstubAllEnvs();
  rmSync(directory, { recursive: true });
});

const resources = (): Resources => template.toJSON().Resources;

describe('The plain template', () => {
  it('has the same resources as the stack for one secret, and lets operators subscribe', () => {
    const arn = 'arn:aws:secretsmanager:eu-central-1:111122223333:secret:app-AbCdEf';
    const stack = new RotationStack(new App(), 'Test', {
      config: readConfig({ 'docdb-rotation:secrets': [{ arn }] }),
    });
    const onlyHere = ['AWS::EC2::SecurityGroup', 'AWS::EC2::SecurityGroupIngress', 'AWS::SNS::Subscription'];
    const typesOf = (all: Resources) =>
      Object.values(all)
        .map(({ Type }) => Type)
        .filter((type) => !type.startsWith('AWS::CDK'))
        .sort();
    const types = typesOf(resources());
    expect(types.filter((type) => onlyHere.includes(type))).toEqual(onlyHere);
    expect(types.filter((type) => !onlyHere.includes(type))).toEqual(
      typesOf(Template.fromStack(stack).toJSON().Resources),
    );
  });

  it('needs nothing that CDK keeps: no bootstrap, no bucket, no metadata, no account', () => {
    expect(template.toJSON()).not.toHaveProperty('Rules');
    for (const word of ['BootstrapVersion', 'cdk-', 'CDKMetadata', 'aws:cdk', '${Token']) {
      expect(text).not.toContain(word);
    }
    expect(text).not.toMatch(/\b\d{12}\b/);
  });

  it('asks for every parameter under a heading, each with a description', () => {
    const { Parameters, Metadata } = template.toJSON();
    const { ParameterGroups } = Metadata['AWS::CloudFormation::Interface'];
    expect(ParameterGroups.flatMap((group: { Parameters: string[] }) => group.Parameters)).toEqual(
      Object.keys(Parameters),
    );
    const descriptions = Object.values<{ Description?: string }>(Parameters).map((one) => one.Description);
    expect(descriptions).not.toContain(undefined);
  });

  it('only needs to be told the secret and how it is rotated, the network and the bucket', () => {
    const { Parameters } = template.toJSON();
    const required = Object.entries<object>(Parameters).filter(([, one]) => !('Default' in one));
    expect(required.map(([name]) => name)).toEqual([
      'SecretArn',
      'Strategy',
      'VpcId',
      'SubnetIds',
      'ClusterSecurityGroupId',
      'AssetsBucket',
    ]);
  });

  it('takes what is empty for not given', () => {
    const given = (name: string) => ({ 'Fn::Not': [{ 'Fn::Equals': [{ Ref: name }, ''] }] });
    expect(template.toJSON().Conditions).toEqual({
      AdminSecretArnIsGiven: given('AdminSecretArn'),
      OperatorsEmailIsGiven: given('OperatorsEmail'),
      SecretsKeyArnIsGiven: given('SecretsKeyArn'),
    });
  });

  it('accepts optional ARNs as given or empty, and no others', () => {
    const { AdminSecretArn, SecretsKeyArn, AssetsPrefix } = template.toJSON().Parameters;
    const accepts = (parameter: { AllowedPattern: string }, value: string) =>
      new RegExp(`^(?:${parameter.AllowedPattern})$`).test(value);
    const arn = 'arn:aws:secretsmanager:eu-central-1:111122223333:secret:my/admin-AbCdEf';
    expect(['', arn, 'my/admin'].map((value) => accepts(AdminSecretArn, value))).toEqual([true, true, false]);
    const key = 'arn:aws:kms:eu-central-1:111122223333:key/1234abcd';
    expect(['', key, 'alias/mine'].map((value) => accepts(SecretsKeyArn, value))).toEqual([
      true,
      true,
      false,
    ]);
    expect(['', 'a/', 'a/b/', 'a', '/'].map((value) => accepts(AssetsPrefix, value))).toEqual([
      true,
      true,
      true,
      false,
      false,
    ]);
  });

  it('names each function’s zip file, which lies beside it with the bundle inside', () => {
    const functions = Object.values(template.findResources('AWS::Lambda::Function'));
    const files = functions.map(({ Properties }) => {
      expect(Properties.Code.S3Bucket).toEqual({ Ref: 'AssetsBucket' });
      const [separator, [prefix, file]] = Properties.Code.S3Key['Fn::Join'];
      expect([separator, prefix]).toEqual(['', { Ref: 'AssetsPrefix' }]);
      return file;
    });
    expect(readdirSync(join(directory, 'functions')).sort()).toEqual(files.sort());

    for (const file of files) {
      const packed = unzipSync(readFileSync(join(directory, 'functions', file)));
      const bundle = bundleOf(file.replace(/-[0-9a-f]{16}\.zip$/, ''));
      expect(Object.keys(packed).sort()).toEqual(readdirSync(bundle).sort());
      expect(Buffer.from(packed['index.mjs'] ?? []).equals(readFileSync(join(bundle, 'index.mjs')))).toBe(
        true,
      );
    }
  });

  it('puts every function that needs the cluster into the subnets, and lets it in at the port', () => {
    const inVpc = Object.values(template.findResources('AWS::Lambda::Function')).filter(
      ({ Properties }) => Properties.VpcConfig,
    );
    expect(inVpc).toHaveLength(11);
    for (const { Properties } of inVpc) {
      expect(Properties.VpcConfig.SubnetIds).toEqual({ Ref: 'SubnetIds' });
    }
    template.hasResourceProperties('AWS::EC2::SecurityGroupIngress', {
      GroupId: { Ref: 'ClusterSecurityGroupId' },
      FromPort: { Ref: 'ClusterPort' },
      ToPort: { Ref: 'ClusterPort' },
    });
  });

  it('hands the other parameters on to where they belong', () => {
    template.hasResourceProperties('AWS::StepFunctions::StateMachine', {
      DefinitionSubstitutions: {
        PropagationTimeoutSeconds: { Ref: 'PropagationTimeoutSeconds' },
        RunbookUrl: { Ref: 'RunbookUrl' },
        Declared: {
          'Fn::Join': [
            '',
            ["[{'secret': '", { Ref: 'SecretArn' }, "', 'strategy': '", { Ref: 'Strategy' }, "'}]"],
          ],
        },
      },
    });
    template.hasResourceProperties('AWS::SecretsManager::RotationSchedule', {
      SecretId: { Ref: 'SecretArn' },
      RotateImmediatelyOnUpdate: false,
      RotationRules: { ScheduleExpression: { Ref: 'ScheduleExpression' } },
    });
    const [subscription] = Object.values(template.findResources('AWS::SNS::Subscription'));
    expect(subscription).toMatchObject({
      Condition: 'OperatorsEmailIsGiven',
      Properties: { Protocol: 'email', Endpoint: { Ref: 'OperatorsEmail' } },
    });
  });

  it('lets the functions read the admin secret if there is one, else nothing more than the secret', () => {
    const readable = { 'Fn::If': ['AdminSecretArnIsGiven', { Ref: 'AdminSecretArn' }, { Ref: 'SecretArn' }] };
    const statements = statementsOf(template, 'TestSecret').filter(({ Action }) =>
      Array.isArray(Action) ? Action.includes('secretsmanager:GetSecretValue') : false,
    );
    expect(statements.map(({ Resource }) => Resource)).toEqual([[readable, { Ref: 'SecretArn' }]]);
  });
});

it('infra/README.md tells every parameter', () => {
  const readme = readFileSync(join(import.meta.dirname, '../../../infra/README.md'), 'utf8');
  const missing = Object.keys(template.toJSON().Parameters).filter((name) => !readme.includes(`\`${name}\``));
  expect(missing).toEqual([]);
});
