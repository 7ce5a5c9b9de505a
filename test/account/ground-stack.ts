import { CfnOutput, Duration, RemovalPolicies, RemovalPolicy, Stack, type StackProps } from 'aws-cdk-lib';
import { DatabaseCluster, DatabaseSecret } from 'aws-cdk-lib/aws-docdb';
import {
  InstanceClass,
  InstanceSize,
  InstanceType,
  InterfaceVpcEndpointAwsService,
  type IVpc,
  SecurityGroup,
  SubnetType,
  Vpc,
} from 'aws-cdk-lib/aws-ec2';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { type ISecret, Secret } from 'aws-cdk-lib/aws-secretsmanager';
import type { Construct } from 'constructs';
import { PROBER_BUNDLE, SCRIPTED_ROTATION_BUNDLE } from './bundle.ts';
import type { KitConfig } from './config.ts';
import { KitFunction } from './kit-function.ts';
import { ownNames, SECRETS } from './names.ts';

export interface GroundStackProps extends StackProps {
  readonly config: KitConfig;
}

/** What there is before a rotation: the network, the cluster, the secrets, and the two functions of the kit. */
export class GroundStack extends Stack {
  readonly vpc: IVpc | undefined;
  readonly cluster: DatabaseCluster | undefined;
  readonly adminSecret: ISecret;
  /** By the ids in names.ts. */
  readonly secrets: ReadonlyMap<string, ISecret>;

  constructor(scope: Construct, id: string, props: GroundStackProps) {
    super(scope, id, { ...props, description: 'Account kit of docdb-rotation: network, cluster, secrets' });
    const { config } = props;
    if (config.existing) {
      const { adminSecretArn, secretArns } = config.existing;
      this.adminSecret = Secret.fromSecretCompleteArn(this, 'Admin', adminSecretArn);
      this.secrets = new Map(
        Object.entries(secretArns).map(([key, arn]) => [key, Secret.fromSecretCompleteArn(this, key, arn)]),
      );
    } else {
      this.vpc = this.network();
      this.cluster = this.makeCluster(config, this.vpc);
      this.adminSecret = this.cluster.secret ?? this.fail();
      this.secrets = this.makeSecrets(config, this.cluster);
    }
    this.functions(config);
    // CDK keeps logs and clusters by default: here nothing may stay.
    RemovalPolicies.of(this).destroy();
    this.output('AdminSecretArn', this.adminSecret.secretArn);
    for (const [key, secret] of this.secrets) this.output(`${key}SecretArn`, secret.secretArn);
  }

  /** Two zones, no way out: what the functions need of AWS comes through endpoints. */
  private network(): IVpc {
    const vpc = new Vpc(this, 'Vpc', {
      maxAzs: 2,
      natGateways: 0,
      restrictDefaultSecurityGroup: false,
      subnetConfiguration: [{ name: 'isolated', subnetType: SubnetType.PRIVATE_ISOLATED, cidrMask: 24 }],
    });
    vpc.addInterfaceEndpoint('SecretsManager', { service: InterfaceVpcEndpointAwsService.SECRETS_MANAGER });
    vpc.addInterfaceEndpoint('StepFunctions', { service: InterfaceVpcEndpointAwsService.STEP_FUNCTIONS });
    // Its optional parts may be undefined, which the interface does not say.
    return vpc as IVpc;
  }

  private makeCluster({ name, engineVersion }: KitConfig, vpc: IVpc): DatabaseCluster {
    const cluster = new DatabaseCluster(this, 'Cluster', {
      masterUser: { username: 'dbadmin', secretName: `${name}/admin` },
      engineVersion,
      instanceType: InstanceType.of(InstanceClass.T3, InstanceSize.MEDIUM),
      instances: 2,
      vpc,
      vpcSubnets: { subnetType: SubnetType.PRIVATE_ISOLATED },
      storageEncrypted: true,
      backup: { retention: Duration.days(1) },
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const closed = new SecurityGroup(this, 'Closed', {
      vpc,
      description: 'Lets no one in: stands for a security group that someone has closed',
      allowAllOutbound: false,
    });
    this.output('ClusterIdentifier', cluster.clusterIdentifier);
    this.output('OpenSecurityGroupId', cluster.securityGroupId);
    this.output('ClosedSecurityGroupId', closed.securityGroupId);
    return cluster;
  }

  private makeSecrets({ name }: KitConfig, cluster: DatabaseCluster): ReadonlyMap<string, ISecret> {
    return new Map(
      SECRETS.map(({ id, user }) => [
        id,
        new DatabaseSecret(this, id, { username: user, secretName: `${name}/${id}` }).attach(cluster),
      ]),
    );
  }

  private functions(config: KitConfig): void {
    const prober = new KitFunction(this, 'Prober', {
      description: 'Asks the database on behalf of the account kit, from inside the VPC',
      bundle: PROBER_BUNDLE,
      timeout: Duration.minutes(3),
      certificateAuthorityFile: config.existing?.certificateAuthorityFile,
      ...(this.vpc ? { vpc: this.vpc } : {}),
    });
    for (const secret of [this.adminSecret, ...this.secrets.values()])
      prober.role.addToPrincipalPolicy(
        new PolicyStatement({ actions: ['secretsmanager:GetSecretValue'], resources: [secret.secretArn] }),
      );
    if (this.cluster) this.cluster.connections.allowDefaultPortFrom(prober.function);
    const scripted = new KitFunction(this, 'ScriptedRotation', {
      description: 'A rotation function that rotates nothing: tells how Secrets Manager calls one',
      bundle: SCRIPTED_ROTATION_BUNDLE,
      timeout: Duration.minutes(15),
    });
    scripted.role.addToPrincipalPolicy(
      new PolicyStatement({
        actions: [
          'secretsmanager:DescribeSecret',
          'secretsmanager:GetSecretValue',
          'secretsmanager:PutSecretValue',
          'secretsmanager:UpdateSecretVersionStage',
        ],
        resources: [
          this.formatArn({ service: 'secretsmanager', resource: `secret:${ownNames(config.name)}*` }),
        ],
      }),
    );
    scripted.function.addPermission('SecretsManager', {
      principal: new ServicePrincipal('secretsmanager.amazonaws.com'),
      sourceAccount: this.account,
    });
    this.output('ProberFunctionName', prober.function.functionName);
    this.output('ScriptedRotationFunctionArn', scripted.function.functionArn);
  }

  private output(name: string, value: string): void {
    new CfnOutput(this, name, { value });
  }

  private fail(): never {
    throw new Error('the cluster has no secret');
  }
}
