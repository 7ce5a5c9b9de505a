import { Duration } from 'aws-cdk-lib';
import { Annotations, Match, Template } from 'aws-cdk-lib/assertions';
import { Schedule } from 'aws-cdk-lib/aws-events';
import { type ISecret, Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { describe, expect, it } from 'vitest';
import { DocDbRotation } from '../../../infra/docdb-rotation.ts';
import type { ManageOptions } from '../../../infra/options/manage-options.ts';
import { Strategy } from '../../../infra/options/strategy.ts';
import { ACCOUNT, makeStack, newSecret, REGION } from './synthesized.ts';

const managed = (options: (admin: ISecret) => ManageOptions = () => ({})): Template => {
  const stack = makeStack();
  const admin = newSecret(stack, 'Admin');
  new DocDbRotation(stack, 'Rotation').manage(newSecret(stack, 'App'), options(admin));
  return Template.fromStack(stack);
};

const tagsOfApp = (template: Template): unknown => {
  const secrets = template.findResources('AWS::SecretsManager::Secret');
  const [app] = Object.entries(secrets).filter(([id]) => id.startsWith('App'));
  return app?.[1].Properties.Tags;
};

describe('A secret made in the app', () => {
  it('is tagged as a single user by default', () => {
    expect(tagsOfApp(managed())).toEqual([{ Key: 'docdb-rotation:strategy', Value: 'single-user' }]);
  });

  it('is tagged with its strategy, the admin secret, and what becomes of the predecessor', () => {
    const template = managed((admin) => ({
      strategy: Strategy.alternatingUsers(admin),
      retirementPolicy: 'lock',
      grace: Duration.hours(2),
    }));
    expect(tagsOfApp(template)).toEqual([
      { Key: 'docdb-rotation:admin-secret', Value: { Ref: expect.stringMatching(/^Admin/) } },
      { Key: 'docdb-rotation:grace', Value: '7200' },
      { Key: 'docdb-rotation:retirement-policy', Value: 'lock' },
      { Key: 'docdb-rotation:strategy', Value: 'alternating-users' },
    ]);
  });

  it('rotates every 30 days by default, and not at once', () => {
    managed().hasResourceProperties('AWS::SecretsManager::RotationSchedule', {
      SecretId: { Ref: Match.stringLikeRegexp('^App') },
      RotationLambdaARN: { 'Fn::GetAtt': [Match.stringLikeRegexp('FunctionsTrigger'), 'Arn'] },
      RotateImmediatelyOnUpdate: false,
      RotationRules: { ScheduleExpression: 'rate(30 days)' },
    });
  });

  it('rotates on a schedule of its own, and at once if it is told so', () => {
    managed(() => ({
      strategy: Strategy.adminClone(),
      schedule: Schedule.rate(Duration.days(7)),
      rotateImmediately: true,
    })).hasResourceProperties('AWS::SecretsManager::RotationSchedule', {
      RotateImmediatelyOnUpdate: true,
      RotationRules: { ScheduleExpression: 'rate(7 days)' },
    });
  });

  it('is scheduled only when the trigger may be called and all grants are in place', () => {
    const [schedule] = Object.values(managed().findResources('AWS::SecretsManager::RotationSchedule'));
    expect(schedule?.DependsOn).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/AllowSecretsManager/),
        expect.stringMatching(/TriggerRoleDefaultPolicy/),
        expect.stringMatching(/TestSecretRoleDefaultPolicy/),
      ]),
    );
  });
});

describe('An imported secret', () => {
  it('is scheduled, and the tags that CloudFormation cannot set are asked for', () => {
    const stack = makeStack();
    const arn = `arn:aws:secretsmanager:${REGION}:${ACCOUNT}:secret:app-AbCdEf`;
    new DocDbRotation(stack, 'Rotation').manage(Secret.fromSecretCompleteArn(stack, 'App', arn), {
      strategy: Strategy.adminClone(),
    });
    Template.fromStack(stack).hasResourceProperties('AWS::SecretsManager::RotationSchedule', {
      SecretId: arn,
    });
    Annotations.fromStack(stack).hasInfo('*', Match.stringLikeRegexp('docdb-rotation:strategy=admin-clone'));
  });

  it('is told by words of an admin secret whose ARN is known only at deployment', () => {
    const stack = makeStack();
    const admin = newSecret(stack, 'Admin');
    const arn = `arn:aws:secretsmanager:${REGION}:${ACCOUNT}:secret:app-AbCdEf`;
    new DocDbRotation(stack, 'Rotation').manage(Secret.fromSecretCompleteArn(stack, 'App', arn), {
      strategy: Strategy.alternatingUsers(admin),
    });
    Annotations.fromStack(stack).hasInfo(
      '*',
      Match.stringLikeRegexp(/^app is not made.+admin-secret=\(the ARN of the admin secret\)$/.source),
    );
  });
});

/** https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html, and IAM's quotas by default */
describe('Two hundred secrets', () => {
  it('fit into one template, and into the policies of a role', () => {
    const stack = makeStack();
    const arnOf = (name: string) => `arn:aws:secretsmanager:${REGION}:${ACCOUNT}:secret:${name}-AbCdEf`;
    const rotation = new DocDbRotation(stack, 'Rotation');
    const admin = Secret.fromSecretCompleteArn(stack, 'Admin', arnOf('shop/admin'));
    for (let index = 0; index < 200; index++) {
      const secret = Secret.fromSecretCompleteArn(stack, `App${index}`, arnOf(`shop/orders/app-${index}`));
      rotation.manage(secret, { strategy: Strategy.alternatingUsers(admin) });
    }
    const template = Template.fromStack(stack);
    const { Resources } = template.toJSON();
    expect(JSON.stringify(template.toJSON()).length).toBeLessThan(1_000_000);
    expect(Object.keys(Resources).length).toBeLessThan(500);
    const roles = Object.values(template.findResources('AWS::IAM::ManagedPolicy')).flatMap(({ Properties }) =>
      Properties.Roles.map(({ Ref }: { Ref: string }) => Ref),
    );
    for (const role of roles) expect(roles.filter((each) => each === role).length).toBeLessThanOrEqual(10);
  });
});
