import { join } from 'node:path';
import { ACCOUNT_ID } from '../ministack/ministack.ts';
import type { DemoSet } from './demo-secrets.ts';
import { deploy } from './deploy.ts';
import type { LocalStackOptions } from './options.ts';
import { runFunctionsLocally } from './run-locally.ts';
import { CLUSTER, type StandIns } from './stand-ins.ts';
import { synthesize } from './synthesize.ts';
import { withoutDeclared } from './without-declared.ts';
import { withoutTypes } from './without-types.ts';

const STACK_NAME = 'docdb-rotation';

/** CloudFormation types that ministack does not know, though the app may use them. */
const UNKNOWN_TO_MINISTACK = ['AWS::SecretsManager::RotationSchedule', 'AWS::EC2::SecurityGroupIngress'];

export interface DeploymentPlace {
  readonly region: string;
  readonly directory: string;
  /** Ends the synthesis early. */
  readonly signal: AbortSignal;
}

/** What people look up in the stack's outputs. */
export interface Deployed {
  readonly stateMachineArn: string;
  readonly recoveryStateMachineArn: string;
  readonly retirementStateMachineArn: string;
  readonly triggerFunctionArn: string;
  readonly triggerFunctionName: string;
  readonly operatorsTopicArn: string;
}

/** Deploys the project's own CDK app, with the demo secrets managed by it, or what the options say. */
export const deployRotation = async (
  options: LocalStackOptions,
  standIns: StandIns,
  demo: DemoSet,
  { region, directory, signal }: DeploymentPlace,
): Promise<Deployed> => {
  const assembly = await (options.synthesize ?? synthesize)({
    stackName: STACK_NAME,
    account: ACCOUNT_ID,
    region,
    directory: join(directory, 'cdk.out'),
    signal,
    config: {
      leaveOut: UNKNOWN_TO_MINISTACK,
      certificateAuthorityFile: standIns.documentDb.caFile,
      propagationTimeoutSeconds: options.propagationTimeoutSeconds ?? 15,
      drainSeconds: options.drainSeconds ?? 5,
      secrets: [
        ...[demo.appSecret, ...demo.extraSecrets].map(({ arn, username }) => ({
          arn,
          adminSecretArn: demo.adminSecret.arn,
          resetThroughAdmin: username,
        })),
        {
          arn: demo.adminSecret.arn,
          strategy: 'admin-clone',
          ...(options.breakGlass ? { resetThroughCluster: CLUSTER } : {}),
        },
      ],
    },
  });
  // Other apps than the project's own can't be told to leave something out.
  const known = withoutTypes(assembly.template, UNKNOWN_TO_MINISTACK);
  const template = options.declared ? known : withoutDeclared(known);
  const outputs = await deploy({ ...assembly, template }, STACK_NAME, standIns.aws);
  await runFunctionsLocally(standIns.lambda, {
    ...options.functionEnvironment,
    AWS_ENDPOINT_URL_SECRETS_MANAGER: standIns.secretsManager.url,
    AWS_ENDPOINT_URL_DOCDB: standIns.documentDbApi.url,
    FUNCTION_LOG_FILE: join(directory, 'functions.log'),
  });
  const output = (name: string): string => {
    const value = outputs[name];
    if (!value) throw new Error(`the stack has no output ${name}`);
    return value;
  };
  return {
    stateMachineArn: output('StateMachineArn'),
    recoveryStateMachineArn: output('RecoveryStateMachineArn'),
    retirementStateMachineArn: output('RetirementStateMachineArn'),
    triggerFunctionArn: output('TriggerFunctionArn'),
    triggerFunctionName: output('TriggerFunctionName'),
    operatorsTopicArn: output('OperatorsTopicArn'),
  };
};
