import { Template } from 'aws-cdk-lib/assertions';
import { type IKey, Key } from 'aws-cdk-lib/aws-kms';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { beforeAll, describe, expect, it } from 'vitest';
import { DocDbRotation } from '../../infra/docdb-rotation.ts';
import { Strategy } from '../../infra/strategy.ts';
import { ACCOUNT, grantsOf, makeStack, newSecret, REGION, statementsOf } from './synthesized.ts';

const STEPS = [
  'CreateSecret',
  'SetSecret',
  'TestSecret',
  'FinishSecret',
  'RestoreCredential',
  'RestoreLabels',
  'RecoverSecret',
  'RetireUser',
  'Trigger',
  'ReportEnd',
  'CheckCredentials',
];
const APP = `arn:aws:secretsmanager:${REGION}:${ACCOUNT}:secret:app-AbCdEf`;
const ADMIN = `arn:aws:secretsmanager:${REGION}:${ACCOUNT}:secret:admin-GhIjKl`;

const describeAndRead = (arn: string) => [
  `Allow secretsmanager:DescribeSecret on ${arn}`,
  `Allow secretsmanager:GetSecretValue on ${arn}`,
];
const password = 'Allow secretsmanager:GetRandomPassword on *';
const list = `Allow secretsmanager:ListSecretVersionIds on ${APP}`;
const put = `Allow secretsmanager:PutSecretValue on ${APP}`;
const move = `Allow secretsmanager:UpdateSecretVersionStage on ${APP}`;

const managing = (): Template => {
  const stack = makeStack();
  const rotation = new DocDbRotation(stack, 'Rotation');
  const app = Secret.fromSecretCompleteArn(stack, 'App', APP);
  const adminSecret = Secret.fromSecretCompleteArn(stack, 'Admin', ADMIN);
  rotation.manage(app, { strategy: Strategy.singleUser({ adminSecret }) });
  return Template.fromStack(stack);
};

describe('What each function may do', () => {
  let template: Template;
  beforeAll(() => {
    template = managing();
  });
  const granted = (step: string) => [...new Set(grantsOf(template, step))];

  it('CreateSecret reads and writes the secret, and never an admin secret', () => {
    expect(granted('CreateSecret')).toEqual([...describeAndRead(APP), list, password, put, move].sort());
  });

  it('SetSecret reads the secret and the admin secret, and writes neither', () => {
    expect(granted('SetSecret')).toEqual(
      [...describeAndRead(APP), ...describeAndRead(ADMIN), password].sort(),
    );
  });

  it('TestSecret reads the secret and the admin secret, and writes neither', () => {
    expect(granted('TestSecret')).toEqual([...describeAndRead(APP), ...describeAndRead(ADMIN)].sort());
  });

  it('FinishSecret and RestoreLabels move labels and can read no password', () => {
    const expected = [`Allow secretsmanager:DescribeSecret on ${APP}`, move];
    expect(granted('FinishSecret')).toEqual(expected);
    expect(granted('RestoreLabels')).toEqual(expected);
  });

  it('RestoreCredential and RetireUser read the secret and the admin secret, and move no label', () => {
    const expected = [...describeAndRead(APP), ...describeAndRead(ADMIN), password].sort();
    expect(granted('RestoreCredential')).toEqual(expected);
    expect(granted('RetireUser')).toEqual(expected);
  });

  it('RecoverSecret reads both secrets and moves labels of the managed one only', () => {
    expect(granted('RecoverSecret')).toEqual(
      [...describeAndRead(APP), ...describeAndRead(ADMIN), password, move].sort(),
    );
  });

  it('the trigger writes versions, starts this machine and looks at its executions only', () => {
    const machine = 'RotationStateMachineWorkflow';
    const executions = `{Fn::Join:[,[arn:,{Ref:AWS::Partition},:states:${REGION}:${ACCOUNT}:execution:,{Fn::GetAtt:[${machine},Name]},:*]]}`;
    expect(granted('Trigger')).toEqual(
      [
        ...describeAndRead(APP),
        list,
        password,
        put,
        move,
        `Allow states:DescribeExecution on ${executions}`,
        `Allow states:StartExecution on {Ref:${machine}}`,
      ].sort(),
    );
  });

  it('ReportEnd puts events on the bus, as this project only', () => {
    expect(granted('ReportEnd')).toEqual([
      `Allow events:PutEvents on {Fn::Join:[,[arn:,{Ref:AWS::Partition},:events:${REGION}:${ACCOUNT}:event-bus/default]]} if {"StringEquals":{"events:source":"docdb-rotation"}}`,
    ]);
  });

  it('CheckCredentials sees when the secret was rotated, and can read no password', () => {
    expect(granted('CheckCredentials')).toEqual([`Allow secretsmanager:DescribeSecret on ${APP}`]);
  });

  it('nobody may do anything to everything, but for what AWS knows no resources for', () => {
    const everywhere = STEPS.flatMap((step) => statementsOf(template, step))
      .filter(({ Resource }) => Resource === '*')
      .flatMap(({ Action }) => Action);
    expect([...new Set(everywhere)].sort()).toEqual([
      'secretsmanager:GetRandomPassword',
      'xray:PutTelemetryRecords',
      'xray:PutTraceSegments',
    ]);
  });

  it('no action is a pattern', () => {
    const actions = STEPS.flatMap((step) => statementsOf(template, step)).flatMap(({ Action }) => Action);
    expect(actions.filter((action) => String(action).includes('*'))).toEqual([]);
  });
});

describe('What a secret needs beside', () => {
  it('a customer key decrypts for readers and encrypts for writers, through Secrets Manager only', () => {
    const stack = makeStack();
    const secret = newSecret(stack, 'Secret', { encryptionKey: new Key(stack, 'Key') as IKey });
    new DocDbRotation(stack, 'Rotation').manage(secret);
    const template = Template.fromStack(stack);
    const kms = (step: string) => grantsOf(template, step).filter((grant) => grant.includes('kms:'));
    const viaKey =
      `on {Fn::GetAtt:[Key961B73FD,Arn]} if {"StringEquals":{"kms:ViaService":"secretsmanager.${REGION}.amazonaws.com"}}`.replace(
        '961B73FD',
        '',
      );
    expect(kms('SetSecret')).toEqual([`Allow kms:Decrypt ${viaKey}`]);
    expect(kms('CreateSecret')).toEqual([
      `Allow kms:Decrypt ${viaKey}`,
      `Allow kms:GenerateDataKey ${viaKey}`,
    ]);
    expect(kms('FinishSecret')).toEqual([]);
  });

  it('a secret known by its name only is named together with its random suffix', () => {
    const stack = makeStack();
    new DocDbRotation(stack, 'Rotation').manage(Secret.fromSecretNameV2(stack, 'Named', 'by-name'));
    const [first] = grantsOf(Template.fromStack(stack), 'FinishSecret');
    expect(first).toMatch(/secret:by-name-\?{6}\]\]\}$/);
  });
});
