import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { App, Duration, type Stack } from 'aws-cdk-lib';
import { Annotations, Match, Template } from 'aws-cdk-lib/assertions';
import {
  type CfnDBCluster,
  DatabaseCluster,
  DatabaseSecret,
  type IDatabaseCluster,
} from 'aws-cdk-lib/aws-docdb';
import { InstanceType, type IVpc, SecurityGroup, Vpc } from 'aws-cdk-lib/aws-ec2';
import { Schedule } from 'aws-cdk-lib/aws-events';
import { type IPrincipal, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { HostedRotation, type ISecret, Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { describe, expect, it } from 'vitest';
import { DocDbRotation, type DocDbRotationProps } from '../../../infra/docdb-rotation.ts';
import type { ManageOptions } from '../../../infra/options/manage-options.ts';
import { Strategy } from '../../../infra/options/strategy.ts';
import { ACCOUNT, makeStack, newSecret, REGION } from './synthesized.ts';

const makeVpc = (stack: Stack): IVpc => new Vpc(stack, 'Vpc') as IVpc;

const makeCluster = (stack: Stack): { vpc: IVpc; cluster: DatabaseCluster } => {
  const vpc = makeVpc(stack);
  const props = { vpc, masterUser: { username: 'dbadmin' }, instanceType: new InstanceType('r6g.large') };
  const cluster = new DatabaseCluster(stack, 'Cluster', props);
  (cluster.node.defaultChild as CfnDBCluster).masterUsername = 'dbadmin';
  return { vpc, cluster };
};

describe('Who may start executions', () => {
  it.each([
    ['of the rotation', (rotation: DocDbRotation) => rotation.stateMachine, 'grantStart' as const],
    ['of the recovery', (rotation: DocDbRotation) => rotation.recovery, 'grantRecover' as const],
  ])('may start those %s, and nothing more', (_which, machineOf, grant) => {
    const stack = makeStack();
    const rotation = new DocDbRotation(stack, 'Rotation');
    const role = new Role(stack, 'Operator', {
      assumedBy: new ServicePrincipal('scheduler.amazonaws.com') as IPrincipal,
    });

    rotation[grant](role).assertSuccess();

    const policies = Template.fromStack(stack).findResources('AWS::IAM::Policy', {
      Properties: { Roles: [{ Ref: stack.getLogicalId(role.node.defaultChild as never) }] },
    });
    expect(Object.values(policies).map(({ Properties }) => Properties.PolicyDocument.Statement)).toEqual([
      [
        {
          Effect: 'Allow',
          Action: 'states:StartExecution',
          Resource: stack.resolve(machineOf(rotation).stateMachineArn),
        },
      ],
    ]);
  });
});

describe('The construct', () => {
  const make = (props: (stack: Stack) => DocDbRotationProps) => () => {
    const stack = makeStack();
    new DocDbRotation(stack, 'Rotation', props(stack));
  };

  it.each([
    ['a cluster', (stack) => ({ cluster: makeCluster(stack).cluster as IDatabaseCluster }), /^cluster is/],
    ['subnets', () => ({ vpcSubnets: {} }), /^vpcSubnets is/],
    ['endpoints', () => ({ vpcEndpoints: true }), /^vpcEndpoints is/],
  ] satisfies [string, Parameters<typeof make>[0], RegExp][])(
    'refuses %s for functions outside any VPC, and says what is missing',
    (_what, props, which) => {
      expect(make(props)).toThrow(which);
      expect(make(props)).toThrow(/give vpc too, or leave \w+ out/);
    },
  );

  it.each(['port', 'securityGroup'] as const)('refuses an imported cluster without its %s', (missing) => {
    const importCluster = (stack: Stack): DocDbRotationProps => {
      const securityGroup = SecurityGroup.fromSecurityGroupId(stack, 'Group', 'sg-12345678');
      const { [missing]: _left, ...known } = { port: 27017, securityGroup };
      const cluster = DatabaseCluster.fromDatabaseClusterAttributes(stack, 'Known', {
        clusterIdentifier: 'known',
        ...known,
      });
      return { vpc: makeVpc(stack), cluster };
    };
    expect(make(importCluster)).toThrow(/give it both, or leave cluster out/);
  });

  it('is let into an imported cluster, at its port', () => {
    const stack = makeStack();
    new DocDbRotation(stack, 'Rotation', {
      vpc: makeVpc(stack),
      cluster: DatabaseCluster.fromDatabaseClusterAttributes(stack, 'Known', {
        clusterIdentifier: 'known',
        port: 27117,
        securityGroup: SecurityGroup.fromSecurityGroupId(stack, 'Group', 'sg-12345678'),
      }),
    });
    Template.fromStack(stack).hasResourceProperties('AWS::EC2::SecurityGroupIngress', {
      GroupId: 'sg-12345678',
      FromPort: 27117,
      ToPort: 27117,
    });
  });

  it.each([
    ['an apostrophe', "https://wiki.example.com/it's"],
    ['a quote', 'https://wiki.example.com/"it"'],
    ['a backslash', 'C:\\wiki\\it'],
    ['a new line', 'https://wiki.example.com/\nit'],
    ['a space', 'https://wiki.example.com/the runbook'],
  ])('refuses %s in the address of the runbook, which would break the definitions', (_what, runbookUrl) => {
    expect(make(() => ({ runbookUrl }))).toThrow(/^runbookUrl is .*%27/);
  });

  it.each(['statemachine/RUNBOOK.md', 'https://wiki.example.com/a%27b?c=d&e=(f)#g', 'https://ü.example.com'])(
    'takes the address %s of the runbook',
    (runbookUrl) => {
      expect(make(() => ({ runbookUrl }))).not.toThrow();
    },
  );

  it('warns of a runbook that no console and no mail can lead to, and where to put it', () => {
    const warned = (props: DocDbRotationProps): boolean => {
      const stack = makeStack();
      new DocDbRotation(stack, 'Rotation', props);
      const words = Match.stringLikeRegexp('is no address: .* give that as runbookUrl');
      return Annotations.fromStack(stack).findWarning('*', words).length > 0;
    };
    expect(
      [{}, { runbookUrl: 'docs/RUNBOOK.md' }, { runbookUrl: 'https://wiki.example.com' }].map(warned),
    ).toEqual([true, true, false]);
  });

  it('warns of nothing where it is let into a cluster and endpoints, by a security group of its own', () => {
    const stack = makeStack();
    const { vpc, cluster } = makeCluster(stack);
    new DocDbRotation(stack, 'Rotation', {
      vpc,
      cluster: cluster as IDatabaseCluster,
      vpcEndpoints: true,
      runbookUrl: 'https://wiki.example.com/runbook',
    });
    expect(Annotations.fromStack(stack).findWarning('*', Match.anyValue())).toEqual([]);
  });

  it('refuses a certificate authority that is not there', () => {
    expect(make(() => ({ certificateAuthorityFile: '/none.pem' }))).toThrow(
      /\/none.pem, which does not exist/,
    );
  });
});

describe('A managed secret', () => {
  const manage =
    (options: (secret: ISecret) => ManageOptions, times = 1) =>
    () => {
      const stack = makeStack();
      const rotation = new DocDbRotation(stack, 'Rotation');
      const secret = newSecret(stack, 'App');
      for (let time = 1; time <= times; time++) rotation.manage(secret, options(secret));
    };

  it.each([
    ['itself as its admin', (secret) => ({ strategy: Strategy.alternatingUsers(secret) }), /adminClone\(\)/],
    [
      'no such retirement policy',
      () => ({ retirementPolicy: 'drop' as never }),
      /may be delete, revoke, lock, keep/,
    ],
    [
      'a name of before 0.2',
      () => ({ predecessor: 'lock' }) as never,
      /predecessor is called retirementPolicy/,
    ],
    [
      'a name of before 0.2',
      () => ({ predecessor: 'lock' }) as object,
      /predecessor is called retirementPolicy/,
    ],
    ['a grace of parts of a second', () => ({ grace: Duration.millis(1500) }), /give whole seconds/],
    ['a grace that lasts as long as an execution', () => ({ grace: Duration.days(365) }), /364 days at most/],
    ['a rate in minutes', () => ({ schedule: Schedule.rate(Duration.minutes(90)) }), /4 hours to 999 days/],
    ['a rate that is too high', () => ({ schedule: Schedule.rate(Duration.hours(3)) }), /rate\(3 hours\)/],
    ['a rate that is too low', () => ({ schedule: Schedule.rate(Duration.days(1000)) }), /rate\(1000 days\)/],
    ['a cron expression of any minute', () => ({ schedule: Schedule.cron({ hour: '8' }) }), /minute is 0/],
    [
      'a cron expression of one year',
      () => ({ schedule: Schedule.expression('cron(0 8 1 1 ? 2030)') }),
      /year is \*/,
    ],
    ['a single moment', () => ({ schedule: Schedule.expression('at(2030-01-01T00:00:00)') }), /or a cron/],
  ] satisfies [string, (secret: ISecret) => ManageOptions, RegExp][])(
    'is refused with %s, and it is said what is allowed',
    (_what, options, message) => {
      expect(manage(options)).toThrow(message);
      expect(manage(options)).toThrow(/^Test\/App can't be managed like this/);
    },
  );

  it.each([
    Schedule.rate(Duration.hours(4)),
    Schedule.rate(Duration.days(1)),
    Schedule.rate(Duration.days(999)),
    Schedule.cron({ minute: '0', hour: '8' }),
    Schedule.expression('cron(0 4/12 ? * SUN#1 *)'),
  ])('is accepted with the schedule $expressionString', (schedule) => {
    expect(manage(() => ({ schedule }))).not.toThrow();
  });

  it('is refused when it is managed a second time, under another of its names too', () => {
    expect(manage(() => ({}), 2)).toThrow(/managed already/);

    const stack = makeStack();
    const { cluster } = makeCluster(stack);
    const rotation = new DocDbRotation(stack, 'Rotation');
    const secret = new DatabaseSecret(stack, 'App', { username: 'app' });
    rotation.manage(secret.attach(cluster) as ISecret);
    expect(() => rotation.manage(secret as ISecret)).toThrow(/managed already/);

    const arn = `arn:aws:secretsmanager:${REGION}:${ACCOUNT}:secret:app-AbCdEf`;
    rotation.manage(Secret.fromSecretCompleteArn(stack, 'Once', arn));
    expect(() => rotation.manage(Secret.fromSecretCompleteArn(stack, 'Twice', arn))).toThrow(
      /managed already/,
    );
  });

  it('is refused beside a rotation of AWS, whichever comes first', () => {
    const stack = makeStack();
    const { vpc, cluster } = makeCluster(stack);
    const rotation = new DocDbRotation(stack, 'Rotation', { vpc, cluster: cluster as IDatabaseCluster });
    const secret = new DatabaseSecret(stack, 'App', { username: 'app' });
    rotation.manage(cluster.secret as ISecret, { strategy: Strategy.adminClone() });
    rotation.manage(secret.attach(cluster) as ISecret);
    cluster.addRotationSingleUser();
    secret.addRotationSchedule('Hosted', { hostedRotation: HostedRotation.mongoDbSingleUser() });

    const errors = App.of(stack)
      ?.node.findAll()
      .flatMap((construct) => construct.node.validate());

    expect(errors).toEqual([
      expect.stringMatching(
        /^Test\/Cluster\/Secret is rotated by Test\/Rotation and by .+ leave out .*addRotationSingleUser/,
      ),
      expect.stringMatching(/^Test\/App is rotated by Test\/Rotation and by Test\/App\/Hosted/),
    ]);
  });
});

it('every optional property says what happens without it', () => {
  const infra = join(import.meta.dirname, '../../../infra');
  const undocumented = readdirSync(infra)
    .filter((name) => name.endsWith('.ts'))
    .flatMap((name) => {
      const lines = readFileSync(join(infra, name), 'utf8').split('\n');
      const optional = lines.flatMap((line, index) => (/^ {2}readonly \w+\?:/.test(line) ? [index] : []));
      return optional
        .filter((index) => !docAbove(lines, index).includes('@default'))
        .map((index) => `${name}: ${lines[index]?.trim()}`);
    });
  expect(undocumented).toEqual([]);
});

/** The comment that ends on the line before. */
const docAbove = (lines: readonly string[], index: number): string => {
  const above = lines.slice(0, index);
  if (!above.at(-1)?.endsWith('*/')) return '';
  return above.slice(above.findLastIndex((line) => line.trimStart().startsWith('/**'))).join('\n');
};
