import { join } from 'node:path';
import { App, Stack, Stage } from 'aws-cdk-lib';
import { type CfnDBCluster, DatabaseCluster, type IDatabaseCluster } from 'aws-cdk-lib/aws-docdb';
import {
  InstanceType,
  InterfaceVpcEndpointAwsService,
  type IVpc,
  SubnetType,
  Vpc,
} from 'aws-cdk-lib/aws-ec2';
import { Schedule } from 'aws-cdk-lib/aws-events';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { type ISecret, RotationSchedule, Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { describe, expect, it } from 'vitest';
import { DocDbRotation, type DocDbRotationProps } from '../../../infra/docdb-rotation.ts';
import { Strategy } from '../../../infra/options/strategy.ts';
import { ACCOUNT, REGION } from './synthesized.ts';

/* What would deploy, and then not work or harm: the synthesis of an app as `cdk init` makes it refuses it, and says what to do. */

const OTHER_ACCOUNT = '444455556666';

const makeApp = (): App =>
  new App({
    context: {
      'aws:cdk:disable-asset-staging': true,
      '@aws-cdk/core:annotationsInValidationReport': true,
      '@aws-cdk/core:validationReportJson': false,
    },
  });

const stackIn = (app: App | Stage, id = 'Test', env = { account: ACCOUNT, region: REGION }): Stack =>
  new Stack(app, id, { env });

const arnOf = (name: string, { account = ACCOUNT, region = REGION } = {}): string =>
  `arn:aws:secretsmanager:${region}:${account}:secret:${name}-AbCdEf`;

const imported = (stack: Stack, id: string, arn: string): ISecret =>
  Secret.fromSecretCompleteArn(stack, id, arn);

/** Throws what the command line would print. */
const synthesis = (make: (stack: Stack, app: App) => void) => () => {
  const app = makeApp();
  make(stackIn(app), app);
  app.synth();
};

describe('A VPC without a way to AWS', () => {
  const isolated = (stack: Stack): Vpc =>
    new Vpc(stack, 'Vpc', {
      natGateways: 0,
      subnetConfiguration: [{ name: 'Database', subnetType: SubnetType.PRIVATE_ISOLATED }],
    });

  const rotationIn = (vpc: IVpc, props: Partial<DocDbRotationProps> = {}): DocDbRotation =>
    new DocDbRotation(vpc.stack, 'Rotation', { vpc, ...props });

  it('is refused, with what is missing and how to get it', () => {
    expect(synthesis((stack) => rotationIn(isolated(stack) as IVpc))).toThrow(
      /no route out of the VPC, which has no endpoint of secretsmanager, states: give vpcEndpoints: \{ secretsManager: true, stepFunctions: true \}/,
    );
  });

  it('is refused where the database’s subnets were chosen, and there are others with a route', () => {
    expect(
      synthesis((stack) => {
        const vpc = new Vpc(stack, 'Vpc', {
          subnetConfiguration: [
            { name: 'Public', subnetType: SubnetType.PUBLIC },
            { name: 'Private', subnetType: SubnetType.PRIVATE_WITH_EGRESS },
            { name: 'Database', subnetType: SubnetType.PRIVATE_ISOLATED },
          ],
        });
        rotationIn(vpc as IVpc, { vpcSubnets: { subnetType: SubnetType.PRIVATE_ISOLATED } });
      }),
    ).toThrow(/VpcDatabaseSubnet1|Vpc\/DatabaseSubnet1/);
  });

  it('is refused where it is imported, as far as that tells', () => {
    expect(
      synthesis((stack) => {
        const vpc = Vpc.fromVpcAttributes(stack, 'Vpc', {
          vpcId: 'vpc-12345678',
          availabilityZones: ['a', 'b'],
          isolatedSubnetIds: ['subnet-1', 'subnet-2'],
        });
        rotationIn(vpc);
      }),
    ).toThrow(/no endpoint of secretsmanager, states/);
  });

  it('is refused without the endpoint that only a reset through the cluster needs', () => {
    expect(
      synthesis((stack) => {
        const rotation = rotationIn(isolated(stack) as IVpc, { vpcEndpoints: true });
        rotation.manage(imported(stack, 'Admin', arnOf('admin')), {
          strategy: Strategy.adminClone(),
          resetThroughCluster: 'shop',
        });
      }),
    ).toThrow(/no endpoint of rds: give vpcEndpoints: \{ rds: true \}/);
  });

  it.each([
    ['endpoints of the construct', { vpcEndpoints: true }, () => {}],
    ['another way that the app does not know', { vpcEndpoints: false }, () => {}],
    [
      'endpoints that the app adds later',
      {},
      (vpc: Vpc) => {
        vpc.addInterfaceEndpoint('Secrets', { service: InterfaceVpcEndpointAwsService.SECRETS_MANAGER });
        vpc.addInterfaceEndpoint('States', { service: InterfaceVpcEndpointAwsService.STEP_FUNCTIONS });
      },
    ],
  ] satisfies [string, Partial<DocDbRotationProps>, (vpc: Vpc) => void][])(
    'is accepted with %s',
    (_what, props, then) => {
      expect(
        synthesis((stack) => {
          const vpc = isolated(stack);
          rotationIn(vpc as IVpc, props);
          then(vpc);
        }),
      ).not.toThrow();
    },
  );
});

describe('A secret that two would rotate', () => {
  it.each([
    ['by its ARN twice', (stack: Stack) => imported(stack, 'Twice', arnOf('app'))],
    ['by its ARN and its name', (stack: Stack) => Secret.fromSecretNameV2(stack, 'Twice', 'app')],
  ])('is refused in two rotations of one app, known %s', (_how, again) => {
    expect(
      synthesis((stack, app) => {
        new DocDbRotation(stack, 'One').manage(imported(stack, 'Once', arnOf('app')));
        const other = stackIn(app, 'Other');
        new DocDbRotation(other, 'Two').manage(again(other));
      }),
    ).toThrow(/^Other\/Twice is managed by Test\/One already, .+ call manage\(\) of one of the two/);
  });

  it('is refused beside a rotation schedule that stands elsewhere in the app', () => {
    expect(
      synthesis((stack) => {
        const rotation = new DocDbRotation(stack, 'Rotation');
        rotation.manage(imported(stack, 'App', arnOf('app')));
        new RotationSchedule(stack, 'Own', {
          secret: imported(stack, 'Again', arnOf('app')),
          rotationLambda: rotation.trigger as IFunction,
        });
      }),
    ).toThrow(/Test\/App is rotated by Test\/Rotation and by Test\/Own/);
  });

  it('is two secrets where the stages of an app have the same name in two accounts', () => {
    expect(
      synthesis((_stack, app) => {
        for (const [id, account] of [
          ['Dev', ACCOUNT],
          ['Prod', OTHER_ACCOUNT],
        ] as const) {
          const stage = stackIn(new Stage(app, id), 'Shop', { account, region: REGION });
          new DocDbRotation(stage, 'Rotation').manage(Secret.fromSecretNameV2(stage, 'App', 'shop/app'));
        }
      }),
    ).not.toThrow();
  });
});

describe('A secret that the functions can’t rotate from where they are', () => {
  it.each([
    [
      'account',
      { account: OTHER_ACCOUNT },
      /its account is 444455556666, and that of the rotation 111122223333/,
    ],
    ['Region', { region: 'us-east-1' }, /its region is us-east-1, and that of the rotation eu-central-1/],
  ])('is refused: it is of another %s', (_what, env, message) => {
    const manage = synthesis((stack) =>
      new DocDbRotation(stack, 'Rotation').manage(imported(stack, 'App', arnOf('app', env))),
    );
    expect(manage).toThrow(message);
    expect(manage).toThrow(/make a DocDbRotation there/);
  });

  it('is refused: its admin secret is of another Region', () => {
    expect(
      synthesis((stack) => {
        const admin = imported(stack, 'Admin', arnOf('admin', { region: 'us-east-1' }));
        new DocDbRotation(stack, 'Rotation').manage(imported(stack, 'App', arnOf('app')), {
          strategy: Strategy.alternatingUsers(admin),
        });
      }),
    ).toThrow(/its admin secret is in us-east-1, and the functions read it in eu-central-1/);
  });
});

const makeCluster = (stack: Stack, password = false): DatabaseCluster =>
  new DatabaseCluster(stack, 'Cluster', {
    vpc: new Vpc(stack, 'Vpc') as IVpc,
    masterUser: {
      username: 'dbadmin',
      ...(password
        ? { password: imported(stack, 'Password', arnOf('password')).secretValueFromJson('password') }
        : {}),
    },
    instanceType: new InstanceType('r6g.large'),
  });

describe('A cluster whose secret CDK did not make', () => {
  const missing = (stack: Stack): ISecret => makeCluster(stack, true).secret as ISecret;

  it.each([
    ['manage()', (secret: ISecret, rotation: DocDbRotation) => rotation.manage(secret)],
    ['Strategy.alternatingUsers()', (secret: ISecret) => Strategy.alternatingUsers(secret)],
    [
      'Strategy.singleUser({ adminSecret })',
      (secret: ISecret) => Strategy.singleUser({ adminSecret: secret }),
    ],
  ])('is told of by %s, which got undefined', (taker, use) => {
    const make = synthesis((stack) => use(missing(stack), new DocDbRotation(stack, 'Rotation')));
    expect(make).toThrow(`${taker} got no secret, but undefined`);
    expect(make).toThrow(/Secret\.fromSecretCompleteArn/);
  });
});

describe('A cluster whose primary user is named by reference to its secret', () => {
  const rotated = (strategy: (admin: ISecret) => Strategy, literal = false) =>
    synthesis((stack) => {
      const cluster = makeCluster(stack);
      if (literal) (cluster.node.defaultChild as CfnDBCluster).masterUsername = 'dbadmin';
      const rotation = new DocDbRotation(stack, 'Rotation', {
        vpc: cluster.stack.node.findChild('Vpc') as unknown as IVpc,
        cluster: cluster as IDatabaseCluster,
      });
      rotation.manage(cluster.secret as ISecret, {
        strategy: strategy(imported(stack, 'Admin', arnOf('admin'))),
        schedule: Schedule.expression('rate(30 days)'),
      });
    });

  it.each([
    ['an admin clone', () => Strategy.adminClone()],
    ['alternating users', (admin: ISecret) => Strategy.alternatingUsers(admin)],
  ])('is refused with %s: CloudFormation would replace it', (_what, strategy) => {
    expect(rotated(strategy)).toThrow(
      /MasterUsername of Test\/Cluster\S* refers to Test\/Cluster\/Secret.+would replace the cluster.+masterUsername = 'the name'/,
    );
  });

  it('is accepted with the literal name, and where its user keeps its name', () => {
    expect(rotated(() => Strategy.adminClone(), true)).not.toThrow();
    expect(rotated((admin) => Strategy.singleUser({ adminSecret: admin }))).not.toThrow();
  });

  it('is refused too where the secret is imported, and the reference is written by hand', () => {
    expect(
      synthesis((stack) => {
        const cluster = makeCluster(stack);
        (cluster.node.defaultChild as CfnDBCluster).masterUsername =
          '{{resolve:secretsmanager:shop/admin:SecretString:username}}';
        new DocDbRotation(stack, 'Rotation').manage(imported(stack, 'Admin', arnOf('shop/admin')), {
          strategy: Strategy.adminClone(),
        });
      }),
    ).toThrow(/MasterUsername of Test\/Cluster/);
  });
});

describe('A topic that would take no message', () => {
  const told = (arn: string) =>
    synthesis((stack) => {
      new DocDbRotation(stack, 'Rotation', { operatorsTopic: Topic.fromTopicArn(stack, 'Topic', arn) });
    });

  it('is refused: each to a FIFO topic needs a group', () => {
    expect(told(`arn:aws:sns:${REGION}:${ACCOUNT}:operators.fifo`)).toThrow(/operatorsTopic is a FIFO topic/);
    expect(
      synthesis((stack) => {
        new DocDbRotation(stack, 'Rotation', { operatorsTopic: new Topic(stack, 'Topic', { fifo: true }) });
      }),
    ).toThrow(/operatorsTopic is a FIFO topic/);
  });

  it('is refused: it is in another Region', () => {
    expect(told(`arn:aws:sns:us-east-1:${ACCOUNT}:operators`)).toThrow(
      /operatorsTopic is in us-east-1, and what tells the operators in eu-central-1/,
    );
    expect(told(`arn:aws:sns:${REGION}:${ACCOUNT}:operators`)).not.toThrow();
  });
});

describe('A secret that is its own admin secret', () => {
  const managed = (make: (stack: Stack) => [secret: ISecret, admin: ISecret]) =>
    synthesis((stack) => {
      const [secret, admin] = make(stack);
      new DocDbRotation(stack, 'Rotation').manage(secret, { strategy: Strategy.alternatingUsers(admin) });
    });

  it.each<[string, (stack: Stack) => [ISecret, ISecret]]>([
    [
      'by the same construct',
      (stack) => {
        const secret = imported(stack, 'App', arnOf('app'));
        return [secret, secret];
      },
    ],
    [
      'imported once more, by its name',
      (stack) => [imported(stack, 'App', arnOf('app')), Secret.fromSecretNameV2(stack, 'Admin', 'app')],
    ],
    [
      'by its attachment to a cluster',
      (stack) => {
        const cluster = makeCluster(stack);
        const secret = new Secret(stack, 'App');
        return [secret.attach(cluster as never), secret as ISecret];
      },
    ],
  ])('is refused, %s', (_how, make) => {
    expect(managed(make)).toThrow(/it is its own admin secret/);
  });
});

describe('An option that would be overlooked', () => {
  it.each([
    ['resetThroughAdmin', { resetThroughAdmin: '' }, /resetThroughAdmin is ""/],
    ['a long resetThroughAdmin', { resetThroughAdmin: 'a'.repeat(64) }, /of 1 to 63 characters/],
    ['resetThroughCluster', { resetThroughCluster: '' }, /resetThroughCluster is ""/],
  ])('is refused: %s', (_what, options, message) => {
    expect(
      synthesis((stack) =>
        new DocDbRotation(stack, 'Rotation').manage(imported(stack, 'App', arnOf('app')), options),
      ),
    ).toThrow(message);
  });

  it.each([
    [
      'a file without a certificate',
      join(import.meta.dirname, 'synthesized.ts'),
      /in which no certificate begins/,
    ],
    ['a folder', import.meta.dirname, /does not exist, or is no file/],
    ['a file that is not there', 'no-such.pem', /does not exist, or is no file/],
  ])('is refused: as authorities %s', (_what, certificateAuthorityFile, message) => {
    expect(synthesis((stack) => new DocDbRotation(stack, 'Rotation', { certificateAuthorityFile }))).toThrow(
      message,
    );
  });
});
