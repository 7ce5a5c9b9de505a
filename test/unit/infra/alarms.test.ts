import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { type IKey, Key } from 'aws-cdk-lib/aws-kms';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { beforeAll, describe, expect, it } from 'vitest';
import { METRICS_NAMESPACE } from '../../../functions/contract/metrics.ts';
import { DocDbRotation } from '../../../infra/docdb-rotation.ts';
import { ACCOUNT, makeStack, newSecret } from './synthesized.ts';

const RUNBOOK = readFileSync(join(import.meta.dirname, '../../../statemachine/RUNBOOK.md'), 'utf8');

/** As GitHub makes an anchor of a heading. */
const anchors = [...RUNBOOK.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
  heading
    .toLowerCase()
    .replaceAll(/[^a-z0-9 -]/g, '')
    .replaceAll(' ', '-'),
);

describe('The alarms', () => {
  let template: Template;
  let alarms: Record<string, Record<string, unknown>>;
  beforeAll(() => {
    const stack = makeStack();
    const rotation = new DocDbRotation(stack, 'Rotation');
    rotation.manage(newSecret(stack, 'App'));
    template = Template.fromStack(stack);
    alarms = Object.fromEntries(
      Object.entries(template.findResources('AWS::CloudWatch::Alarm')).map(([id, { Properties }]) => [
        id.replace(/^RotationAlarms(.+)[0-9A-F]{8}$/, '$1'),
        Properties,
      ]),
    );
  });

  it('are these, and each looks at the metric of the thing that it is named after', () => {
    const seen = Object.entries(alarms).map(
      ([name, { Namespace, MetricName, Threshold }]) => `${name}: ${Namespace} ${MetricName} ${Threshold}`,
    );
    expect(seen.sort()).toEqual([
      'BrokenNotRecovered: AWS/Events FailedInvocations 1',
      'CertificateAuthority: DocDbRotation CertificateAuthorityDaysLeft 60',
      'CheckCredentialsErrors: AWS/Lambda Errors 1',
      'CredentialOverdue: DocDbRotation OverdueCredentials 1',
      'CutOffNotRecovered: AWS/Events FailedInvocations 1',
      'EndNotReported: AWS/Events FailedInvocations 1',
      'LockWithoutExecution: DocDbRotation LockWithoutExecution 1',
      'RecoverSecretErrors: AWS/Lambda Errors 1',
      'RecoveryFailed: DocDbRotation RecoveryFailed 1',
      'RecoveryStarted: DocDbRotation RecoveryStarted 1',
      'RecoveryStopped: DocDbRotation Stopped 1',
      'RecoveryTimedOut: DocDbRotation TimedOut 1',
      'ReleaseLockErrors: AWS/Lambda Errors 1',
      'ReportOutcomeErrors: AWS/Lambda Errors 1',
      'RestoreCredentialErrors: AWS/Lambda Errors 1',
      'RestoreLabelsErrors: AWS/Lambda Errors 1',
      'RetirementFailed: DocDbRotation RetirementFailed 1',
      'RetirementStopped: DocDbRotation Stopped 1',
      'RetirementTimedOut: DocDbRotation TimedOut 1',
      'RetirementUnknown: DocDbRotation RetirementUnknown 1',
      'RollbackFailed: DocDbRotation RollbackFailed 1',
      'RolledBack: DocDbRotation RolledBack 1',
      'Superseded: DocDbRotation Superseded 1',
      'TestSecretErrors: AWS/Lambda Errors 1',
      'TimedOut: DocDbRotation TimedOut 1',
      'TriggerErrors: AWS/Lambda Errors 1',
    ]);
  });

  it('that are of one machine look at that machine', () => {
    const machineOf = ([, { Dimensions }]: [string, Record<string, unknown>]): string =>
      /Ref|GetAtt/.test(JSON.stringify(Dimensions))
        ? (/Rotation(Recovery|Retirement|StateMachine)/.exec(JSON.stringify(Dimensions))?.[1] ?? '')
        : '';
    const ends = Object.entries(alarms).filter(([, { MetricName, Namespace, Period }]) => {
      return Namespace === METRICS_NAMESPACE && Period === 60 && MetricName !== undefined;
    });
    expect(ends.map((end) => `${end[0]}: ${machineOf(end)}`).sort()).toEqual([
      'RecoveryFailed: Recovery',
      'RecoveryStarted: Recovery',
      'RecoveryStopped: Recovery',
      'RecoveryTimedOut: Recovery',
      'RetirementFailed: Retirement',
      'RetirementStopped: Retirement',
      'RetirementTimedOut: Retirement',
      'RetirementUnknown: StateMachine',
      'RollbackFailed: StateMachine',
      'RolledBack: StateMachine',
      'Superseded: StateMachine',
      'TimedOut: StateMachine',
    ]);
  });

  it('wait for more periods only where a failure is tried again by itself', () => {
    const retried = Object.entries(alarms).filter(([, { EvaluationPeriods }]) => EvaluationPeriods !== 1);
    expect(retried.map(([name, { EvaluationPeriods }]) => `${name}: ${EvaluationPeriods}`).sort()).toEqual([
      'LockWithoutExecution: 2',
      'RecoverSecretErrors: 2',
      'ReleaseLockErrors: 2',
      'RestoreCredentialErrors: 2',
      'RestoreLabelsErrors: 2',
      'TestSecretErrors: 4',
    ]);
  });

  it('may use the key of a topic that is made in the app', () => {
    const stack = makeStack();
    const masterKey = new Key(stack, 'Key') as IKey;
    new DocDbRotation(stack, 'Rotation', { operatorsTopic: new Topic(stack, 'Operators', { masterKey }) });
    Template.fromStack(stack).hasResourceProperties('AWS::KMS::Key', {
      KeyPolicy: {
        Statement: Match.arrayWith([
          Match.objectLike({
            Action: ['kms:Decrypt', 'kms:GenerateDataKey*'],
            Principal: { Service: 'cloudwatch.amazonaws.com' },
            Condition: { StringEquals: { 'aws:SourceAccount': ACCOUNT } },
          }),
        ]),
      },
    });
  });

  it('each say what happened, and link a heading of the runbook that exists', () => {
    for (const [name, { AlarmDescription }] of Object.entries(alarms)) {
      const [, sentence, anchor] =
        /^([A-Z].+[.]) What to do: docdb-rotation\/statemachine\/RUNBOOK\.md#(.+)$/.exec(
          String(AlarmDescription),
        ) ?? [];
      expect(sentence, name).toBeDefined();
      expect(anchors, name).toContain(anchor);
    }
  });

  it('each tell the operators', () => {
    for (const { AlarmActions } of Object.values(alarms)) {
      expect(AlarmActions).toEqual([{ Ref: expect.stringMatching(/Operators/) }]);
    }
    template.hasResourceProperties('AWS::SNS::TopicPolicy', {
      PolicyDocument: {
        Statement: Match.arrayWith([
          Match.objectLike({
            Action: 'sns:Publish',
            Effect: 'Allow',
            Principal: { Service: 'cloudwatch.amazonaws.com' },
            Condition: { StringEquals: { 'aws:SourceAccount': ACCOUNT } },
          }),
        ]),
      },
    });
  });

  it('stay quiet while nothing is measured', () => {
    for (const { TreatMissingData } of Object.values(alarms)) expect(TreatMissingData).toBe('notBreaching');
  });
});

describe('What the alarms look at', () => {
  it('ends of all machines, however they end, are reported', () => {
    const stack = makeStack();
    new DocDbRotation(stack, 'Rotation');
    Template.fromStack(stack).hasResourceProperties('AWS::Events::Rule', {
      EventPattern: {
        source: ['aws.states'],
        'detail-type': ['Step Functions Execution Status Change'],
        detail: {
          stateMachineArn: [
            { Ref: Match.stringLikeRegexp('^RotationStateMachineWorkflow') },
            { Ref: Match.stringLikeRegexp('^RotationRecoveryWorkflow') },
            { Ref: Match.stringLikeRegexp('^RotationRetirement') },
          ],
          status: ['SUCCEEDED', 'FAILED', 'ABORTED', 'TIMED_OUT'],
        },
      },
      Targets: [
        Match.objectLike({ Arn: { 'Fn::GetAtt': [Match.stringLikeRegexp('ReportOutcome'), 'Arn'] } }),
      ],
    });
  });

  it.each([
    ['measured daily', 'rate(1 day)', '"secrets":'],
    ['looked at for a stuck lock every hour', 'rate(1 hour)', '"locksOf":'],
  ])('every managed secret is %s, fifty to a rule', (_what, rate, key) => {
    const stack = makeStack();
    const rotation = new DocDbRotation(stack, 'Rotation');
    for (let index = 0; index < 51; index++) rotation.manage(newSecret(stack, `App${index}`));
    const rules = Object.values(
      Template.fromStack(stack).findResources('AWS::Events::Rule', {
        Properties: { ScheduleExpression: rate },
      }),
    );
    // The other daily rules name no secret.
    const targets = rules.map(({ Properties }) => JSON.stringify(Properties.Targets));
    const naming = targets.filter((text) => text.includes('"Ref":"App'));
    expect(naming.map((text) => text.match(/"Ref":"App/g)?.length).sort()).toEqual([1, 50]);
    for (const text of naming) expect(text.replaceAll('\\', '')).toContain(key);
  });
});
