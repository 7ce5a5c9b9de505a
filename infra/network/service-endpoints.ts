import {
  InterfaceVpcEndpoint,
  InterfaceVpcEndpointAwsService,
  type ISecurityGroup,
  type IVpc,
  Port,
  SecurityGroup,
  type SubnetSelection,
} from 'aws-cdk-lib/aws-ec2';
import { Construct } from 'constructs';

/** Which services get an interface endpoint in the VPC. */
export interface ServiceEndpointsOptions {
  /**
   * Every function needs it.
   *
   * @default true
   */
  readonly secretsManager?: boolean;
  /**
   * The trigger needs it, to start executions and look at them, and so does the check of the locks.
   *
   * @default true
   */
  readonly stepFunctions?: boolean;
  /**
   * A recovery with `resetThroughCluster` needs it: the API of DocumentDB's clusters is that of RDS.
   *
   * @default false
   */
  readonly rds?: boolean;
  /**
   * For a policy of your own that lets keys be used from inside the VPC only; Secrets Manager decrypts by itself.
   *
   * @default false
   */
  readonly kms?: boolean;
}

export interface ServiceEndpointsProps {
  readonly vpc: IVpc;
  /** @default - the VPC's private subnets */
  readonly vpcSubnets?: SubnetSelection | undefined;
  readonly callers: readonly ISecurityGroup[];
  readonly options: ServiceEndpointsOptions;
}

/** A way to AWS for functions in a VPC without one. Only they are let in. */
export class ServiceEndpoints extends Construct {
  constructor(scope: Construct, id: string, { vpc, vpcSubnets, callers, options }: ServiceEndpointsProps) {
    super(scope, id);
    const securityGroup = new SecurityGroup(this, 'SecurityGroup', {
      vpc,
      description: 'Endpoints of AWS services for the rotation of DocumentDB credentials',
      allowAllOutbound: false,
    });
    for (const caller of callers)
      securityGroup.addIngressRule(caller, Port.tcp(443), 'Rotation of credentials');
    const services = {
      ...((options.secretsManager ?? true)
        ? { SecretsManager: InterfaceVpcEndpointAwsService.SECRETS_MANAGER }
        : {}),
      ...((options.stepFunctions ?? true)
        ? { StepFunctions: InterfaceVpcEndpointAwsService.STEP_FUNCTIONS }
        : {}),
      ...(options.rds ? { Rds: InterfaceVpcEndpointAwsService.RDS } : {}),
      ...(options.kms ? { Kms: InterfaceVpcEndpointAwsService.KMS } : {}),
    };
    for (const [name, service] of Object.entries(services)) {
      new InterfaceVpcEndpoint(this, name, {
        vpc,
        service,
        securityGroups: [securityGroup],
        // Otherwise the whole VPC would be let in.
        open: false,
        ...(vpcSubnets ? { subnets: vpcSubnets } : {}),
      });
    }
  }
}
