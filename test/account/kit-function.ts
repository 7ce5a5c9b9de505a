import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { AssetHashType, DockerImage, type Duration } from 'aws-cdk-lib';
import { type IVpc, SubnetType } from 'aws-cdk-lib/aws-ec2';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Architecture, Code, Function as LambdaFunction, Runtime } from 'aws-cdk-lib/aws-lambda';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';

export interface KitFunctionProps {
  readonly description: string;
  /** The folder with its code. */
  readonly bundle: string;
  readonly timeout: Duration;
  readonly certificateAuthorityFile?: string | undefined;
  /** @default - outside any VPC */
  readonly vpc?: IVpc;
}

const CERTIFICATE_AUTHORITY = 'certificate-authority.pem';

/** https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html#configuration-vpc-permissions */
const JOIN_A_VPC = [
  'ec2:AssignPrivateIpAddresses',
  'ec2:CreateNetworkInterface',
  'ec2:DeleteNetworkInterface',
  'ec2:DescribeNetworkInterfaces',
  'ec2:DescribeSubnets',
  'ec2:UnassignPrivateIpAddresses',
];

/** A function of the kit. It goes when its stack goes, and so does its log. */
export class KitFunction extends Construct {
  readonly function: LambdaFunction;
  readonly role: Role;

  constructor(scope: Construct, id: string, props: KitFunctionProps) {
    super(scope, id);
    const logGroup = new LogGroup(this, 'Logs', { retention: RetentionDays.ONE_DAY });
    this.role = new Role(this, 'Role', { assumedBy: new ServicePrincipal('lambda.amazonaws.com') });
    logGroup.grantWrite(this.role);
    if (props.vpc)
      this.role.addToPrincipalPolicy(new PolicyStatement({ actions: JOIN_A_VPC, resources: ['*'] }));
    this.function = new LambdaFunction(this, 'Resource', {
      description: props.description,
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      handler: 'index.handler',
      code: codeOf(props),
      role: this.role,
      timeout: props.timeout,
      memorySize: 1024,
      logGroup,
      environment: props.certificateAuthorityFile
        ? { CERTIFICATE_AUTHORITY_FILE: CERTIFICATE_AUTHORITY }
        : {},
      ...(props.vpc ? { vpc: props.vpc, vpcSubnets: { subnetType: SubnetType.PRIVATE_ISOLATED } } : {}),
    });
  }
}

const codeOf = ({ bundle, certificateAuthorityFile }: KitFunctionProps): Code => {
  if (certificateAuthorityFile === undefined) return Code.fromAsset(bundle);
  return Code.fromAsset(bundle, {
    assetHashType: AssetHashType.OUTPUT,
    bundling: {
      // Never used: the copy below is all there is to do, and needs no Docker.
      image: DockerImage.fromRegistry('scratch'),
      local: {
        tryBundle: (directory) => {
          cpSync(bundle, directory, { recursive: true });
          cpSync(certificateAuthorityFile, join(directory, CERTIFICATE_AUTHORITY));
          return true;
        },
      },
    },
  });
};
