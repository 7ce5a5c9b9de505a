import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { AssetHashType, Aws, DockerImage, Duration, Stack } from 'aws-cdk-lib';
import type { ISecurityGroup, IVpc, SubnetSelection } from 'aws-cdk-lib/aws-ec2';
import { Effect, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import {
  Architecture,
  Code,
  Function as LambdaFunction,
  LoggingFormat,
  Runtime,
  Tracing,
} from 'aws-cdk-lib/aws-lambda';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { acknowledgeEveryResource } from '../build/acknowledge.ts';
import { bundleOf } from '../build/step-bundles.ts';

/**
 * A policy takes 6,144 characters (10,240 inside a role), and a role ten policies: what is allowed on many secrets must not be
 * said once for each of them.
 *
 * Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
 */
const RESOURCES_PER_STATEMENT = 20;

const CERTIFICATE_AUTHORITY = 'certificate-authority.pem';

/** Where the functions run. */
export interface FunctionNetwork {
  readonly vpc: IVpc;
  /** @default - the VPC's private subnets with egress */
  readonly vpcSubnets?: SubnetSelection | undefined;
  readonly securityGroups: ISecurityGroup[];
}

/** What all functions of a rotation have in common. */
export interface StepFunctionDefaults {
  /** @default - outside any VPC, from where no DocumentDB cluster can be reached */
  readonly network?: FunctionNetwork | undefined;
  /** @default RetentionDays.THREE_MONTHS */
  readonly logRetention?: RetentionDays | undefined;
  /**
   * Encrypts the log and the environment.
   *
   * @default - keys of AWS
   */
  readonly encryptionKey?: IKey | undefined;
  /** @default - the certificate authorities of Amazon DocumentDB */
  readonly certificateAuthorityFile?: string | undefined;
}

export interface StepFunctionProps extends StepFunctionDefaults {
  /** The function's folder under `functions/`. */
  readonly name: string;
  /** What the function does, for people who find it in the console. */
  readonly description: string;
  /** Whether it logs in to the database. */
  readonly usesDatabase: boolean;
  /** @default Duration.seconds(60) */
  readonly timeout?: Duration;
  /** @default - only what every function has */
  readonly environment?: Record<string, string>;
}

/** One small Lambda with a role that may do nothing but log, trace and join the network, until it is granted more. */
export class StepFunction extends Construct {
  readonly function: LambdaFunction;
  readonly role: Role;
  /** The statement of each kind that still has room. */
  private readonly statements = new Map<string, PolicyStatement>();

  constructor(scope: Construct, id: string, props: StepFunctionProps) {
    super(scope, id);
    const logGroup = new LogGroup(this, 'Logs', {
      retention: props.logRetention ?? RetentionDays.THREE_MONTHS,
      ...(props.encryptionKey ? { encryptionKey: props.encryptionKey } : {}),
    });
    this.role = new Role(this, 'Role', {
      assumedBy: new ServicePrincipal('lambda.amazonaws.com'),
      description: `Role of the function ${props.name} of ${Aws.STACK_NAME}`,
    });
    acknowledgeEveryResource(
      this.role,
      'sending traces, making a random password, joining the network of a VPC',
    );
    logGroup.grantWrite(this.role);
    if (props.network) this.allowJoiningNetwork();
    if (props.encryptionKey) this.allowReadingEnvironment(props.encryptionKey);

    const ownAuthority = props.usesDatabase ? props.certificateAuthorityFile : undefined;
    this.function = new LambdaFunction(this, 'Resource', {
      description: props.description,
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      handler: 'index.handler',
      code: codeOf(props.name, ownAuthority),
      role: this.role,
      timeout: props.timeout ?? Duration.seconds(60),
      // Memory buys processor time: TLS and SCRAM are what a step that logs in spends its time on. And a hostile server
      // can make the driver hold messages of 48 MB in pieces and joined: 575 MB at the most were seen.
      memorySize: props.usesDatabase ? 1024 : 256,
      tracing: Tracing.ACTIVE,
      logGroup,
      loggingFormat: LoggingFormat.JSON,
      ...(props.encryptionKey ? { environmentEncryption: props.encryptionKey } : {}),
      environment: {
        ...props.environment,
        ...(ownAuthority ? { CERTIFICATE_AUTHORITY_FILE: CERTIFICATE_AUTHORITY } : {}),
      },
      ...(props.network
        ? {
            vpc: props.network.vpc,
            securityGroups: props.network.securityGroups,
            ...(props.network.vpcSubnets ? { vpcSubnets: props.network.vpcSubnets } : {}),
          }
        : {}),
    });
  }

  /** Lets the function do exactly these actions on exactly these resources. */
  allow(actions: string[], resources: string[], conditions: Record<string, unknown> = {}): void {
    const kind = JSON.stringify([actions, conditions]);
    const known = this.statements.get(kind);
    if (known && known.resources.length + resources.length <= RESOURCES_PER_STATEMENT) {
      known.addResources(...resources);
      return;
    }
    const statement = new PolicyStatement({ actions, resources, conditions });
    this.statements.set(kind, statement);
    this.role.addToPrincipalPolicy(statement);
  }

  /**
   * Lambda decrypts the environment as the function's role. Where who deploys may not make grants for the key, or the role was made anew after the
   * grant, the role's own policy decides: https://github.com/cattle-ops/terraform-aws-gitlab-runner/pull/1253
   *
   * Sources: KMSAccessDeniedException in https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html#API_Invoke_Errors;
   * the encryption context in https://github.com/aws/serverless-application-model/issues/1989
   */
  private allowReadingEnvironment(key: IKey): void {
    // The function waits for this policy, so that its own ARN can't be in it.
    const functions = Stack.of(this).formatArn({
      service: 'lambda',
      resource: 'function:*',
    });
    this.allow(['kms:Decrypt'], [key.keyArn], {
      ArnLike: { 'kms:EncryptionContext:aws:lambda:FunctionArn': functions },
    });
  }

  /** Lambda makes the network interfaces with the function's role. None of these actions can be limited to one function's interfaces. */
  private allowJoiningNetwork(): void {
    const actions = [
      'ec2:AssignPrivateIpAddresses',
      'ec2:CreateNetworkInterface',
      'ec2:DeleteNetworkInterface',
      'ec2:DescribeNetworkInterfaces',
      'ec2:DescribeSubnets',
      'ec2:UnassignPrivateIpAddresses',
    ];
    this.allow(actions, ['*']);
    // Only the Lambda service needs them: the function's own code must not move network interfaces about.
    this.role.addToPrincipalPolicy(
      new PolicyStatement({
        effect: Effect.DENY,
        actions,
        resources: ['*'],
        conditions: {
          ArnLike: {
            'lambda:SourceFunctionArn': [
              Stack.of(this).formatArn({ service: 'lambda', resource: 'function:*' }),
            ],
          },
        },
      }),
    );
  }
}

const codeOf = (name: string, certificateAuthorityFile: string | undefined): Code => {
  const bundle = bundleOf(name);
  if (!certificateAuthorityFile) return Code.fromAsset(bundle);
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
