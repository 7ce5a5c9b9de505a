import { Duration, RemovalPolicies, Stack, type StackProps } from 'aws-cdk-lib';
import { SubnetType } from 'aws-cdk-lib/aws-ec2';
import type { ISecret } from 'aws-cdk-lib/aws-secretsmanager';
import type { Construct } from 'constructs';
import { DocDbRotation, Strategy } from '../../infra/index.ts';
import { nameOutputs } from '../../infra/rotation-outputs.ts';
import type { KitConfig } from './config.ts';
import type { GroundStack } from './ground-stack.ts';
import { GRACE_SECONDS, SECRETS } from './names.ts';

export interface KitRotationStackProps extends StackProps {
  readonly config: KitConfig;
  readonly ground: GroundStack;
}

/** The construct of this project, as an app would have it. It is deployed once the users are there, as its README asks. */
export class KitRotationStack extends Stack {
  constructor(scope: Construct, id: string, { config, ground, ...props }: KitRotationStackProps) {
    super(scope, id, { ...props, description: 'Account kit of docdb-rotation: the rotation' });
    const { vpc, cluster } = ground;
    const rotation = new DocDbRotation(this, 'Rotation', {
      ...(vpc ? { vpc, vpcSubnets: { subnetType: SubnetType.PRIVATE_ISOLATED } } : {}),
      ...(cluster ? { cluster } : {}),
      ...(config.existing ? { certificateAuthorityFile: config.existing.certificateAuthorityFile } : {}),
      propagationTimeout: Duration.seconds(config.propagationTimeoutSeconds),
      drain: Duration.seconds(config.drainSeconds),
      runbookUrl: 'https://example.com/runbook',
      dashboard: false,
    });
    for (const { id: key, strategy } of SECRETS)
      rotation.manage(ground.secrets.get(key) as ISecret, {
        strategy: strategyOf(strategy, ground.adminSecret),
        grace: Duration.seconds(GRACE_SECONDS),
      });
    nameOutputs(rotation);
    RemovalPolicies.of(this).destroy();
  }
}

const strategyOf = (name: (typeof SECRETS)[number]['strategy'], adminSecret: ISecret): Strategy => {
  if (name === 'admin-clone') return Strategy.adminClone();
  return name === 'single-user'
    ? Strategy.singleUser({ adminSecret })
    : Strategy.alternatingUsers(adminSecret);
};
