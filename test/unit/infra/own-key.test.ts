import { App, Stack } from 'aws-cdk-lib';
import { Annotations, Match, Template } from 'aws-cdk-lib/assertions';
import { type IKey, Key } from 'aws-cdk-lib/aws-kms';
import { expect, it } from 'vitest';
import { DocDbRotation, type DocDbRotationProps } from '../../../infra/docdb-rotation.ts';
import { ACCOUNT, makeStack, REGION, statementsOf } from './synthesized.ts';

const KEY = `arn:aws:kms:${REGION}:${ACCOUNT}:key/0f1e2d3c-aaaa-bbbb-cccc-000000000000`;
const WORDS = Match.stringLikeRegexp('must let CloudWatch Logs use it: .*logs\\..*encrypt-log-data-kms');

const withKey = (
  keyOf: (stack: Stack) => IKey,
  stack = makeStack(),
  props: DocDbRotationProps = {},
): Stack => {
  new DocDbRotation(stack, 'Rotation', { encryptionKey: keyOf(stack), ...props });
  return stack;
};
const newKey = (stack: Stack): IKey => new Key(stack, 'Key') as IKey;
const importedKey = (stack: Stack): IKey => Key.fromKeyArn(stack, 'Key', KEY);

it.each(['CreateSecret', 'Trigger', 'ReportOutcome', 'CheckCredentials'])(
  'the function %s may decrypt its environment, and nothing else with that permission',
  (name) => {
    const statements = statementsOf(Template.fromStack(withKey(importedKey)), name);
    expect(statements).toContainEqual({
      Effect: 'Allow',
      Action: 'kms:Decrypt',
      Resource: KEY,
      Condition: { ArnLike: { 'kms:EncryptionContext:aws:lambda:FunctionArn': expect.anything() } },
    });
  },
);

it('CloudWatch Logs is let in by the name that it has in the partition', () => {
  const app = new App({ context: { 'aws:cdk:disable-asset-staging': true } });
  const china = new Stack(app, 'Test', { env: { account: ACCOUNT, region: 'cn-northwest-1' } });
  const principal = { 'Fn::Join': ['', ['logs.cn-northwest-1.', { Ref: 'AWS::URLSuffix' }]] };
  // No authority of this Region comes with the functions. This is only a file with -----BEGIN CERTIFICATE----- in it.
  const props = { certificateAuthorityFile: import.meta.filename };
  Template.fromStack(withKey(newKey, china, props)).hasResourceProperties('AWS::KMS::Key', {
    KeyPolicy: { Statement: Match.arrayWith([Match.objectLike({ Principal: { Service: principal } })]) },
  });
});

it('of an imported key it is said what its policy has to permit already', () => {
  Annotations.fromStack(withKey(importedKey)).hasWarning('/Test/Rotation', WORDS);
});

it('of a key of the app nothing has to be said', () => {
  Annotations.fromStack(withKey(newKey)).hasNoWarning('/Test/Rotation', WORDS);
});
