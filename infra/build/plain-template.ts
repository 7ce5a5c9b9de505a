import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  App,
  ArnFormat,
  CfnCondition,
  type CfnParameter,
  Duration,
  Fn,
  type IStackSynthesizer,
  Stack,
  Validations,
} from 'aws-cdk-lib';
import { type IVpc, Port, SecurityGroup, Vpc } from 'aws-cdk-lib/aws-ec2';
import { Schedule } from 'aws-cdk-lib/aws-events';
import { Key } from 'aws-cdk-lib/aws-kms';
import { CfnFunction } from 'aws-cdk-lib/aws-lambda';
import { type ISecret, Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { CfnSubscription } from 'aws-cdk-lib/aws-sns';
import type { CfnStateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import type { Construct } from 'constructs';
import { DocDbRotation } from '../docdb-rotation.ts';
import { literal } from '../options/declared-settings.ts';
import { Strategy } from '../options/strategy.ts';
import { nameOutputs } from '../rotation-outputs.ts';
import { type ParameterAsset, ParameterAssets } from './parameter-assets.ts';
import { addParameters, type TemplateParameters } from './template-parameters.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const STACK_NAME = 'docdb-rotation';

const DESCRIPTION =
  'Rotates the credential of an Amazon DocumentDB user that is kept in AWS Secrets Manager, and rolls back what ' +
  'fails. CloudFormation cannot tag a secret that it did not make: give it the tag docdb-rotation:strategy, with the ' +
  'value of the parameter Strategy. Where the two disagree, a rotation is refused.';

/** A template for people without CDK, and what they upload beside it. */
export interface PlainTemplate {
  readonly template: Readonly<Record<string, unknown>>;
  readonly assets: readonly ParameterAsset[];
}

/**
 * Makes the template from the same construct as everything else; only what it is given are parameters.
 *
 * @param outdir a folder that has to stay until the assets are packed
 */
export const makePlainTemplate = (outdir: string, certificateAuthorityFile?: string): PlainTemplate => {
  const { context } = JSON.parse(readFileSync(join(ROOT, 'cdk.json'), 'utf8'));
  const app = new App({
    outdir,
    // Assets are packed from where they are.
    context: { ...context, 'aws:cdk:disable-asset-staging': true },
    analyticsReporting: false,
  });
  const synthesizer = new ParameterAssets({ bucket: 'AssetsBucket', prefix: 'AssetsPrefix' });
  new PlainTemplateStack(app, synthesizer, certificateAuthorityFile);
  return { template: app.synth().getStackByName(STACK_NAME).template, assets: synthesizer.assets };
};

class PlainTemplateStack extends Stack {
  private readonly parameters: TemplateParameters;

  constructor(scope: Construct, synthesizer: ParameterAssets, certificateAuthorityFile?: string) {
    // CDK's classes do not fit CDK's interfaces under exactOptionalPropertyTypes.
    super(scope, STACK_NAME, { description: DESCRIPTION, synthesizer: synthesizer as IStackSynthesizer });
    Validations.of(this).acknowledge({
      id: 'CloudFormation-Validate::W2509',
      reason: 'An ARN is no password.',
    });
    this.parameters = addParameters(this);
    const { parameters } = this;
    const rotation = new DocDbRotation(this, 'Rotation', {
      vpc: this.importVpc(),
      propagationTimeout: Duration.seconds(parameters.PropagationTimeoutSeconds.valueAsNumber),
      runbookUrl: parameters.RunbookUrl.valueAsString,
      ...(certificateAuthorityFile === undefined ? {} : { certificateAuthorityFile }),
    });
    this.useSubnets();
    rotation.connections.allowTo(
      SecurityGroup.fromSecurityGroupId(this, 'Cluster', parameters.ClusterSecurityGroupId.valueAsString),
      Port.tcp(parameters.ClusterPort.valueAsNumber),
      'Rotation of credentials',
    );
    this.manage(rotation);
    this.subscribeOperators(rotation);
    nameOutputs(rotation);
  }

  /** A construct wants to know how many subnets there are. What it makes of this one is replaced below. */
  private importVpc(): IVpc {
    return Vpc.fromVpcAttributes(this, 'Vpc', {
      vpcId: this.parameters.VpcId.valueAsString,
      availabilityZones: ['any'],
      privateSubnetIds: ['any'],
    });
  }

  private useSubnets(): void {
    const { logicalId: Ref } = this.parameters.SubnetIds;
    for (const construct of this.node.findAll()) {
      if (construct instanceof CfnFunction && construct.vpcConfig) {
        construct.addPropertyOverride('VpcConfig.SubnetIds', { Ref });
      }
    }
  }

  private manage(rotation: DocDbRotation): void {
    const { SecretArn, AdminSecretArn, ScheduleExpression } = this.parameters;
    const encryptionKey = this.secretsKey();
    const importSecret = (id: string, secretCompleteArn: string): ISecret =>
      Secret.fromSecretAttributes(this, id, { secretCompleteArn, encryptionKey });
    // Who has no admin secret permits once more what the secret itself needs.
    const adminArn = this.given(AdminSecretArn, SecretArn.valueAsString);
    rotation.manage(importSecret('Secret', SecretArn.valueAsString), {
      // Which one it is, a parameter says, below. Here it only matters whose secret may be read.
      strategy: Strategy.singleUser({ adminSecret: importSecret('AdminSecret', adminArn) }),
      schedule: Schedule.expression(ScheduleExpression.valueAsString),
    });
    this.declareStrategy(rotation);
  }

  /** In place of what the construct makes of the strategy above. */
  private declareStrategy({ stateMachine }: DocDbRotation): void {
    const { SecretArn, Strategy } = this.parameters;
    const declared = literal({
      secret: `'${SecretArn.valueAsString}'`,
      strategy: `'${Strategy.valueAsString}'`,
    });
    const machine = stateMachine.node.defaultChild as CfnStateMachine;
    machine.addPropertyOverride('DefinitionSubstitutions.Declared', `[${declared}]`);
  }

  /** Keys of AWS need no permission. A statement must have a resource; this one is no key's. */
  private secretsKey() {
    const none = this.formatArn({
      service: 'kms',
      resource: 'key',
      resourceName: 'none',
      arnFormat: ArnFormat.SLASH_RESOURCE_NAME,
    });
    return Key.fromKeyArn(this, 'SecretsKey', this.given(this.parameters.SecretsKeyArn, none));
  }

  private subscribeOperators(rotation: DocDbRotation): void {
    const { OperatorsEmail } = this.parameters;
    new CfnSubscription(this, 'OperatorsSubscription', {
      topicArn: rotation.operatorsTopic.topicArn,
      protocol: 'email',
      endpoint: OperatorsEmail.valueAsString,
    }).cfnOptions.condition = this.isGiven(OperatorsEmail);
  }

  private given(parameter: CfnParameter, otherwise: string): string {
    const condition = this.isGiven(parameter).logicalId;
    return Fn.conditionIf(condition, parameter.valueAsString, otherwise).toString();
  }

  private isGiven(parameter: CfnParameter): CfnCondition {
    return new CfnCondition(this, `${parameter.node.id}IsGiven`, {
      expression: Fn.conditionNot(Fn.conditionEquals(parameter.valueAsString, '')),
    });
  }
}
