import { Annotations, Duration, Stack, type StackProps } from 'aws-cdk-lib';
import { Port, SecurityGroup, Subnet, Vpc } from 'aws-cdk-lib/aws-ec2';
import { Schedule } from 'aws-cdk-lib/aws-events';
import { Key } from 'aws-cdk-lib/aws-kms';
import { type ISecret, Secret } from 'aws-cdk-lib/aws-secretsmanager';
import type { Construct } from 'constructs';
import { DocDbRotation, type DocDbRotationProps } from './docdb-rotation.ts';
import type { Config, ManagedSecret } from './options/config.ts';
import type { ManageOptions } from './options/manage-options.ts';
import { Strategy } from './options/strategy.ts';
import { nameOutputs } from './rotation-outputs.ts';

export interface RotationStackProps extends StackProps {
  readonly config: Config;
}

/** Deploys one rotation for secrets and clusters that exist already. */
export class RotationStack extends Stack {
  private readonly imported = new Map<string, ISecret>();
  /** The keys of the user's own, by the ARN of the secret that each encrypts. */
  private readonly keyArns: ReadonlyMap<string, string | undefined>;

  constructor(scope: Construct, id: string, props: RotationStackProps) {
    super(scope, id, props);
    const { config } = props;
    this.keyArns = keyArnsOf(config.secrets);
    const rotation = new DocDbRotation(this, 'Rotation', {
      ...this.network(config),
      ...(config.certificateAuthorityFile
        ? { certificateAuthorityFile: config.certificateAuthorityFile }
        : {}),
      propagationTimeout: Duration.seconds(config.propagationTimeoutSeconds),
      drain: Duration.seconds(config.drainSeconds),
      runbookUrl: config.runbookUrl,
    });
    if (config.clusterSecurityGroupId) {
      const cluster = SecurityGroup.fromSecurityGroupId(
        this,
        'ClusterSecurityGroup',
        config.clusterSecurityGroupId,
      );
      rotation.connections.allowTo(cluster, Port.tcp(config.clusterPort), 'Rotation of credentials');
    }
    for (const secret of config.secrets) rotation.manage(this.secret(secret.arn), this.manageOptions(secret));
    nameOutputs(rotation);
  }

  private network(config: Config): Pick<DocDbRotationProps, 'vpc' | 'vpcSubnets' | 'vpcEndpoints'> {
    if (!config.vpcId) {
      Annotations.of(this).addWarningV2(
        'docdb-rotation:no-vpc',
        'no vpcId is configured: the functions will run outside any VPC and reach no DocumentDB cluster',
      );
      return {};
    }
    const vpc = Vpc.fromLookup(this, 'Vpc', { vpcId: config.vpcId });
    const subnets = config.subnetIds?.map((id) => Subnet.fromSubnetId(this, id, id));
    const { vpcEndpoints } = config;
    return {
      vpc,
      ...(subnets ? { vpcSubnets: { subnets } } : {}),
      ...(vpcEndpoints === undefined ? {} : { vpcEndpoints }),
    };
  }

  private secret(arn: string): ISecret {
    const known = this.imported.get(arn);
    if (known) return known;
    const id = `Secret${this.imported.size + 1}`;
    const keyArn = this.keyArns.get(arn);
    const secret = Secret.fromSecretAttributes(this, id, {
      secretCompleteArn: arn,
      ...(keyArn ? { encryptionKey: Key.fromKeyArn(this, `${id}Key`, keyArn) } : {}),
    });
    this.imported.set(arn, secret);
    return secret;
  }

  private manageOptions(secret: ManagedSecret): ManageOptions {
    return {
      strategy: this.strategy(secret),
      schedule: Schedule.expression(secret.schedule),
      rotateImmediately: secret.rotateImmediately,
      ...(secret.resetThroughCluster ? { resetThroughCluster: secret.resetThroughCluster } : {}),
      ...(secret.resetThroughAdmin ? { resetThroughAdmin: secret.resetThroughAdmin } : {}),
      ...(secret.retirementPolicy ? { retirementPolicy: secret.retirementPolicy } : {}),
      ...(secret.graceSeconds === undefined ? {} : { grace: Duration.seconds(secret.graceSeconds) }),
    };
  }

  private strategy({ strategy, adminSecretArn }: ManagedSecret): Strategy {
    if (strategy === 'admin-clone') return Strategy.adminClone();
    if (!adminSecretArn) return Strategy.singleUser();
    const adminSecret = this.secret(adminSecretArn);
    return strategy === 'alternating-users'
      ? Strategy.alternatingUsers(adminSecret)
      : Strategy.singleUser({ adminSecret });
  }
}

/** A secret may be named twice, for itself and as an admin secret; its key is said once. */
const keyArnsOf = (secrets: readonly ManagedSecret[]): Map<string, string | undefined> =>
  new Map(
    secrets
      .flatMap((secret) => [
        [secret.adminSecretArn, secret.adminSecretKeyArn] as const,
        [secret.arn, secret.keyArn] as const,
      ])
      .flatMap(([arn, keyArn]) => (arn && keyArn ? [[arn, keyArn]] : [])),
  );
