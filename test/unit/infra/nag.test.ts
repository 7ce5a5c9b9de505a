import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App, type Environment, Stack, Validations } from 'aws-cdk-lib';
import { FlowLogDestination, type IVpc, Vpc } from 'aws-cdk-lib/aws-ec2';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { type IKey, Key } from 'aws-cdk-lib/aws-kms';
import { type ISecret, Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { AwsSolutionsChecks } from 'cdk-nag';
import { describe, expect, it } from 'vitest';
import { DocDbRotation, type DocDbRotationProps } from '../../../infra/docdb-rotation.ts';
import { Strategy } from '../../../infra/options/strategy.ts';
import { ACCOUNT, REGION } from './synthesized.ts';

/** An app that checks itself with cdk-nag, and what is to be synthesized in it. */
const checkedApp = (env: Environment, props: (stack: Stack) => DocDbRotationProps = () => ({})) => {
  const app = new App({
    outdir: mkdtempSync(join(tmpdir(), 'nag-')),
    context: { 'aws:cdk:disable-asset-staging': true },
  });
  // The library is compiled with other strictness than this project.
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app) as never);
  const stack = new Stack(app, 'Test', { env });
  const named = (name: string): ISecret => Secret.fromSecretNameV2(stack, name, name);
  const rotation = new DocDbRotation(stack, 'Rotation', props(stack));
  const admin = named('Admin');
  rotation.manage(named('App'), { strategy: Strategy.alternatingUsers(admin) });
  rotation.manage(admin, { strategy: Strategy.adminClone(), resetThroughCluster: 'my-cluster' });
  return { app, rotation };
};

const everything = (stack: Stack): DocDbRotationProps => ({
  vpc: new Vpc(stack, 'Vpc', {
    flowLogs: { All: { destination: FlowLogDestination.toCloudWatchLogs() } },
  }) as IVpc,
  vpcEndpoints: { kms: true, rds: true },
  encryptionKey: new Key(stack, 'Key', { enableKeyRotation: true }) as IKey,
});

describe('cdk-nag (AWS Solutions)', { timeout: 60_000 }, () => {
  it.each([
    ['known', { account: ACCOUNT, region: REGION }],
    ['known only at deployment', {}],
  ])('finds nothing, where account and Region are %s', (_case, env) => {
    const { app } = checkedApp(env);
    expect(() => app.synth()).not.toThrow();
  });

  it('finds nothing with a VPC, endpoints and a key', () => {
    const { app } = checkedApp({ account: ACCOUNT, region: REGION }, everything);
    expect(() => app.synth()).not.toThrow();
  });

  it('fails for a wildcard that is added to a role, though others there have their reasons', () => {
    const { app, rotation } = checkedApp({ account: ACCOUNT, region: REGION });
    rotation.trigger.addToRolePolicy(
      new PolicyStatement({
        actions: ['secretsmanager:*'],
        resources: ['arn:aws:secretsmanager:::secret:x'],
      }),
    );
    expect(() => app.synth()).toThrow();
    // CDK means the process to end with it; here it was the point.
    process.exitCode = 0;
  });
});
